# SPDX-License-Identifier: Apache-2.0
"""An exported network computes what the network computes, at any size, for any number of photos."""

import sys
import warnings
from dataclasses import replace

import pytest
import torch

from bwcolor.errors import BwcolorError, MissingExtraError, OutputError, UsageError, WeightsError
from bwcolor.models import export
from bwcolor.models.network import Classifier, build
from bwcolor.models.onnx_network import read_onnx
from bwcolor.models.table import MODELS

# one network of each kind; the others take their time
QUICK = ["gan", "classify", "ddcolor-tiny", "deoldify-artistic", "vgg-classification", "cnn", "yuv-bins"]
OTHERS = [name for name in MODELS if name not in (*QUICK, "null", "ddcolor-artistic")]
TOLERANCE = 1e-3  # of the range


def made(name, options=None):
    """Return a network whose output varies, although nothing taught it."""
    torch.manual_seed(0)
    network = build(MODELS[name], options).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.uniform_(0.5, 1.5)
            module.running_mean.uniform_(-0.1, 0.1)
    for parameter in network.parameters():
        if parameter.ndim == 1 and not parameter.any():
            torch.nn.init.uniform_(parameter, -0.1, 0.1)
    return network


def same(ours, theirs):
    assert ours.shape == theirs.shape
    assert (ours - theirs).abs().max() <= TOLERANCE * (ours.max() - ours.min())


def check(name, path, options=None):
    row = MODELS[name]
    network = made(name, options)
    export.export_onnx(network, row, path, {"options": options or {}})
    exported, about = read_onnx(path)
    assert about["model"] == name
    for shape in ((1, 1, 64, 64), (3, 1, 32 * 3, 32 * 5)):
        lightness = torch.rand(shape, generator=torch.Generator().manual_seed(2)) * 100
        with torch.no_grad():
            if row.temperature is None:
                same(network(lightness), exported(lightness))
                continue
            assert isinstance(exported, Classifier)
            torch.testing.assert_close(exported.centers, network.centers)
            for temperature in (1.0, 0.3):
                for ours, theirs in zip(
                    network.colors(lightness, None, temperature),
                    exported.colors(lightness, None, temperature),
                    strict=True,
                ):
                    same(ours, theirs)


@pytest.mark.parametrize("name", QUICK)
def test_outputs_are_equal(name, tmp_path):
    check(name, tmp_path / "x.onnx")


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_outputs_of_the_others_are_equal(name, tmp_path):
    check(name, tmp_path / "x.onnx")


def test_hints_go_in_where_they_are_asked_for(tmp_path):
    network = made("gan")
    row = replace(
        MODELS["gan"], takes_hints=True
    )  # the network can, whether its shipped weights have learned it or not
    path = export.export_onnx(network, row, tmp_path / "x.onnx", {}, hints=True)
    exported, _ = read_onnx(path)
    lightness, hints = torch.rand(1, 1, 64, 96) * 100, torch.zeros(1, 3, 64, 96)
    hints[:, 0, 20:40, 20:40], hints[:, 2, 20:40, 20:40] = 60.0, 1.0
    with torch.no_grad():
        same(network(lightness, hints), exported(lightness, hints))
        same(network(lightness, torch.zeros_like(hints)), exported(lightness))


def test_a_file_without_hints_says_so(tmp_path):
    path = export.export_onnx(made("gan"), MODELS["gan"], tmp_path / "x.onnx", {})
    exported, _ = read_onnx(path)
    with pytest.raises(WeightsError, match="takes no color hints"):
        exported(torch.zeros(1, 1, 32, 32), torch.zeros(1, 3, 32, 32))
    with pytest.raises(UsageError, match="cnn takes no color hints"):
        export.export_onnx(made("cnn"), MODELS["cnn"], tmp_path / "y.onnx", {}, hints=True)


class Fickle(torch.nn.Module):
    """Computes something else each time, as a trace that lost its way would."""

    def forward(self, lightness, hints=None):
        if not torch.jit.is_tracing():
            lightness = lightness + 1
        return lightness.expand(-1, 2, -1, -1)


def test_a_file_that_computes_something_else_is_not_written(tmp_path):
    with pytest.raises(BwcolorError, match="gives another ab"):
        export.export_onnx(Fickle(), MODELS["cnn"], tmp_path / "x.onnx", {})
    assert not list(tmp_path.iterdir())


def test_the_same_network_gives_the_same_bytes(tmp_path):
    for name in "ab":
        export.export_onnx(made("cnn"), MODELS["cnn"], tmp_path / f"{name}.onnx", {"version": "1"})
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_wrong_names_and_folders_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"Name it cnn\.onnx"):
        export.export_onnx(made("cnn"), MODELS["cnn"], tmp_path / "x.safetensors", {})
    with pytest.raises(OutputError, match="cannot be written"):
        export.export_onnx(made("cnn"), MODELS["cnn"], tmp_path / "none" / "x.onnx", {})


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>"])
def test_a_damaged_file_is_refused(content, tmp_path):
    path = tmp_path / "x.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="no whole ONNX file"):
        read_onnx(path)
    with pytest.raises(WeightsError, match="does not exist"):
        read_onnx(tmp_path / "none.onnx")


def test_a_file_of_others_is_refused(tmp_path):
    path = tmp_path / "x.onnx"
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(torch.nn.Identity(), (torch.zeros(1),), path, dynamo=False)
    with pytest.raises(WeightsError, match="not exported by bwcolor"):
        read_onnx(path)


def test_missing_packages_are_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    path = tmp_path / "x.onnx"
    path.write_bytes(b"x")
    with pytest.raises(MissingExtraError, match=r"bwcolor\[onnx\]"):
        read_onnx(path)
