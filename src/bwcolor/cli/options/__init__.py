# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share, or that would make one too long; a module for each panel of the help."""
