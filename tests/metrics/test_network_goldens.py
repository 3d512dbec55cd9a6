# SPDX-License-Identifier: Apache-2.0
"""FID's Inception and LPIPS stay what they were when they were proven against the originals.

The proofs (test_networks.py) need recordings that are not everywhere; these few numbers, taken on the day that they
passed, are. `python tests/metrics/test_network_goldens.py` takes them again: only do so after the proofs have passed.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bwcolor.metrics import inception, lpips

GOLDENS = Path(__file__).with_name("network_goldens.json")
NAMES = ("inception", "alex", "squeeze", "vgg")
GAIN = 2**0.5
TOLERANCE = 1e-4  # of the greatest value


def noise(name, shape):
    """Return values of variance 1 that depend on a name only (raw PCG64 words: the same everywhere)."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    words = np.random.PCG64(seed).random_raw(int(np.prod(shape, dtype=np.int64)))
    return np.sqrt(3.0) * ((words >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0).reshape(shape)


def seeded(name, value):
    if not value.is_floating_point():
        return torch.zeros_like(value)
    unit = noise(name, tuple(value.shape))
    if name.endswith(("bias", "running_mean")):
        unit = 0.1 * unit
    elif name.endswith("running_var"):
        unit = 1.0 + 0.1 * np.abs(unit)
    elif value.dim() > 1:
        unit = GAIN * unit / np.sqrt(np.prod(value.shape[1:]))
    else:
        unit = 1.0 + 0.1 * unit
    return torch.from_numpy(unit.astype(np.float32)).reshape(value.shape)


@torch.inference_mode()
def outputs(name):
    network = inception.Inception() if name == "inception" else lpips.Lpips(name)
    network.load_state_dict({key: seeded(key, value) for key, value in network.state_dict().items()})
    network.eval()
    pictures = [torch.from_numpy(noise(each, (1, 3, 64, 80)) / 2).float().clamp(-1, 1) for each in ("one", "two")]
    if name == "inception":
        return network((pictures[0] + 1) / 2)[0, ::128]
    return torch.cat([network(*pictures), *(each.mean().reshape(1) for each in network.maps(*pictures))])


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_the_proven_networks(name):
    expected = torch.tensor(json.loads(GOLDENS.read_text(encoding="utf-8"))[name])
    found = outputs(name)
    assert (found - expected).abs().max() <= TOLERANCE * expected.abs().max()


if __name__ == "__main__":
    taken = {name: [float(f"{value:.7g}") for value in outputs(name).tolist()] for name in NAMES}
    GOLDENS.write_text(json.dumps(taken, indent=1) + "\n", encoding="utf-8")
