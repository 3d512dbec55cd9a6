# SPDX-License-Identifier: Apache-2.0
"""Static HTML that needs nothing beside itself: the parts that reports share."""
