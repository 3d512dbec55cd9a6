# SPDX-License-Identifier: Apache-2.0
"""The page on which people judge color copies: one file with its script inside, and pictures beside it.

The scripts are joined in the order of their names into one, whose hash the page's policy names: nothing else runs.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from bwcolor.pages.document import STYLE, whole

HERE = Path(__file__).parent
# The page runs its own script and shows pictures that lie beside it; nothing is fetched, sent or embedded.
POLICY = (
    "default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'; script-src 'sha256-{}'; "
    "base-uri 'none'; form-action 'none'"
)
GENERATOR = '<meta name="generator" content="bwcolor review">'  # by this, a page is known as ours

# Colors that historic photographs often ask for
COLORS = (
    ("gray", "no color"),
    ("#7fa8d6", "sky"),
    ("#6b8f4e", "grass"),
    ("#41603a", "leaves"),
    ("#d8a48a", "light skin"),
    ("#8b5a3e", "dark skin"),
    ("#8a6a48", "wood"),
    ("#c8ab72", "straw, sand"),
    ("#9b4c38", "brick"),
    ("#8c8455", "khaki"),
    ("#33446e", "navy blue"),
    ("#a82c2c", "red"),
    ("#c9a13b", "brass, gold"),
    ("#6a4a7d", "violet"),
)


def review_page(told: Mapping[str, Any]) -> str:
    """Return the page.

    Args:
        told: Plain values, as the scripts read them: "id" (what the browser keeps verdicts under), "title", "radius"
            (of a hint's point, as a share of the short side), "samples" (models that know more than one coloring),
            "options" (sets of options) and "photos". Texts may hold anything, names that are no UTF-8 included.

    Returns:
        HTML.
    """
    script = scripts()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    colors = "".join(
        f'<button type="button" value="{value}" aria-label="{escape(name)}" title="{escape(name)}"></button>'
        for value, name in COLORS
    )
    title = escape(f"Review of {told['title']}")
    body = _file("review.html").replace("<h1></h1>", f"<h1>{title}</h1>")
    body = body.replace('aria-label="Usual colors"></div>', f'aria-label="Usual colors">{colors}</div>')
    body += f'<script type="application/json" id="review">{_inert(told)}</script>\n<script>{script}</script>'
    return whole(
        f"Review of {told['title']}",
        body,
        head=GENERATOR + "\n",
        policy=POLICY.format(digest),
        style=STYLE + _file("review.css"),
    )


def scripts() -> str:
    """Return the page's scripts as one, which shares no name with anything else."""
    parts = [path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.js"))]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def _file(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _inert(told: Mapping[str, Any]) -> str:
    """Return values as JSON in ASCII that no parser of HTML can take for a tag or the end of one."""
    text = json.dumps(told, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
