# SPDX-License-Identifier: Apache-2.0
"""Every participant is asked fairly: each photo once, sides and systems in balance, in an order of their own."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bwcolor.errors import UsageError
from bwcolor.turing.plan import DECOY, TRUTH, Form, Kind, Settings, draw, fit

SYSTEMS = ("ours", "theirs", "others")


@given(
    st.sampled_from(Form), st.integers(1, 30), st.integers(0, 9), st.integers(0, 9), st.integers(1, 3), st.integers(1)
)
def test_each_photo_once_and_sides_in_balance(form, pairs, practice, vigilance, systems, participant):
    settings = Settings(form, pairs, practice, vigilance)
    trials = draw(settings, SYSTEMS[:systems], participant, random.Random(participant))
    assert sorted(trial.photo for trial in trials) == list(range(settings.photos))
    assert all(trial.kind == settings.kind(trial.photo) for trial in trials)
    assert all(trial.kind == Kind.PRACTICE for trial in trials[:practice])
    assert all(trial.kind != Kind.PRACTICE for trial in trials[practice:])
    for kind in Kind:
        sides = Counter(trial.fake for trial in trials if trial.kind == kind)
        if form == Form.SINGLE and kind == Kind.VIGILANCE:
            assert not sides[0]
        else:
            assert abs(sides[0] - sides[1]) <= 1
    for trial in trials:
        assert (trial.system == DECOY) == (trial.kind == Kind.VIGILANCE)
        assert (trial.system == TRUTH) == (form == Form.SINGLE and trial.fake == 0)


def test_every_system_meets_every_photo_equally_often():
    chance = random.Random(0)
    met = Counter()
    for participant in range(1, 31):
        for trial in draw(Settings(pairs=10, practice=2, vigilance=2), SYSTEMS, participant, chance):
            met[trial.photo, trial.system] += 1
    assert {count for (_, system), count in met.items() if system != DECOY} == {10}


def test_order_and_vigilance_places_differ_between_participants():
    drawn = [draw(Settings(), SYSTEMS, who, random.Random(who)) for who in range(20)]
    assert len({tuple(trial.photo for trial in trials) for trials in drawn}) == 20
    places = {tuple(n for n, trial in enumerate(trials) if trial.kind == Kind.VIGILANCE) for trials in drawn}
    assert len(places) == 20


def test_settings_follow_from_what_is_there():
    usual = {"form": Form.PAIRS, "practice": 10, "vigilance": 6, "side": 400, "seed": 0}
    assert fit(200, pairs=None, **usual).pairs == 40
    assert fit(30, pairs=None, **usual).pairs == 14
    assert fit(56, pairs=40, **usual).pairs == 40
    with pytest.raises(UsageError, match=r"55 photos .* 40 pairs, 10 practice trials and 6 vigilance"):
        fit(55, pairs=40, **usual)
    with pytest.raises(UsageError, match="too few for 1 pairs"):
        fit(16, pairs=None, **usual)
