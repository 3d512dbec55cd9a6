# SPDX-License-Identifier: Apache-2.0
"""Numbers: one file per family of metrics, and the METRICS table that names them all."""
