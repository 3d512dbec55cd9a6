# SPDX-License-Identifier: Apache-2.0
"""A whole page in one file: light and dark, readable aloud, without a script and without a network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

# The page may load nothing: pictures are inside it.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1a; --soft: #5c5a55; --paper: #fbfaf7; --card: #ffffff; --line: #d9d6cd;
  --accent: #8a4b08; --good: #1d6b33; --bad: #a3262a; --mark: #fff1d6; --s0: #8a4b08; --s1: #1f5fa8; --s2: #1d6b33;
  --s3: #8c2f7a; --s4: #a3262a; --s5: #4a4a8c; --base: #6f6c65; }
@media (prefers-color-scheme: dark) { :root { --ink: #ece9e2; --soft: #aaa69c; --paper: #161615; --card: #1f1f1d;
  --line: #3b3a36; --accent: #e6a55c; --good: #7cc68f; --bad: #ef8b87; --mark: #3a2f1c; --s0: #e6a55c; --s1: #84b6ee;
  --s2: #7cc68f; --s3: #dc95cd; --s4: #ef8b87; --s5: #a9a9ea; --base: #9a968c; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main, header, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; } footer { padding-bottom: 2rem; color: var(--soft); font-size: .875rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; overflow-wrap: anywhere; }
p { max-width: 46rem; margin: .5rem 0; } .soft { color: var(--soft); }
a { color: var(--accent); } a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; margin: .75rem 0 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
caption { text-align: left; color: var(--soft); padding: .25rem 0; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } thead th { border-bottom: 2px solid var(--line); }
.words { text-align: left; white-space: normal; min-width: 16rem; }
td small { color: var(--soft); display: block; } td.best { background: var(--mark); font-weight: 600; }
svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .axis { stroke: var(--soft); } svg .grid { stroke: var(--line); } svg .quiet { fill: var(--soft); }
.plots, .row { display: flex; flex-wrap: wrap; gap: 1rem; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .6rem; max-width: 76rem; }
figure { margin: 0; }
figure img { width: 100%; height: auto; display: block; border-radius: 3px; background: var(--line); }
figcaption { font-size: .8rem; color: var(--soft); overflow-wrap: anywhere; }
article { border-top: 1px solid var(--line); padding-bottom: .75rem; }
.ramp { display: inline-block; width: 10rem; height: .7rem; vertical-align: middle; border-radius: 2px; }
@media print { nav, .skip { display: none; } article { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        title: Its heading.
        body: HTML.
    """

    title: str
    body: str

    @property
    def anchor(self) -> str:
        """What links point to."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.title.lower()).strip("-")


def readable(name: str) -> str:
    """Return a file name as text: bytes that are no UTF-8 become replacement characters."""
    return os.fsencode(name).decode("utf-8", "replace")


def page(title: str, lead: str, sections: Sequence[Section], foot: str, refresh: int = 0) -> str:
    """Return a whole HTML page.

    Args:
        title: Plain text.
        lead: HTML under the title.
        sections: In order; the page begins with links to them.
        foot: HTML at the end.
        refresh: Seconds after which the page loads itself again; 0 for never.
    """
    again = f'<meta http-equiv="refresh" content="{refresh}">\n' if refresh else ""
    links = "".join(f'<li><a href="#{part.anchor}">{escape(part.title)}</a></li>' for part in sections)
    parts = "\n".join(
        f'<section aria-labelledby="{part.anchor}"><h2 id="{part.anchor}">{escape(part.title)}</h2>\n'
        f"{part.body}\n</section>"
        for part in sections
    )
    body = (
        f"<header><h1>{escape(title)}</h1>\n{lead}\n"
        f'<nav aria-label="Parts of this page"><ul>{links}</ul></nav></header>\n'
        f'<main id="main">\n{parts}\n</main>\n<footer>{foot}</footer>'
    )
    return whole(title, body, head=again)


def whole(title: str, body: str, *, head: str = "", policy: str = POLICY, style: str = STYLE) -> str:
    """Return a whole HTML page around its body.

    Args:
        title: Plain text.
        body: HTML, with an element ``main`` to skip to.
        head: More HTML for the head.
        policy: What the page may load, as a Content-Security-Policy.
        style: CSS.
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'{head}<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">Skip to the content</a>\n{body}\n</body>\n</html>\n'
    )


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: Plain text.
        below: Smaller, under it.
        best: Whether it stands out.
        title: Shown where a pointer rests on it.
        words: Whether it holds words, which run to the left and over several lines.
    """

    text: str
    below: str = ""
    best: bool = False
    title: str = ""
    words: bool = False

    @property
    def attributes(self) -> str:
        """What its element says of it."""
        classes = " ".join(name for name, wanted in (("best", self.best), ("words", self.words)) if wanted)
        return (f' class="{classes}"' if classes else "") + (f' title="{escape(self.title)}"' if self.title else "")


def table(caption: str, head: Iterable[Cell], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table whose first row and first column are headings.

    Args:
        caption: What it shows, plain text.
        head: Of the columns, the corner first.
        rows: Each with its heading first.
    """
    top = "".join(f'<th scope="col"{cell.attributes}>{_inside(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row"{row[0].attributes}>{_inside(row[0])}</th>'
        + "".join(f"<td{cell.attributes}>{_inside(cell)}</td>" for cell in row[1:])
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def _inside(cell: Cell) -> str:
    below = f"<small>{escape(cell.below)}</small>" if cell.below else ""
    best = '<span class="soft" aria-label="best">★ </span>' if cell.best else ""
    return f"{best}{escape(cell.text)}{below}"
