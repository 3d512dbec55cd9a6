# SPDX-License-Identifier: Apache-2.0
"""Transactions of SQLite databases that several threads write to."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bwcolor.errors import BwcolorError


@contextmanager
def transaction(
    base: sqlite3.Connection, mutex: threading.Lock, trouble: Callable[[sqlite3.Error], BwcolorError]
) -> Iterator[None]:
    """Run a block as one transaction: all of what it writes stays, or nothing where anything is raised.

    Args:
        base: An open connection whose transactions are begun by hand (``isolation_level=None``).
        mutex: Held while the block runs.
        trouble: Tells SQLite's error in words.

    Raises:
        BwcolorError: What ``trouble`` makes of an error of SQLite's.
    """
    with mutex:
        try:
            base.execute("BEGIN IMMEDIATE")
            yield
            base.execute("COMMIT")
        except BaseException as error:
            if base.in_transaction:
                base.rollback()
            if isinstance(error, sqlite3.Error):
                raise trouble(error) from error
            raise
