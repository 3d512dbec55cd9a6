# SPDX-License-Identifier: Apache-2.0
"""Words in, one call, a table or JSON out, an exit code."""
