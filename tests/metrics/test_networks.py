# SPDX-License-Identifier: Apache-2.0
"""FID's Inception and LPIPS reproduce what the original implementations compute with seeded weights."""

import importlib.util

import numpy as np
import pytest
import torch

from bwcolor.errors import WeightsError
from bwcolor.metrics import inception, lpips
from bwcolor.metrics.metric import ratio
from bwcolor.metrics.pair import Pair


def seeded(folder, name):
    """Return the seeded state dict and the golden arrays of a network."""
    spec = importlib.util.spec_from_file_location("seeded_state", folder / "seeded_state.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    state = {key: torch.from_numpy(np.asarray(value)) for key, value in module.load(folder / name).items()}
    return state, np.load(folder / name / "golden.npz")


def agrees(golden, case, name, found):
    step = tuple(slice(None, None, int(each)) for each in golden[f"c{case}.step.{name}"])
    assert tuple(found.shape) == tuple(golden[f"c{case}.shape.{name}"])
    off = np.abs(found.numpy()[step] - golden[f"c{case}.out.{name}"]).max()
    assert off <= golden[f"c{case}.tol.{name}"]


def test_inception(conformance):
    state, golden = seeded(conformance, "fid_inception")
    network = inception.load(state)
    assert set(network.state_dict()) == {name for name in state if not name.startswith("fc.")}
    for case in (0, 1):
        with torch.inference_mode():
            stages = network.stages(torch.from_numpy(golden[f"c{case}.in.x"]))
        for name, found in zip(("block0", "block1", "block2", "pool"), stages, strict=True):
            agrees(golden, case, name, found)


@pytest.mark.parametrize("trunk", ["alex", "squeeze", "vgg"])
def test_lpips(conformance, trunk):
    state, golden = seeded(conformance, f"lpips_{trunk}")
    torchvision = {f"features.{name.split('.', 2)[2]}": v for name, v in state.items() if name.startswith("net.")}
    network = lpips.load(trunk, {**torchvision, "classifier.1.weight": torch.zeros(1)})
    torch.testing.assert_close(network.shift, state["scaling_layer.shift"])
    torch.testing.assert_close(network.scale, state["scaling_layer.scale"])
    for index, head in enumerate(lpips.published_heads(trunk)):
        assert torch.equal(head, state[f"lins.{index}.model.1.weight"])
    for case in (0, 1):
        pictures = [torch.from_numpy(golden[f"c{case}.in.in{index}"]) for index in (0, 1)]
        with torch.inference_mode():
            maps = network.maps(*pictures)
            agrees(golden, case, "distance", network(*pictures)[:, None, None, None])
        for index, each in enumerate(maps):
            agrees(golden, case, f"layer{index}", each.mean(dim=(2, 3), keepdim=True))


def test_wrong_weights_are_refused():
    with pytest.raises(WeightsError, match="FID's Inception"):
        inception.load({"conv.weight": torch.zeros(1)})
    with pytest.raises(WeightsError, match="weights of squeeze"):
        lpips.load("squeeze", {"features.0.weight": torch.zeros(1)})


def test_measures_run_from_the_published_file_formats(tmp_path, monkeypatch, real):
    """Files with random weights, laid out as the published ones, go through download, loading and measuring."""
    monkeypatch.setattr(inception, "fetch", lambda file: tmp_path / file.name)
    monkeypatch.setattr(lpips, "fetch", lambda file: tmp_path / file.name)
    state = inception.Inception().state_dict() | {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    torch.save(state, tmp_path / inception.WEIGHTS.name)
    trunk = lpips.SqueezeNet().state_dict() | {"classifier.1.bias": torch.zeros(1000)}
    torch.save(trunk, tmp_path / lpips.TRUNKS["squeeze"].weights.name)
    inception.feature_measure.cache_clear()
    lpips._measure.cache_clear()
    other = np.ascontiguousarray(real[::-1])
    features = inception.feature_measure()
    first, second = np.split(features(Pair.of(other, real)), 2)
    assert first.shape == (2048,)
    np.testing.assert_array_equal(np.split(features(Pair.of(real, other)), 2), [second, first])
    measure = lpips.squeeze_measure()
    assert ratio(measure(Pair.of(real, real))) == 0
    assert ratio(measure(Pair.of(other, real))) > 0
    assert measure(Pair.of(real[:20], real[:20])).tolist() == [0, 0], "too small to be looked at"
    inception.feature_measure.cache_clear()
    lpips._measure.cache_clear()
