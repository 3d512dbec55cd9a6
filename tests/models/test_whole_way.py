# SPDX-License-Identifier: Apache-2.0
"""Each network whose weights are downloaded, the whole way: served, fetched, checked, converted, coloring, exported."""

import hashlib
import shutil
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from seeded import seeded_published
from skimage import data

import bwcolor
from bwcolor.models import cache, keeping, weights
from bwcolor.models.network import build
from bwcolor.models.table import MODELS

QUICK = ["ddcolor-tiny", "deoldify-artistic"]
OTHERS = [name for name, row in MODELS.items() if row.origin and name not in QUICK]
GAINS = {"eccv16": 2**0.5, "siggraph17": 2**0.5}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def served(tmp_path):
    """Return a folder and the address at which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def historic(request):
    """Return a small historic photograph as gray codes; where there is none, a modern one."""
    try:
        folder = request.getfixturevalue("photos") / "historic"
        photo = Image.open(sorted(folder.glob("1909*"))[0]).convert("L")
    except (pytest.skip.Exception, IndexError):
        photo = Image.fromarray(data.camera())
    photo.thumbnail((320, 320))
    return np.asarray(photo)


def publish(name, path):
    """Write a network with seeded weights as its authors do: normalized weights in parts, in their wrappers."""
    torch.manual_seed(0)
    network = build(MODELS[name])
    state = seeded_published(network, GAINS.get(name, 1.0))
    if name == "eccv16":
        state["model_out.weight"] = network.model_out.weight.detach()
    if name == "siggraph17":
        state["model_out.0.weight"] *= 0.1
    if name.startswith("ddcolor"):
        head = {"encoder.arch.head_cls.weight": torch.zeros(2, 2), "encoder.arch.head_cls.bias": torch.zeros(2)}
        torch.save({"params": state | head}, path)
    elif name.startswith("deoldify"):
        torch.save({"model": state, "opt": {"split": slice(0, 1)}}, path, _use_new_zipfile_serialization=False)
    else:
        torch.save(state, path)


def check(name, served, historic, home, monkeypatch):
    folder, address = served
    row = MODELS[name]
    published = folder / row.origin.name
    publish(name, published)
    digest = hashlib.sha256(published.read_bytes()).hexdigest()
    size = published.stat().st_size
    origin = replace(row.origin, address=f"{address}/{row.origin.name}", sha256=digest, size=size)
    monkeypatch.setitem(MODELS, name, replace(row, origin=origin))
    monkeypatch.setenv(cache.HOME_VARIABLE, str(home))
    options = {"device": "cpu", "precision": "fp32", "working_size": 64}
    color = bwcolor.load(name, **options)
    picture = color.colorize_gray(historic)
    assert picture.shape == (*historic.shape, 3)
    assert (np.ptp(picture.astype(int), axis=2) > 0).mean() > 0.5
    kept = weights.kept_path(row)
    assert color.weights_sha256 == hashlib.sha256(kept.read_bytes()).hexdigest()
    assert weights.read_about(kept)["source_sha256"] == digest
    assert not [part for part in weights.read_state(kept)[0] if part.endswith(("_orig", "_u", "_g"))]
    published.unlink()
    exported = keeping.take_out(name, home / f"{name}.onnx")
    same = bwcolor.load(name, weights=exported, device="cpu", working_size=64).colorize_gray(historic)
    assert np.abs(same.astype(int) - picture).max() <= 1
    shutil.rmtree(home)  # a gigabyte and more


@pytest.mark.parametrize("name", QUICK)
def test_from_the_server_to_the_picture(name, served, historic, tmp_path: Path, monkeypatch):
    check(name, served, historic, tmp_path / "home", monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_from_the_server_to_the_picture_of_the_others(name, served, historic, tmp_path: Path, monkeypatch):
    check(name, served, historic, tmp_path / "home", monkeypatch)
