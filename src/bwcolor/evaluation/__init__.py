# SPDX-License-Identifier: Apache-2.0
"""Comparing models and folders."""
