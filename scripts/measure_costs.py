# SPDX-License-Identifier: Apache-2.0
"""Count the parameters and the arithmetic of every network, and write them where ``bwcolor models`` reads them.

Nothing is computed: the networks are built on torch's meta device and its FLOP counter looks at the shapes.

    python scripts/measure_costs.py
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from bwcolor.models.network import build
from bwcolor.models.row import ModelRow
from bwcolor.models.table import MODELS

TARGET = Path(__file__).resolve().parent.parent / "src" / "bwcolor" / "models" / "costs.py"
SIDE = 256  # pixels

TABLE = "COSTS = {\n"  # from here to its end, the module is made by this script


def forms(row: ModelRow) -> list[tuple[str, str]]:
    """Return (name, value) of every choice but the default, after ("", "") for the default form."""
    return [("", ""), *((name, value) for name, values in row.choices for value in values[1:])]


def measured(row: ModelRow, options: dict[str, str]) -> tuple[int, float]:
    """Return the parameters of a network and its GFLOP for one picture of 256x256."""
    with torch.device("meta"):
        network = build(row, options).eval().requires_grad_(False)
        lightness = torch.empty(1, 1, SIDE, SIDE)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.to("meta")(lightness)
    return sum(p.numel() for p in network.parameters()), counter.get_total_flops() / 1e9


def page() -> str:
    """Return the whole module."""
    lines = []
    for row in MODELS.values():
        for name, value in forms(row):
            parameters, gflop = measured(row, {name: value} if name else {})
            key = f"{row.name} {name}={value}" if name else row.name
            lines.append(f'    "{key}": Cost({parameters:_}, {gflop:.2f}),\n')
    return TARGET.read_text(encoding="utf-8").partition(TABLE)[0] + TABLE + "".join(lines) + "}\n"


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
    print(TARGET)
