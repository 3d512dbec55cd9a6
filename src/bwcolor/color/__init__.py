# SPDX-License-Identifier: Apache-2.0
"""The mathematics of color: no file, no network."""
