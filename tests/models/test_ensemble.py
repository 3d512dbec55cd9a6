# SPDX-License-Identifier: Apache-2.0
"""Two trunks answer with the mean of what each would say, and travel in one file."""

import numpy as np
import pytest
import torch

from bwcolor.errors import UsageError, WeightsError
from bwcolor.models import keeping, weights
from bwcolor.models.ensemble import Ensemble
from bwcolor.models.inference import Manner, Runner, Small
from bwcolor.models.loading import load_network
from bwcolor.models.network import Classifier, build
from bwcolor.models.table import MODELS
from bwcolor.models.trunk import Classify, Gan
from bwcolor.training.configuration import recipe
from bwcolor.training.preparation import fresh_network, untrained_network, with_form

LIGHTNESS = torch.rand(2, 1, 64, 96, generator=torch.Generator().manual_seed(0)) * 100


@pytest.fixture(scope="module")
def trunks():
    """Two whose ab heads say something, and that are as sure as trained ones."""
    made = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        network = Gan().eval()
        torch.nn.init.normal_(network.ab_head.weight, std=0.05)
        torch.nn.init.normal_(network.bins_head.weight, std=0.5)
        made.append(network)
    return made


@pytest.fixture(scope="module")
def files(trunks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trunks")
    for number, network in enumerate(trunks):
        weights.write_state(network.state_dict(), folder / f"{number}.safetensors", {"model": "gan"})
    return [folder / "0.safetensors", folder / "1.safetensors"]


@torch.no_grad()
def test_distributions_and_residuals_are_averaged(trunks):
    both = Ensemble(trunks).eval()
    assert isinstance(both, Classifier)
    each = [network.colors(LIGHTNESS) for network in trunks]
    ab, logits = both.colors(LIGHTNESS)
    torch.testing.assert_close(
        torch.softmax(logits, 1),
        torch.stack([torch.softmax(said, 1) for _, said in each]).mean(0),
        atol=1e-6,
        rtol=1e-4,
    )
    # the plain mean is linear in the distribution
    torch.testing.assert_close(ab, torch.stack([colors for colors, _ in each]).mean(0), atol=1e-3, rtol=1e-4)
    torch.testing.assert_close(both(LIGHTNESS), ab)
    torch.testing.assert_close(both.distribution(LIGHTNESS), logits)


class Stub(torch.nn.Module):
    """Says one color, and notes what it was asked."""

    def __init__(self, color):
        super().__init__()
        self.register_buffer("centers", torch.zeros(3, 2))
        self.color, self.asked = color, []

    def distribution(self, lightness, hints=None):
        return self.colors(lightness, hints)[1]

    def colors(self, lightness, hints=None, temperature=1.0):
        count, _, height, width = lightness.shape
        self.asked.append((count, height, width))
        grid = (count, 1, height // 4, width // 4)
        return torch.full((1, 2, 1, 1), self.color).expand(count, 2, *grid[2:]), torch.zeros(grid).expand(-1, 3, -1, -1)


@pytest.mark.parametrize(
    ("looks", "asked", "color"),
    [
        ((), [[(1, 96, 128)], []], 10.0),
        ((1.0,), [[(2, 96, 128)], []], 10.0),
        ((1.0, 2 / 3), [[(2, 96, 128)], [(2, 64, 96)]], 15.0),
        ((1.0, 2 / 3, 1 / 3), [[(2, 96, 128), (2, 32, 64)], [(2, 64, 96)]], 40 / 3),
    ],
)
def test_each_look_asks_one_in_turn(looks, asked, color):
    stubs = [Stub(10.0), Stub(20.0)]
    manner = Manner(torch.device("cpu"), "fp32", 1.0, "scan", looks)
    runner = Runner(Ensemble(stubs), MODELS["classify"], manner)
    (said,) = runner.predict([Small(np.full((96, 128), 50, np.float32))])
    assert [stub.asked for stub in stubs] == asked
    np.testing.assert_allclose(said.ab, color, rtol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("name", ["gan", "classify"])
@pytest.mark.parametrize(("coarse", "apart"), [(False, 0.2), (True, 3.0)])
def test_joined_files_answer_as_both(trunks, files, tmp_path, name, coarse, apart):
    target = keeping.join(files, tmp_path / "both.safetensors", coarse)
    loaded = load_network(name, target)
    assert isinstance(loaded.network, Ensemble)
    assert loaded.options == {"trunks": "2"}
    kinds = trunks
    if name == "classify":
        kinds = [Classify().eval() for _ in trunks]
        for kind, network in zip(kinds, trunks, strict=True):
            kind.load_state_dict({n: v for n, v in network.state_dict().items() if not n.startswith("ab_")})
    ab, wanted = loaded.network.eval()(LIGHTNESS), Ensemble(kinds).eval()(LIGHTNESS)
    assert (ab - wanted).abs().max() < apart
    if coarse:
        assert (ab - wanted).norm() < 0.05 * wanted.norm()
        assert target.stat().st_size < 0.55 * sum(file.stat().st_size for file in files)


def test_what_cannot_be_joined_is_refused(files, tmp_path):
    weights.write_state(build(MODELS["cnn"]).state_dict(), tmp_path / "cnn.safetensors", {"model": "cnn"})
    weights.write_state(Gan().state_dict(), tmp_path / "mute.safetensors", {})
    for sources, said in (
        (files[:1], "Networks of gan cannot"),
        ([*files, files[0]], "gan, gan, gan cannot"),
        ([files[0], tmp_path / "cnn.safetensors"], "gan, cnn cannot"),
        ([tmp_path / "cnn.safetensors"] * 2, "cnn, cnn cannot"),
        ([tmp_path / "mute.safetensors"] * 2, "nothing that it says, nothing"),
    ):
        with pytest.raises(UsageError, match=said):
            keeping.join(sources, tmp_path / "x.safetensors")
    with pytest.raises(UsageError, match=r"x\.onnx is no file of weights"):
        keeping.join(files, tmp_path / "x.onnx")
    with pytest.raises(WeightsError, match="does not exist"):
        keeping.join([files[0], tmp_path / "none.safetensors"], tmp_path / "x.safetensors")
    joined = keeping.join(files, tmp_path / "both.safetensors")
    with pytest.raises(UsageError, match=r"both\.safetensors is joined already"):
        keeping.join([files[0], joined], tmp_path / "x.safetensors")
    with pytest.raises(UsageError, match="the same network"):
        keeping.join([files[0], files[0]], tmp_path / "x.safetensors")
    weights.write_state({"something": torch.zeros(2)}, tmp_path / "odd.safetensors", {"model": "gan"})
    with pytest.raises(WeightsError, match=r"odd\.safetensors does not fit gan"):
        keeping.join([files[0], tmp_path / "odd.safetensors"], tmp_path / "x.safetensors")
    assert not (tmp_path / "x.safetensors").exists()


def test_a_training_goes_on_with_the_first_of_them(trunks, files, tmp_path):
    joined = keeping.join(files, tmp_path / "both.safetensors")
    options = with_form(recipe("gan", init_from=str(joined)))
    network = fresh_network(options)
    assert isinstance(network, Gan)
    own = trunks[0].state_dict()
    assert all(torch.equal(value, own[name].half().to(value.dtype)) for name, value in network.state_dict().items())


def test_both_are_not_trained_at_once():
    with pytest.raises(UsageError, match="one trunk at a time"):
        untrained_network(recipe("gan", network={"trunks": "2"}))
