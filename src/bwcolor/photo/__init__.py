# SPDX-License-Identifier: Apache-2.0
"""File bytes to values and back."""
