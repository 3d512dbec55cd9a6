# SPDX-License-Identifier: Apache-2.0
"""The page that participants see: one file that loads nothing but the pictures of their trials."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from bwcolor.pages.document import STYLE
from bwcolor.turing.plan import Form, Settings

SECONDS_PER_TRIAL = 4  # looking, deciding, and the way to the next one
_HERE = Path(__file__).parent
_SCRIPT = (_HERE / "participant.js").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode("ascii")

# Sent with everything: scripts are this page's own, and it talks to nobody but the study.
POLICY = (
    f"default-src 'none'; script-src 'sha256-{_HASH}'; style-src 'unsafe-inline'; img-src blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(settings: Settings) -> str:
    """Return the page of a study.

    Args:
        settings: Of the study.
    """
    html = (_HERE / "participant.html").read_text(encoding="utf-8")
    style = STYLE + (_HERE / "participant.css").read_text(encoding="utf-8")
    single = settings.form == Form.SINGLE
    # the other form's elements are left out, so that the page speaks of one task only
    html = re.sub(rf"<!-- {Form.PAIRS if single else Form.SINGLE} -->.*?<!-- end -->\n?", "", html, flags=re.DOTALL)
    html = re.sub(r" *<!-- (pairs|single|end) -->\n?", "", html)
    words = {
        "STYLE": style,
        "SCRIPT": _SCRIPT,
        "FORM": str(settings.form),
        "TASK": _task(settings),
        "TRIALS": str(settings.pairs + settings.vigilance),
        "MINUTES": str(max(round((settings.photos * SECONDS_PER_TRIAL) / 60), 1)),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], html)


def _task(settings: Settings) -> str:
    """Return how many trials there are, in words."""
    easy = ", a few easy ones among them" if settings.vigilance else ""
    trials = f"{settings.pairs + settings.vigilance} trials{easy}"
    if not settings.practice:
        return f"There are {trials}."
    return f"First come {settings.practice} for practice, which tell you whether you were right; then {trials}."
