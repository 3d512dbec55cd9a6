# SPDX-License-Identifier: Apache-2.0
import sqlite3
import threading

import pytest

from bwcolor.database import transaction
from bwcolor.errors import OutputError


@pytest.fixture
def base():
    base = sqlite3.connect(":memory:", isolation_level=None)
    base.execute("CREATE TABLE photos (name TEXT PRIMARY KEY)")
    return base


def names(base):
    return [name for (name,) in base.execute("SELECT name FROM photos ORDER BY name")]


def write(base, mutex, *names, error=None):
    """Write some names in one transaction, then raise an error."""
    with transaction(base, mutex, lambda trouble: OutputError(str(trouble))):
        for name in names:
            base.execute("INSERT INTO photos VALUES (?)", [name])
        if error is not None:
            raise error


def test_all_stays_or_nothing(base):
    mutex = threading.Lock()
    write(base, mutex, "a")
    with pytest.raises(OutputError, match="UNIQUE"):
        write(base, mutex, "b", "a")
    assert names(base) == ["a"]


def test_an_error_of_another_kind_leaves_no_transaction_open(base):
    mutex = threading.Lock()
    with pytest.raises(KeyboardInterrupt):
        write(base, mutex, "b", error=KeyboardInterrupt())
    assert not base.in_transaction
    assert not mutex.locked()
    write(base, mutex, "c")
    assert names(base) == ["c"]
