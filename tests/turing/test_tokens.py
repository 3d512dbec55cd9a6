# SPDX-License-Identifier: Apache-2.0
"""Only what this study signed is read, and only for a while; its secret is its owner's."""

import base64
import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bwcolor.errors import UsageError
from bwcolor.turing.tokens import SESSION_SECONDS, TRIAL_SECONDS, Claim, Refusal, Seal, secret_of

SEAL = Seal(b"s" * 32)
TRIAL = Claim("someone", 1000, 7, "nonce")


def refusal(token, now=1000.0, seal=SEAL):
    with pytest.raises(Refusal) as found:
        seal.read(token, now)
    return found.value.status


@given(st.text(max_size=20), st.integers(0, 2**40), st.integers(0, 99), st.text(max_size=10))
def test_what_was_signed_is_read(participant, issued, trial, nonce):
    claim = Claim(participant, issued, trial, nonce)
    token = SEAL.sign(claim)
    if len(token) <= 400:
        assert SEAL.read(token, issued) == claim


@pytest.mark.parametrize("token", [None, 7, [], {}, "x" * 401, "ä.ö"])
def test_what_is_no_token(token):
    assert refusal(token) == 400


@pytest.mark.parametrize("token", ["", ".", "a", "a.b", "..", "W10.", "=.=", "\0.\0"])
def test_what_nobody_signed(token):
    assert refusal(token) == 403


def test_forged_tokens():
    token = SEAL.sign(TRIAL)
    content, _, mac = token.partition(".")
    other = base64.urlsafe_b64encode(json.dumps(["someone", 1000, 8, "nonce"]).encode()).decode().rstrip("=")
    assert refusal(f"{other}.{mac}") == 403
    assert refusal(f"{content}.{mac[:-4]}AAAA") == 403
    assert refusal(token, seal=Seal(b"t" * 32)) == 403
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        # the last letter of a base64 text holds bits that mean nothing
        if place != len(token) - 1:
            assert refusal(changed) == 403


def test_tokens_expire():
    session = Claim("someone", 1000)
    assert SEAL.read(SEAL.sign(session), 1000 + SESSION_SECONDS) == session
    assert refusal(SEAL.sign(session), 1001 + SESSION_SECONDS) == 410
    assert SEAL.read(SEAL.sign(TRIAL), 1000 + TRIAL_SECONDS) == TRIAL
    assert refusal(SEAL.sign(TRIAL), 1001 + TRIAL_SECONDS) == 410
    assert refusal(SEAL.sign(TRIAL), 999) == 410


def test_a_token_says_nothing_of_what_is_true():
    content = SEAL.sign(TRIAL).partition(".")[0]
    assert json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4))) == ["someone", 1000, 7, "nonce"]


def test_the_secret_is_made_once_and_for_its_owner(tmp_path):
    secret = secret_of(tmp_path)
    assert len(secret) == 32
    assert secret_of(tmp_path) == secret
    assert secret_of(tmp_path.parent) != secret


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_secret_that_others_can_read_is_refused(tmp_path):
    secret_of(tmp_path)
    path = tmp_path / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        secret_of(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(UsageError, match="damaged"):
        secret_of(tmp_path)
