# SPDX-License-Identifier: Apache-2.0
"""One thread, and the recorded outputs of the original implementations."""

import numpy as np
import pytest
import torch
from seeded import Recording, conformance_folder


@pytest.fixture(scope="session")
def recording():
    """Return a reader of recordings; where they are absent its tests skip, and test_goldens.py takes over."""
    folder = conformance_folder()
    if folder is None:
        pytest.skip("no recordings of the originals here; test_goldens.py holds the networks to their own")

    def read(name: str) -> Recording:
        lines = (folder / name / "state.tsv").read_text(encoding="utf-8").splitlines()
        rows = [line.split("\t") for line in lines[2:]]
        with np.load(folder / name / "golden.npz") as opened:
            arrays = dict(opened)
        return Recording(float(lines[0].split()[2]), [(row[0], row[1], row[2]) for row in rows], arrays)

    return read


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)
