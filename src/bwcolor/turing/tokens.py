# SPDX-License-Identifier: Apache-2.0
"""Signed tokens: what a browser hands back is what this study gave it, and not older than it may be.

A token is its content and an HMAC-SHA256 of that (RFC 2104), both in base64url. Anyone can read the content; so it
names a participant by a random number, a trial by its place in their sequence, and nothing of what is true.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import stat
from dataclasses import astuple, dataclass
from pathlib import Path

from bwcolor.errors import OutputError, UsageError

SECRET_NAME = "secret"
SECRET_BYTES = 32
LONGEST = 400  # characters of a token
# Seconds for which a token is good
SESSION_SECONDS = 6 * 3600
TRIAL_SECONDS = 15 * 60


class Refusal(Exception):
    """A request that is not obeyed.

    Args:
        status: HTTP status.
        reason: One line, for the browser.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Claim:
    """What a token says.

    Attributes:
        participant: Random name of the participant.
        issued: Seconds since 1970.
        trial: Place in the participant's sequence, from 0; -1 for a session.
        nonce: Random name of this dealing of the trial; empty for a session.
    """

    participant: str
    issued: int
    trial: int = -1
    nonce: str = ""


class Seal:
    """Signs and reads the tokens of one study.

    Args:
        secret: Known to nobody else.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, claim: Claim) -> str:
        """Return a claim's token."""
        content = _text(json.dumps(astuple(claim), separators=(",", ":")).encode())
        return f"{content}.{_text(self._mac(content))}"

    def read(self, token: object, now: float) -> Claim:
        """Return what a token of this study claims.

        Args:
            token: Whatever came.
            now: Seconds since 1970.

        Raises:
            Refusal: It is no token, not one of this study, or too old.
        """
        if not isinstance(token, str) or len(token) > LONGEST or not token.isascii():
            raise Refusal(400, "This is no token.")
        content, _, mac = token.partition(".")
        try:
            given = base64.urlsafe_b64decode(mac + "=" * (-len(mac) % 4))
        except (binascii.Error, ValueError):
            given = b""
        if not hmac.compare_digest(given, self._mac(content)):
            raise Refusal(403, "This session or trial was not given out by this study.")
        claim = Claim(*json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4))))
        if not 0 <= now - claim.issued <= (SESSION_SECONDS if claim.trial < 0 else TRIAL_SECONDS):
            raise Refusal(410, "This took too long; the session or the trial has expired.")
        return claim

    def _mac(self, content: str) -> bytes:
        return hmac.new(self._secret, content.encode("ascii"), hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def secret_of(folder: Path) -> bytes:
    """Return a study's secret; made where there is none yet, readable by its owner only.

    Args:
        folder: Of the study.

    Raises:
        UsageError: Others can read it, or it is damaged.
        OutputError: It cannot be made.
    """
    path = folder / SECRET_NAME
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = path.read_bytes()
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError(f"Others can read {path}, and could forge answers.", f"chmod 600 {path}") from None
        if len(secret) != SECRET_BYTES:
            raise UsageError(f"{path} is damaged.", "Delete it; sessions under way cannot go on then.") from None
        return secret
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.", "Give another --study.") from error
    with os.fdopen(handle, "wb") as file:
        secret = secrets.token_bytes(SECRET_BYTES)
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return secret
