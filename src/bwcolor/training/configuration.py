# SPDX-License-Identifier: Apache-2.0
"""Recipes as text: TOML that people write and read, plain values for checkpoints and weights files.

Order of precedence: the recipe's own defaults, the file of ``--config``, the flags.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from bwcolor.config import read_settings
from bwcolor.errors import UsageError
from bwcolor.models.table import find_model
from bwcolor.training.options import TrainOptions
from bwcolor.training.recipes import CONTINUED, RECIPES
from bwcolor.training.schedules import SCHEDULES

CHOICES = {
    "schedule": SCHEDULES,
    "optimizer": ("adamw", "adam", "rmsprop", "sgd"),
    "adversary": ("vanilla", "wgan-gp"),
    "encoder": ("auto", "imagenet", "scratch"),
}
# What a resumed run may be told anew: where it runs and how it is watched, nothing that changes what it learns
OF_THE_MACHINE = (
    "data", "val", "max_minutes", "parts", "fit_memory", "checkpoint_minutes", "workers", "tensorboard", "compile",
    "precision", "device",
)  # fmt: skip


def recipe(model: str, **changes: Any) -> TrainOptions:
    """Return the recipe of a network with some values changed.

    Args:
        model: Name of the network.
        **changes: Fields of the recipe and their values; None leaves the recipe's value.

    Returns:
        The resolved options.

    Raises:
        UsageError: The network cannot be trained, it has no such setting, or a value makes no sense.
    """
    if model not in RECIPES:
        raise UsageError(f"{model!r} cannot be trained.", f"These can: {', '.join(sorted(RECIPES))}.")
    given = {name: value for name, value in changes.items() if value is not None}
    start = RECIPES[model]
    known = {field.name for field in fields(start)}
    for name in given:
        if name not in known:
            words = name.replace("_", "-")
            raise UsageError(f"{words} is no setting of {model}.", f"See: bwcolor train --model {model} --print-config")
    if given.get("init_from"):
        start = replace(start, **CONTINUED.get(model, {}))
    if "steps" in given and "epochs" not in given:
        start = replace(start, epochs=0.0)  # else a recipe's passes would overrule the steps that are asked for
    options = replace(start, **given)
    check(options)
    return options


def check(options: TrainOptions) -> None:
    """Refuse values that make no sense.

    Raises:
        UsageError: Naming the first of them.
    """
    for name in ("steps", "batch", "parts", "evaluate_every", "evaluation_photos", "photo_side", "decay_every"):
        if getattr(options, name) < 1:
            raise UsageError(f"{name.replace('_', ' ')} must be at least 1, not {getattr(options, name)}.")
    for name in ("rate", "max_minutes", "epochs", "patience", "held_out", "workers", "checkpoint_minutes"):
        if getattr(options, name) < 0:
            raise UsageError(f"{name.replace('_', ' ')} must not be below 0: {getattr(options, name)}.")
    stride = find_model(options.model).stride
    if not options.crops or any(side % stride or side < stride for _, side in options.crops):
        raise UsageError(f"Crop sizes must be multiples of {stride}.", "For example --crop-sizes 96,128.")
    shares = [begin for begin, _ in options.crops]
    if shares[0] != 0 or shares != sorted(shares) or shares[-1] >= 1:
        raise UsageError("The first crop size begins at 0, the others later, in order.", "Write 96,128:0.7.")
    if not 0 < options.smallest_cut <= options.largest_cut <= 1:
        raise UsageError("smallest-cut and largest-cut are shares of a photo's side: 0 < smallest <= largest <= 1.")
    if getattr(options, "hints_only", False) and options.hint_share != 1:
        raise UsageError(
            "Where only hints are learned, every sample has to show some.", "Add --set hint_share=1 to hints_only."
        )
    for name, known in CHOICES.items():
        if getattr(options, name, known[0]) not in known:
            raise UsageError(f"{getattr(options, name)!r} is no {name}.", f"Take one of: {', '.join(known)}.")


def resolve(model: str | None, config: Path | None, changes: Mapping[str, Any]) -> TrainOptions:
    """Return a recipe with the changes of a file and, over them, those of the flags.

    Args:
        model: Name of the network; None leaves it to the file, and then to the default, gan.
        config: A TOML file of recipe settings; None for none.
        changes: Settings by flags: values, or text of ``--set`` (see `parse_settings`); None where not given.

    Raises:
        UsageError: A setting is unknown, or its value is of the wrong kind.
    """
    written = {name.replace("-", "_"): value for name, value in (read_settings(config) if config else {}).items()}
    name = model or str(written.get("model", "gan"))
    if name not in RECIPES:
        recipe(name)  # says what there is
    written.pop("model", None)
    given = written | {key: value for key, value in changes.items() if value is not None}
    start = RECIPES[name]
    return recipe(name, **{key: fit(start, key, value) for key, value in given.items()})


def parse_setting(text: str) -> tuple[str, Any]:
    """Split ``name=value`` of ``--set``; the value is TOML, or text where that is no TOML.

    Raises:
        UsageError: There is no "=".
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"--set {text!r} cannot be read.", "Write for example --set refine_from=0.5.")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    return name.strip().replace("-", "_"), parsed


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Join the settings of several ``--set``; ``film.grain=0.2`` changes one value of a table.

    Raises:
        UsageError: One cannot be read (see `parse_setting`).
    """
    settings: dict[str, Any] = {}
    for name, value in map(parse_setting, texts):
        table, dot, key = name.partition(".")
        if not dot:
            settings[name] = value
        elif isinstance(settings.setdefault(table, {}), dict):
            settings[table][key] = value
        else:
            raise UsageError(f"{table} is set as a whole and in part.", f"Leave one of them: {table}, {name}.")
    return settings


def fit(options: TrainOptions, name: str, value: Any) -> Any:
    """Return a value as the kind that a setting is of, for example a list as a tuple of paths.

    Args:
        options: Of the recipe; a table (film, network) changes only what it names.
        name: Of the setting; an unknown one is returned as it is, for `recipe` to refuse.
        value: As TOML or JSON gives it.

    Raises:
        UsageError: The value is of another kind.
    """
    hints = get_type_hints(type(options))
    if name not in hints or value is None:
        return value
    try:
        if is_dataclass(hints[name]):
            known = {field.name for field in fields(hints[name])}
            for key in value:
                if key not in known:
                    raise UsageError(f"{key} is no setting of {name}.", f"These are: {', '.join(sorted(known))}.")
            return replace(getattr(options, name), **{key: float(number) for key, number in value.items()})
        return _cast(value, hints[name])
    except (TypeError, ValueError, AttributeError):
        words = name.replace("_", "-")
        raise UsageError(f"{words} cannot be {value!r}.", f"Its default is {_toml(getattr(options, name))}.") from None


def _cast(value: Any, kind: Any) -> Any:
    """Return a value as a kind of field; raises ValueError where it is something else."""
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        rows = [value] if isinstance(value, str | Path) else list(value)
        if arguments[-1] is Ellipsis:
            return tuple(_cast(row, arguments[0]) for row in rows)
        return tuple(_cast(row, inner) for row, inner in zip(rows, arguments, strict=True))
    if NoneType in arguments:
        return None if value == "" else _cast(value, arguments[0])
    if get_origin(kind) is dict:
        return dict(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    if kind is str and isinstance(value, Path):
        return str(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError
    return value


def as_toml(options: TrainOptions) -> str:
    """Return options as TOML that ``--config`` reads back; what is None is left out."""
    plain = asdict(options)
    tables = {name: value for name, value in plain.items() if isinstance(value, dict)}
    lines = [f"{name} = {_toml(value)}" for name, value in plain.items() if name not in tables and value is not None]
    for name, table in tables.items():
        if table:
            lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def as_plain(options: TrainOptions, paths: bool = True) -> dict[str, Any]:
    """Return options as plain values that JSON can hold; ``paths=False`` leaves out where the data lie."""
    plain = asdict(options)
    for name in ("data", "val"):
        plain[name] = [str(path.absolute()) if paths else path.name for path in plain[name]]
    if options.init_from and not paths:
        plain["init_from"] = Path(options.init_from).name
    plain["crops"] = [list(pair) for pair in options.crops]
    return plain


def from_plain(plain: Mapping[str, Any]) -> TrainOptions:
    """Return the options that `as_plain` wrote.

    Raises:
        UsageError: They are those of a network or of a version with other settings.
    """
    values = dict(plain)
    model = str(values.pop("model", ""))
    if model not in RECIPES:
        recipe(model)
    start = RECIPES[model]
    options = replace(recipe(model), **{key: fit(start, key, value) for key, value in values.items() if key in plain})
    check(options)
    return options


def resumed(options: TrainOptions, changes: Mapping[str, Any]) -> TrainOptions:
    """Return the options of a run that goes on elsewhere.

    Raises:
        UsageError: A change would make another training of it.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    given = {name: fit(options, name, value) for name, value in given.items()}
    for name, value in given.items():
        if name not in OF_THE_MACHINE and getattr(options, name, None) != value:
            words = name.replace("_", "-")
            raise UsageError(
                f"{words} cannot change in a run that goes on.", "Start a new one with --init-from WEIGHTS."
            )
    options = replace(options, **given)
    check(options)
    return options
