# SPDX-License-Identifier: Apache-2.0
"""Networks of others stay what they were when they were proven against the originals.

The proofs themselves (test_eccv16.py and others) need recordings that are not everywhere; these few numbers, taken from
the networks on the day that they passed, are. `python tests/models/test_goldens.py` takes them again: only do so after
the proofs have passed.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from seeded import fill_published, fill_seeded, seeded_array

from bwcolor.models.alexnet import AlexNet
from bwcolor.models.ddcolor import DDColorTiny
from bwcolor.models.deoldify import DeOldifyArtistic
from bwcolor.models.eccv16 import Eccv16
from bwcolor.models.inception_resnet_v2 import InceptionResNetV2
from bwcolor.models.siggraph17 import Siggraph17
from bwcolor.models.vgg import Vgg

GOLDENS = Path(__file__).with_name("goldens.json")
GAIN = 2**0.5
COUNT = 16  # numbers of each output
TOLERANCE = 1e-4  # of the greatest value
SIZE = (48, 64)
PUBLISHED = {"ddcolor_tiny": DDColorTiny, "deoldify_artistic": DeOldifyArtistic}
NAMES = ("eccv16", "siggraph17", "vgg16", "vgg19", "alexnet", "inception_resnet_v2", *PUBLISHED)


def plane(name):
    """Return a picture of noise in -1..1 that depends on its name."""
    return torch.from_numpy(seeded_array(name, (1, 1, *SIZE), torch.float32, 1.0)).clamp(-10, 10) / 10


def lightness():
    return 50 + 50 * plane("lightness.weight").clamp(-1, 1)


def hints():
    mask = (plane("mask.weight") > 0.01).float()
    return torch.cat([60 * plane("a.weight") * mask, 60 * plane("b.weight") * mask, mask], dim=1)


def image():
    return torch.cat([plane(f"{channel}.weight") for channel in "rgb"], dim=1) * 20


def outputs(name):
    if name == "eccv16":
        network = Eccv16()
        fill_seeded(network, GAIN)
        return network, [*network.colors(lightness())]
    if name == "siggraph17":
        network = Siggraph17()
        fill_seeded(network, GAIN)
        return network, [network(lightness()), network(lightness(), hints())]
    if name in PUBLISHED:
        network = PUBLISHED[name]()
        fill_published(network, 1.0)
        return network, [network(lightness()[..., :32, :])]
    if name == "inception_resnet_v2":
        network = InceptionResNetV2()
        fill_seeded(network, GAIN)
        return network, [network(F.interpolate(image(), (96, 112)))]
    network = AlexNet() if name == "alexnet" else Vgg(int(name[3:]))
    fill_seeded(network, GAIN)
    return network, network.taps(image())


def take(name):
    with torch.no_grad():
        network, results = outputs(name)
    table = "\n".join(f"{key} {tuple(value.shape)}" for key, value in sorted(network.state_dict().items()))
    values = []
    for result in results:
        flat = result.double().flatten().numpy()
        values.append([round(float(v), 6) for v in flat[np.linspace(0, flat.size - 1, COUNT).astype(int)]])
    return {"state": hashlib.sha256(table.encode()).hexdigest(), "values": values}


@pytest.mark.parametrize("name", NAMES)
def test_networks_of_others_stay_what_they_were(name):
    golden, ours = json.loads(GOLDENS.read_text(encoding="utf-8"))[name], take(name)
    assert ours["state"] == golden["state"]
    for recorded, found in zip(golden["values"], ours["values"], strict=True):
        recorded, found = np.array(recorded), np.array(found)
        assert np.abs(recorded).max() > 1e-3
        np.testing.assert_allclose(found, recorded, rtol=0, atol=TOLERANCE * np.abs(recorded).max() + 1e-6)


if __name__ == "__main__":
    taken = {name: take(name) for name in NAMES}
    GOLDENS.write_text(json.dumps(taken, indent=1) + "\n", encoding="utf-8")
