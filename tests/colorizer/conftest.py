# SPDX-License-Identifier: Apache-2.0
"""Weights that nobody has trained."""

import pytest
import torch

from bwcolor.models import weights
from bwcolor.models.trunk import Gan


@pytest.fixture(scope="package")
def random_gan(tmp_path_factory):
    """Return a weights file of `gan`, drawn from one seed."""
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("weights") / "gan.safetensors"
    weights.write_state(Gan().state_dict(), path, {})
    return path
