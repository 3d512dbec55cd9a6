# SPDX-License-Identifier: Apache-2.0
"""Settings: what stands in the file, what is refused, and who goes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from bwcolor.config import defaults_by_command, read_settings
from bwcolor.errors import UsageError

OPTIONS = {"colorize": ["device", "working_size", "exclude"], "train": ["device", "data"], "eval": ["data"]}


def test_top_level_goes_to_every_command_that_knows_it_and_a_table_goes_first() -> None:
    settings = {"device": "cpu", "data": "photos", "colorize": {"working-size": 256}, "train": {"device": "cuda"}}
    assert defaults_by_command(settings, OPTIONS) == {
        "colorize": {"device": "cpu", "working_size": 256},
        "train": {"device": "cuda", "data": "photos"},
        "eval": {"data": "photos"},
    }


@pytest.mark.parametrize(
    ("settings", "message", "meant"),
    [
        ({"devise": 1}, "devise is no setting", "device"),
        ({"colorise": {}}, "colorise. is no setting", "colorize"),
        ({"colorize": {"workingsize": 1}}, r"workingsize of \[colorize\]", "working-size"),
        ({"train": {"working-size": 1}}, r"working-size of \[train\]", ""),
    ],
)
def test_unknown_keys_are_errors_that_name_the_nearest(settings: dict, message: str, meant: str) -> None:
    with pytest.raises(UsageError, match=message) as refusal:
        defaults_by_command(settings, OPTIONS, "x.toml")
    assert refusal.value.message.startswith("x.toml: ")
    assert meant in refusal.value.hint


def test_a_file_that_is_no_toml_or_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "bwcolor.toml"
    path.write_text("device = ")
    with pytest.raises(UsageError, match="no valid TOML"):
        read_settings(path)
    path.write_bytes(b"a = '\xff'")
    with pytest.raises(UsageError, match="no valid TOML"):
        read_settings(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_settings(tmp_path / "gone.toml")
