# SPDX-License-Identifier: Apache-2.0
"""bwcolor models and what stands below it."""

from __future__ import annotations

import hashlib
import json
import pickle
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import typer

from bwcolor import load
from bwcolor.cli import app as cli
from bwcolor.errors import UsageError, WeightsError
from bwcolor.models import cache, download, keeping, timing, weights
from bwcolor.models.network import build
from bwcolor.models.table import MODELS


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(cache.HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """Return weights of a small form of the plain network, as a training would leave them."""
    torch.manual_seed(0)
    path = tmp_path / "trained.safetensors"
    options = {"form": "small"}
    network = build(MODELS["cnn"], options)
    weights.write_state(network.state_dict(), path, {"model": "cnn", "options": options})
    return path


def test_the_list_names_every_network_with_its_cost_and_terms(bwcolor: Callable) -> None:
    done = bwcolor("models")
    assert done.code == 0
    for row in MODELS.values():
        (line,) = [line for line in done.out.splitlines() if line.split()[:1] == [row.name]]
        assert row.code_license in line
    assert "32.24 M" in done.out
    assert "150.4" in done.out


def test_the_list_as_json(bwcolor: Callable) -> None:
    listed = json.loads(bwcolor("models", "--json").out)
    assert [one["name"] for one in listed] == list(MODELS)
    assert all(one["weights"]["state"] for one in listed)


def test_seconds_are_measured_where_they_are_asked_for(bwcolor: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "seconds_per_photo", lambda row: 1.23456)
    assert "seconds" not in bwcolor("models").out
    table = bwcolor("models", "--measure").out
    assert table.count("1.235") == len(MODELS)
    listed = json.loads(bwcolor("models", "--measure", "--json").out)
    assert all(one["seconds_per_photo"] == 1.2346 for one in listed)
    assert "1.235 here, now" in bwcolor("models", "info", "gan+cnn", "--measure").out


def test_each_figure_names_its_photographs(bwcolor: Callable) -> None:
    out = bwcolor("models", "info", "siggraph17").out
    assert "PSNR 24.43 dB (ImageNet, 1,000, as published: Zhang et al. 2017, no hints)" in out
    assert "no figure is known" in bwcolor("models", "info", "yuv-bins").out
    assert "(200 photographs, docs/quality.md)" in bwcolor("models").out


def test_lists_start_without_torch() -> None:
    program = "import sys; from bwcolor.cli import wall; wall.run(sys.argv[1:]); sys.exit('torch' in sys.modules)"
    for words in (["models"], ["models", "info", "eccv16"], ["models", "path", "cnn"]):
        assert subprocess.run([sys.executable, "-c", program, *words], capture_output=True, check=False).returncode == 0


def test_info_of_a_network_and_of_a_mixture(bwcolor: Callable) -> None:
    out = bwcolor("models", "info", "eccv16").out
    assert "32,236,011" in out
    assert MODELS["eccv16"].origin.address in out
    assert MODELS["eccv16"].origin.sha256 in out
    assert json.loads(bwcolor("models", "info", "gan+eccv16", "--json").out)["parts"] == ["gan", "eccv16"]
    assert bwcolor("models", "info", "nosuch").code == 2


def test_imported_weights_are_kept_proven_and_found(bwcolor: Callable, trained: Path) -> None:
    assert bwcolor("models", "path", "cnn").code == 4
    done = bwcolor("models", "import", trained)
    kept = Path(done.out.strip())
    assert kept.read_bytes() == trained.read_bytes()
    assert bwcolor("models", "path", "cnn").out.strip() == str(kept)
    proven = json.loads(bwcolor("models", "verify", "--json").out)
    (verdict,) = [verdict for verdict in proven if verdict["name"] == "cnn"]
    assert verdict["sha256"] == hashlib.sha256(trained.read_bytes()).hexdigest()
    assert verdict["problem"] == ""


def test_places_as_json(bwcolor: Callable, trained: Path, tmp_path: Path) -> None:
    kept = json.loads(bwcolor("models", "import", trained, "--json").out)
    assert list(kept) == ["cnn"]
    for words in (("path", "cnn"), ("path", "cnn+null"), ("download", "cnn")):
        told = bwcolor("models", *words, "--json")
        assert json.loads(told.out) == kept, told.err
    told = json.loads(bwcolor("models", "export", "cnn", "--out", "out.safetensors", "--json").out)
    assert Path(told["cnn"]).samefile(tmp_path / "out.safetensors")


def test_changed_weights_are_found_out(bwcolor: Callable, trained: Path) -> None:
    kept = Path(bwcolor("models", "import", trained).out.strip())
    content = bytearray(kept.read_bytes())
    content[-5] ^= 1
    kept.write_bytes(content)
    done = bwcolor("models", "verify", "cnn")
    assert done.code == 5
    assert "has changed since it came" in done.out + done.err
    # and a network that would color with them is not loaded
    assert bwcolor("models", "export", "cnn").code == 4


def test_weights_of_another_network_are_refused_by_name(bwcolor: Callable, trained: Path) -> None:
    done = bwcolor("models", "import", trained, "--model", "gan-cifar")
    assert done.code == 2  # it has no such form
    done = bwcolor("models", "import", trained, "--model", "cnn-16")
    assert done.code == 2
    torch.manual_seed(0)
    plain = trained.with_name("plain.safetensors")
    weights.write_state(build(MODELS["cnn"], {"form": "small"}).state_dict(), plain, {})
    assert bwcolor("models", "import", plain).code == 2  # it does not say which network it is for
    done = bwcolor("models", "import", plain, "--model", "cnn-16")
    assert done.code == 4
    assert "missing layers." in done.err


def test_a_published_file_is_imported_by_its_hash(
    bwcolor: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "downloaded.pth"
    torch.manual_seed(0)
    torch.save(build(MODELS["eccv16"]).state_dict(), path)
    assert bwcolor("models", "import", path, "--model", "eccv16").code == 4  # not what the authors publish
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    origin = MODELS["eccv16"].origin
    monkeypatch.setattr(keeping, "matches", lambda file, sha256: file == origin and sha256 == digest)
    done = bwcolor("models", "import", path)
    assert done.out.strip().endswith("colorization_release_v2-9b330a0b.safetensors")
    assert bwcolor("models", "verify", "eccv16").code == 0


def test_a_malicious_file_is_refused(bwcolor: Callable, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return (open, (str(tmp_path / "ran"), "w"))

    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps({"w": Evil()}, protocol=2))
    done = bwcolor("models", "import", path, "--model", "cnn")
    assert done.code == 4
    assert not (tmp_path / "ran").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_export_keeps_values_form_and_terms(bwcolor: Callable, trained: Path, tmp_path: Path) -> None:
    bwcolor("models", "import", trained)
    done = bwcolor("models", "export", "cnn", "--out", "out.safetensors")
    assert done.code == 0
    written, about = weights.read_state(tmp_path / "out.safetensors")
    original, _ = weights.read_state(trained)
    assert all(torch.equal(written[name], value) for name, value in original.items())
    assert about["model"] == "cnn"
    assert about["options"] == {"form": "small"}
    assert about["license"]
    assert bwcolor("models", "export", "cnn", "--out", "out.pth").code == 2
    assert bwcolor("models", "export", "null").code == 2
    half = bwcolor("models", "export", "cnn", "--half", "--weights", trained)
    assert half.code == 0
    assert (tmp_path / "cnn.safetensors").stat().st_size < (tmp_path / "out.safetensors").stat().st_size


def test_an_exported_network_colors_the_same_picture(bwcolor: Callable, trained: Path, tmp_path: Path) -> None:
    done = bwcolor("models", "export", "cnn", "--format", "onnx", "--weights", trained)
    assert done.code == 0
    exported = tmp_path / "cnn.onnx"
    assert exported.is_file()
    gray = np.linspace(0, 255, 64 * 80).reshape(64, 80).astype(np.uint8)
    pictures = [
        load("cnn", weights=weights_file, device="cpu", precision="fp32", working_size=64).colorize_gray(gray)
        for weights_file in (trained, exported)
    ]
    assert np.abs(np.subtract(*[picture.astype(int) for picture in pictures])).max() <= 1
    assert load("cnn", weights=exported).settings.precision == "fp32"
    for wrong in (
        ["--half", "--out", "x.onnx"],
        ["--format", "onnx", "--out", "x.pt"],
        ["--format", "h5"],
        ["--hints"],
    ):
        assert bwcolor("models", "export", "cnn", "--weights", trained, *wrong).code == 2
    with pytest.raises(WeightsError, match="--model cnn"):
        load("cnn-16", weights=exported)
    with pytest.raises(UsageError, match="ONNX files run on the CPU"):
        load("cnn", weights=exported, precision="bf16")


def test_download_from_a_mirror_and_offline(bwcolor: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(download.OFFLINE_VARIABLE, "1")
    done = bwcolor("models", "download", "siggraph17")
    assert done.code == 4
    assert MODELS["siggraph17"].origin.address in done.err
    monkeypatch.delenv(download.OFFLINE_VARIABLE)
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    torch.manual_seed(0)
    torch.save(build(MODELS["siggraph17"]).state_dict(), mirror / MODELS["siggraph17"].origin.name)
    monkeypatch.setenv(download.MIRROR_VARIABLE, str(mirror))
    monkeypatch.setattr(download, "matches", lambda file, sha256: True)
    done = bwcolor("models", "download", "siggraph17")
    assert Path(done.out.strip()).is_file()
    assert bwcolor("models", "download", "null").code == 2


def test_examples_name_commands_and_networks_that_exist() -> None:
    group = typer.main.get_command(cli.app).commands["models"]  # type: ignore[attr-defined]
    for name, command in group.commands.items():
        assert (
            command.help.rstrip().split("\n")[-1].startswith(("    bwcolor models " + name, "bwcolor models " + name))
        )
        for line in command.help.splitlines():
            words = shlex.split(line) if line.strip().startswith("bwcolor ") else []
            named = [word for word in words[3:] if "." not in word and not word.startswith("-")]
            assert set(named) <= set(MODELS)
