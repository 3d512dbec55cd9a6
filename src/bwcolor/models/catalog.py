# SPDX-License-Identifier: Apache-2.0
"""What there is to know of each network, in plain values for people and for JSON, without importing torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bwcolor.models import weights as weight_files
from bwcolor.models.costs import COSTS, Cost
from bwcolor.models.measured import MEASURED, Measured
from bwcolor.models.row import ModelRow
from bwcolor.models.table import MODELS, find_model

SHIPPED, KEPT, PUBLISHED, UNTRAINED, NONE = "shipped", "here", "to fetch", "to train", "none needed"


@dataclass(frozen=True)
class Entry:
    """One network as ``bwcolor models`` shows it.

    Attributes:
        row: Of the MODELS table, or of a mixture.
        cost: In the form of its weights, which is the default where none are shipped.
        forms: Costs of its other forms, by "name=value".
        state: Of its weights: "shipped", "here", "to fetch", "to train", or "none needed".
        size: Bytes of its weights file, where it is known.
        measured: What it has been measured at; None where no figure is known.
    """

    row: ModelRow
    cost: Cost
    forms: dict[str, Cost]
    state: str
    size: int | None
    measured: Measured | None


def entries() -> list[Entry]:
    """Return all networks, in the table's order."""
    return [describe(row) for row in MODELS.values()]


def describe(row: ModelRow) -> Entry:
    """Return what there is to know of a network."""
    forms = {key.partition(" ")[2]: cost for key, cost in COSTS.items() if key.startswith(f"{row.name} ")}
    if row.form:
        del forms[row.form]
        name = row.form.partition("=")[0]
        forms[f"{name}={dict(row.choices)[name][0]}"] = COSTS[row.name]
    path = None if row.parts else weight_files.local_path(row)
    size = path.stat().st_size if path else (row.origin.size if row.origin else None)
    return Entry(row, _cost(row), forms, _state(row), size, MEASURED.get(row.name))


def _cost(row: ModelRow) -> Cost:
    if not row.parts:
        return COSTS[f"{row.name} {row.form}".strip()]
    parts = [_cost(find_model(part)) for part in row.parts]
    return Cost(sum(part.parameters for part in parts), sum(part.gflop for part in parts))


def _state(row: ModelRow) -> str:
    if row.parts:
        states = [_state(find_model(part)) for part in row.parts]
        return next((state for state in (UNTRAINED, PUBLISHED, KEPT, SHIPPED) if state in states), NONE)
    path = weight_files.local_path(row)
    if path is not None:
        return KEPT if path == weight_files.kept_path(row) else SHIPPED
    if row.origin is not None:
        return PUBLISHED
    return UNTRAINED if row.trainable else NONE


def as_json(entry: Entry) -> dict[str, Any]:
    """Return an entry in values that JSON can hold."""
    row = entry.row
    path = None if row.parts else weight_files.local_path(row)
    return {
        "name": row.name,
        "summary": row.summary,
        "source": row.source,
        "parameters": entry.cost.parameters,
        "gflop_256": round(entry.cost.gflop, 2),
        "forms": {key: {"parameters": c.parameters, "gflop_256": round(c.gflop, 2)} for key, c in entry.forms.items()},
        "measured_at": asdict(entry.measured) if entry.measured else None,
        "choices": {name: list(values) for name, values in row.choices},
        "parts": list(row.parts),
        "working_size": row.working_size,
        "stride": row.stride,
        "ab_stride": row.ab_stride,
        "temperature": row.temperature,
        "takes_hints": row.takes_hints,
        "trainable": row.trainable,
        "tiling": row.tiling,
        "code_license": row.code_license,
        "weights_license": row.weights_license,
        "trained_on": row.trained_on,
        "weights": {
            "state": entry.state,
            "path": str(path) if path else None,
            "size": entry.size,
            "sha256": row.sha256 or (row.origin.sha256 if row.origin else None) or None,
            "address": row.origin.address if row.origin else None,
        },
    }
