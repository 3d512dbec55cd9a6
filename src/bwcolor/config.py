# SPDX-License-Identifier: Apache-2.0
"""Settings that stand in a file: ``bwcolor.toml`` in the working directory.

Order of precedence: the file, then ``BWCOLOR_<OPTION>`` in the environment, then the flags of the command line. The
file is read here and handed to the command line as defaults; the two others are the command line's own doing.

A key at the top of the file is a default of every command that has such an option; a table (``[colorize]``) is one
command's alone and goes first there. Names are those of the options, with hyphens or underscores::

    device = "cpu"
    data = "photos/color"

    [colorize]
    working-size = 256
    exclude = ["*_web.jpg"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from bwcolor.errors import UsageError

FILE_NAME = "bwcolor.toml"


def read_settings(path: Path) -> dict[str, Any]:
    """Read a settings file.

    Args:
        path: A TOML file.

    Returns:
        Its content.

    Raises:
        UsageError: It cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", "Name another file with --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no valid TOML: {error}.", 'Write for example: device = "cpu".') from error


def defaults_by_command(
    settings: Mapping[str, Any], options: Mapping[str, Iterable[str]], origin: str = FILE_NAME
) -> dict[str, dict[str, Any]]:
    """Sort settings by the command whose defaults they become.

    Args:
        settings: Content of a settings file.
        options: The options of each command, by its name, written with underscores.
        origin: The file's name, for messages.

    Returns:
        For each command the values of its options, under their names with underscores.

    Raises:
        UsageError: A key is no option of any command, or a table is no command; the nearest name is given.
    """
    known = {command: set(names) for command, names in options.items()}
    everywhere = set().union(*known.values()) if known else set()
    result: dict[str, dict[str, Any]] = {command: {} for command in known}
    for key, value in settings.items():
        if isinstance(value, dict):
            continue
        name = key.replace("-", "_")
        if name not in everywhere:
            raise _unknown(key, everywhere | set(known), origin)
        for command in known:
            if name in known[command]:
                result[command][name] = value
    for table, content in settings.items():
        if not isinstance(content, dict):
            continue
        if table not in known:
            raise _unknown(f"[{table}]", known, origin)
        for key, value in content.items():
            name = key.replace("-", "_")
            if name not in known[table]:
                raise _unknown(f"{key} of [{table}]", known[table], origin, near=key)
            result[table][name] = value
    return result


def _unknown(what: str, names: Iterable[str], origin: str, near: str = "") -> UsageError:
    """Return the error of a key that means nothing, with the name that was perhaps meant."""
    written = (near or what).strip("[]").replace("-", "_")
    meant = get_close_matches(written, sorted(names), n=1, cutoff=0.5)
    hint = f"Did you mean {meant[0].replace('_', '-')}?" if meant else "See `bwcolor COMMAND --help` for the options."
    return UsageError(f"{origin}: {what} is no setting.", hint)
