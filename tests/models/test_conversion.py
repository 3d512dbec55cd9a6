# SPDX-License-Identifier: Apache-2.0
"""Published PyTorch files are read without running them, and converted to the last bit."""

import pytest
import torch

from bwcolor.errors import WeightsError
from bwcolor.models import conversion, weights


class Evil:
    """What a malicious checkpoint holds."""

    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return (open, (self.marker, "w"))


@pytest.mark.parametrize("legacy", [False, True])
def test_a_malicious_pickle_is_refused_and_not_run(tmp_path, legacy):
    path, marker = tmp_path / "net.pth", tmp_path / "ran"
    torch.save({"w": torch.zeros(2), "extra": Evil(marker)}, path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(WeightsError, match="holds more than weights"):
        conversion.read_pickle(path)
    assert not marker.exists()


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_pickle_is_refused(tmp_path, legacy, share):
    path = tmp_path / "net.pth"
    torch.save({"w": torch.arange(1000.0)}, path, _use_new_zipfile_serialization=not legacy)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(WeightsError, match=r"net\.pth"):
        conversion.read_pickle(path)


def test_a_page_saved_as_weights_is_refused(tmp_path):
    path = tmp_path / "net.pth"
    path.write_bytes(b"<!doctype html><title>Sign in</title>")
    with pytest.raises(WeightsError, match=r"net\.pth"):
        conversion.read_pickle(path)


@pytest.mark.parametrize("content", [[torch.zeros(1)], {"w": 3}, {1: torch.zeros(1)}])
def test_what_is_no_table_of_weights_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(WeightsError, match="no table of weights"):
        conversion.read_pickle(tmp_path / "net.pth")


def test_converted_weights_keep_every_bit(tmp_path):
    state = {"w": torch.randn(3, 5), "n": torch.tensor(7)}
    torch.save(state, tmp_path / "net.pth")
    conversion.convert(tmp_path / "net.pth", tmp_path / "net.safetensors", state, "x")
    read, about = weights.read_state(tmp_path / "net.safetensors")
    assert all(torch.equal(read[name], value) for name, value in state.items())
    assert about["model"] == "x"
    assert len(about["source_sha256"]) == 64
