# SPDX-License-Identifier: Apache-2.0
"""One comparison from its request to its numbers: networks on photos, or folders of predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bwcolor.errors import UsageError
from bwcolor.evaluation.cost import Cost, cost_of
from bwcolor.evaluation.photographs import data_or_default
from bwcolor.evaluation.scoring import Progress, Scores, mean_ab, score
from bwcolor.evaluation.systems import Folder, Gray, Network, System, Tint
from bwcolor.metrics.metric import Metric
from bwcolor.metrics.table import find_metrics
from bwcolor.photo.folders import find_photographs


@dataclass(frozen=True)
class Request:
    """What is to be compared.

    Attributes:
        data: Folders and files of true photographs; empty takes ./photos.
        models: Networks by name, or "name=file" with other weights.
        predictions: Folders of predictions, in place of networks.
        metrics: Names with commas between.
        options: Further arguments of `bwcolor.load`.
        limit: Take only the first so many photos; 0 takes all.
    """

    data: tuple[Path, ...] = ()
    models: tuple[str, ...] = ()
    predictions: tuple[Path, ...] = ()
    metrics: str = "all"
    options: tuple[tuple[str, Any], ...] = ()
    limit: int = 0


@dataclass(frozen=True)
class Comparison:
    """What came out.

    Attributes:
        scores: The numbers.
        systems: What was compared, baselines first.
        photos: The true photos by name.
        costs: Of each system, by name.
        left_out: Metrics that "all" left out.
    """

    scores: Scores
    systems: tuple[System, ...]
    photos: Mapping[str, Path]
    costs: Mapping[str, Cost]
    left_out: tuple[Metric, ...]


def compare(request: Request, progress: Progress = lambda names: names) -> Comparison:
    """Measure what a request asks for.

    Args:
        request: Networks or folders, photos, metrics.
        progress: Wraps the photos' names while they are worked through.

    Raises:
        UsageError: A model, metric or option that does not exist, or two systems of one name.
        NothingToDoError: No photos, or no weights.
    """
    metrics, left_out = find_metrics(request.metrics)
    photos = find_photographs(data_or_default(request.data))
    if request.limit:
        photos = dict(list(photos.items())[: request.limit])
    own: list[System] = [Folder(path) for path in request.predictions]
    own += [network(spec, dict(request.options)) for spec in request.models]
    if not own:
        raise UsageError("Nothing is compared.", "Name networks with --model, or a folder with --pred.")
    systems = (Gray(), Tint(mean_ab(photos)), *own)
    scores = score(photos, systems, metrics, progress)
    costs = {system.name: cost_of(system, scores.shapes) for system in systems}
    return Comparison(scores, systems, photos, costs, left_out)


def network(spec: str, options: Mapping[str, Any]) -> Network:
    """Load a network.

    Args:
        spec: Its name, or "name=file" with other weights than the shipped ones.
        options: Further arguments of `bwcolor.load`.
    """
    from bwcolor.colorizer import load

    name, _, weights = spec.partition("=")
    if not weights:
        return Network(load(name, **options), name)
    path = Path(weights)
    label = path.resolve().parent.name if path.stem == name else path.stem
    return Network(load(name, weights=path, **options), f"{name}={label}")
