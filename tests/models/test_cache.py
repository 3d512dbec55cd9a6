# SPDX-License-Identifier: Apache-2.0
"""What lies in the folder of everything fetched is known by its hash, read once."""

import hashlib

import pytest

from bwcolor.models import cache


def test_a_hash_is_remembered_until_the_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "w"
    path.write_bytes(b"as it came")
    assert cache.checked_sha256(path) == hashlib.sha256(b"as it came").hexdigest()
    monkeypatch.setattr(cache.hashlib, "file_digest", lambda *_: pytest.fail("read again"))
    assert cache.checked_sha256(path) == hashlib.sha256(b"as it came").hexdigest()
    monkeypatch.undo()
    path.write_bytes(b"changed")
    assert cache.checked_sha256(path) == hashlib.sha256(b"changed").hexdigest()
