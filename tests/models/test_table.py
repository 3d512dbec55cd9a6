# SPDX-License-Identifier: Apache-2.0
"""The MODELS table is plain and complete."""

import subprocess
import sys

import pytest

from bwcolor.errors import UsageError
from bwcolor.models.table import DEFAULT_MODEL, MODELS, find_model


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match=r"no model 'clasify'.*Did you mean classify"):
        find_model("clasify")


def test_the_table_needs_no_torch():
    code = "import sys; import bwcolor.models.table; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rows_are_named_as_their_keys():
    assert DEFAULT_MODEL in MODELS
    for name, row in MODELS.items():
        assert row.name == name
        assert row.summary
        assert bool(row.weights) == bool(row.sha256)
