# SPDX-License-Identifier: Apache-2.0
"""Colorizing whole archives: what to do, what was done, doing it, telling it."""
