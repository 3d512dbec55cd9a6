# SPDX-License-Identifier: Apache-2.0
"""The real-or-fake study: can people tell a colorized photograph from the real one?"""
