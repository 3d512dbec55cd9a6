# SPDX-License-Identifier: Apache-2.0
"""``bwcolor models``: the networks there are, and what there is to know of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bwcolor.cli.weights import JSON, NAME, bring_in, download, export, join, path, verify

if TYPE_CHECKING:
    from bwcolor.models.catalog import Entry
    from bwcolor.models.costs import Cost


_MEASURE = typer.Option(
    "--measure", help="Run each network on this machine, and tell its seconds per photo.", show_default=False
)


def models(
    context: typer.Context, measure: Annotated[bool, _MEASURE] = False, json: Annotated[bool, JSON] = False
) -> None:
    """List the networks: what they cost, what they need, how good they are, and on what terms.

    GFLOP are for one picture of 256x256. Each figure names the photographs that it was measured at; two can be compared
    only where these are the same. --measure takes some minutes and needs no weights; its seconds are the network's own,
    at its working size, with its usual looks. Two networks can be mixed: --model gan+classify averages their colors,
    --model gan+classify:certainty weighs them at each place by how certain they are.

    Examples:
        bwcolor models

        bwcolor models --json

        bwcolor models info eccv16
    """
    if context.invoked_subcommand is not None:
        return
    from bwcolor.cli.terminal import print_json, print_table
    from bwcolor.models.catalog import as_json, entries

    found = entries()
    seconds = _seconds(found) if measure else {}
    if json:
        print_json([as_json(entry) | _timed(seconds, entry) for entry in found])
        return
    columns = (
        *("name", "what", "parameters#", "GFLOP#", *(["seconds#"] if measure else []), "sees#", "weights"),
        *("measured at", "terms: code", "terms: weights"),
    )
    print_table("", columns, (_cells(entry, seconds) for entry in found))


def info(
    name: Annotated[str, NAME], measure: Annotated[bool, _MEASURE] = False, json: Annotated[bool, JSON] = False
) -> None:
    """Show all there is to know of a network, or of a mixture.

    Examples:
        bwcolor models info eccv16

        bwcolor models info gan --measure
    """
    from bwcolor.cli.terminal import print_json
    from bwcolor.models.catalog import as_json, describe
    from bwcolor.models.table import find_model

    entry = describe(find_model(name))
    seconds = _seconds([entry]) if measure else {}
    if json:
        print_json(as_json(entry) | _timed(seconds, entry))
        return
    facts = _facts(entry, seconds)
    width = max(len(what) for what, _ in facts)
    for what, said in facts:
        typer.echo(f"{what:<{width}}  {said}")


def _seconds(entries: list[Entry]) -> dict[str, float]:
    """Return the seconds per photo of each network, measured now."""
    from tqdm import tqdm

    from bwcolor.models.timing import seconds_per_photo

    progress = tqdm(entries, desc="measuring", unit="network", disable=None)
    return {entry.row.name: seconds_per_photo(entry.row) for entry in progress}


def _timed(seconds: dict[str, float], entry: Entry) -> dict[str, float]:
    """Return what was measured of a network for JSON; nothing where nothing was."""
    return {"seconds_per_photo": round(seconds[entry.row.name], 4)} if seconds else {}


def _cells(entry: Entry, seconds: dict[str, float]) -> list[Any]:
    """Return a network's line in the list."""
    from bwcolor.cli.terminal import amount

    row, cost = entry.row, entry.cost
    state = f"{entry.state}, {amount(entry.size)}" if entry.size else entry.state
    terms = row.weights_license.partition(";")[0]
    cells = [row.name, row.summary, _million(cost), f"{cost.gflop:.1f}", row.working_size, state]
    if seconds:
        cells.insert(4, f"{seconds[row.name]:.3f}")
    return [*cells, entry.measured.brief if entry.measured else "-", row.code_license, terms]


def _million(cost: Cost) -> str:
    return f"{cost.parameters / 1e6:.2f} M"


def _facts(entry: Entry, seconds: dict[str, float]) -> list[tuple[str, str]]:
    """Return what there is to know, line by line; what does not apply is left out."""
    from bwcolor.cli.terminal import amount, shown
    from bwcolor.models.weights import local_path

    row = entry.row
    here = None if row.parts else local_path(row)
    facts = [
        ("name", row.name),
        ("what", row.summary),
        ("after", row.source),
        ("parameters", f"{entry.cost.parameters:,}"),
        ("GFLOP at 256x256", f"{entry.cost.gflop:.2f}"),
        *((f"with {form}", f"{cost.parameters:,}; {cost.gflop:.2f} GFLOP") for form, cost in entry.forms.items()),
        ("seconds per photo", f"{seconds[row.name]:.3f} here, now" if seconds else ""),
        ("measured at", str(entry.measured or "no figure is known")),
        ("sees a photo at", f"{row.working_size} pixels, its short side"),
        ("decides color at", f"1/{row.ab_stride} of that" if row.ab_stride > 1 else "that size"),
        ("pieces of a photo", row.tiling),
        ("says how sure it is", "yes" if row.temperature is not None else "no"),
        ("takes hints", "yes" if row.takes_hints else "no"),
        ("can be trained", "yes" if row.trainable else "no"),
        ("license of the code", row.code_license),
        ("license of the weights", row.weights_license),
        ("trained on", row.trained_on),
        ("weights", entry.state),
        ("lie at", shown(here) if here else ""),
        ("size", amount(entry.size) if entry.size else ""),
        ("SHA-256", row.sha256 or (row.origin.sha256 if row.origin else "")),
        ("published at", row.origin.address if row.origin else ""),
    ]
    return [(what, said) for what, said in facts if said]


SUBCOMMANDS: dict[str, Callable[..., Any]] = {
    "info": info,
    "download": download,
    "path": path,
    "verify": verify,
    "import": bring_in,
    "export": export,
    "join": join,
}
