# SPDX-License-Identifier: Apache-2.0
"""The authors' own pipelines, with a stub in place of the network, give the pictures that theirs give."""

import numpy as np
import pytest
import torch
from seeded import conformance_folder

from bwcolor.errors import UsageError
from bwcolor.models.pipelines import DdColor, DeOldify, Zhang, pipeline_of
from bwcolor.models.table import MODELS


@pytest.fixture(scope="module")
def golden():
    folder = conformance_folder()
    if folder is None:
        pytest.skip("no recordings of the originals here")
    with np.load(folder / "pipeline" / "golden.npz") as opened:
        return dict(opened)


def waves(side):
    i, j = np.mgrid[0:side, 0:side]
    return np.stack([60 * np.sin(i / 40) * np.cos(j / 30), 50 * np.cos((i + j) / 50)]).astype(np.float32)


def check_codes(ours, theirs):
    difference = np.abs(ours.astype(int) - theirs.astype(int))
    assert (difference <= 1).mean() >= 0.99
    assert difference.max() <= 5


def test_zhang(golden):
    pipeline = Zhang(256)
    shown = pipeline.prepare(golden["rgb"])
    assert shown.shape == (1, 256, 256)
    assert np.abs(shown[0, ::5, ::5] - golden["zhang.net_L"]).max() < 0.01
    picture = pipeline.floats(golden["rgb"], waves(256))
    assert np.abs(picture[::2, ::2] - golden["zhang.rgb"]).max() < 1e-3
    assert np.array_equal(pipeline.merge(golden["rgb"], waves(256)), (picture * 255).astype(np.uint8))


def test_ddcolor(golden):
    pipeline = DdColor(512)
    shown = pipeline.prepare(golden["rgb"])
    assert np.abs(shown[:, ::9, ::9] - golden["ddcolor.net_x"]).max() < 0.003
    ab = waves(512)
    ab[0] += 40 * (shown[0] - 0.5)
    check_codes(pipeline.merge(golden["rgb"], ab), golden["ddcolor.rgb"])


def test_deoldify(golden):
    pipeline = DeOldify(160)
    shown = pipeline.prepare(golden["rgb"])
    assert np.abs(shown[:, ::4, ::4] - golden["deoldify.net_x"]).max() < 1e-4
    channel, row = np.mgrid[0:3, 0:160]
    painted = shown + (0.5 * np.sin(row / 20 + channel)).astype(np.float32)[:, :, None]
    check_codes(pipeline.painted(golden["rgb"], painted)[::2, ::2], golden["deoldify.raw_rgb"])
    check_codes(pipeline.merge(golden["rgb"], painted), golden["deoldify.rgb"])


def test_each_runs_its_network_as_published():
    class Network(torch.nn.Module):
        def forward(self, x):
            return x + 1

        def published(self, x):
            return x + 2

    for pipeline in (Zhang(8), DdColor(32), DeOldify(16)):
        assert pipeline.run(Network(), torch.zeros(1)) == 2
    assert Zhang(8).run(torch.nn.Identity(), torch.zeros(1)) == 0


def test_squares_are_the_authors_unless_told():
    assert pipeline_of(MODELS["deoldify-stable"])[1] == 560
    assert pipeline_of(MODELS["ddcolor-tiny"], 256)[1] == 256
    with pytest.raises(UsageError, match="multiples of 16, not 100"):
        pipeline_of(MODELS["deoldify-stable"], 100)
    with pytest.raises(UsageError, match="gan has no published pipeline"):
        pipeline_of(MODELS["gan"])


def test_rows_with_a_pipeline():
    assert {name for name, row in MODELS.items() if row.pipeline} == {
        "eccv16",
        "siggraph17",
        "ddcolor",
        "ddcolor-artistic",
        "ddcolor-tiny",
        "deoldify-artistic",
        "deoldify-stable",
    }
