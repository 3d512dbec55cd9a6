# SPDX-License-Identifier: Apache-2.0
"""The page that participants see: one file that loads nothing but the pictures of their trials."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from bwcolor.pages.document import STYLE, whole
from bwcolor.turing.plan import Form, Settings

TITLE = "Real or fake?"
SECONDS_PER_TRIAL = 4  # looking, deciding, and the way to the next one
# No icon is asked for, and no search engine shall list a study
HEAD = '<link rel="icon" href="data:,">\n<meta name="robots" content="noindex">\n'
_HERE = Path(__file__).parent
_SCRIPT = (_HERE / "participant.js").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode("ascii")

# Scripts are this page's own, and it talks to nobody but the study.
POLICY = (
    f"default-src 'none'; script-src 'sha256-{_HASH}'; style-src 'unsafe-inline'; img-src blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)


def page(settings: Settings) -> str:
    """Return the page of a study.

    Args:
        settings: Of the study.
    """
    html = (_HERE / "participant.html").read_text(encoding="utf-8")
    # the other form's elements are left out, so that the page speaks of one task only
    other = Form.PAIRS if settings.form == Form.SINGLE else Form.SINGLE
    html = re.sub(rf"<!-- {other} -->.*?<!-- end -->\n?", "", html, flags=re.DOTALL)
    html = re.sub(r"<!-- \w+ -->\n?", "", html)
    words = {
        "FORM": str(settings.form),
        "TASK": _task(settings),
        "TRIALS": str(settings.pairs + settings.vigilance),
        "MINUTES": str(max(round(settings.photos * SECONDS_PER_TRIAL / 60), 1)),
    }
    html = re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], html)
    style = STYLE + (_HERE / "participant.css").read_text(encoding="utf-8")
    return whole(TITLE, f"{html}<script>{_SCRIPT}</script>", head=HEAD, policy=POLICY, style=style)


def _task(settings: Settings) -> str:
    """Return how many trials there are, in words."""
    easy = ", a few easy ones among them" if settings.vigilance else ""
    trials = f"{settings.pairs + settings.vigilance} trials{easy}"
    if not settings.practice:
        return f"There are {trials}."
    return f"First come {settings.practice} for practice, which tell you whether you were right; then {trials}."
