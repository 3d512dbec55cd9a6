# SPDX-License-Identifier: Apache-2.0
"""The study over HTTP: what is refused, what is kept, and that nothing a browser gets tells the truth."""

from __future__ import annotations

import asyncio
import io
import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from bwcolor.turing import desk as desks
from bwcolor.turing.desk import Desk
from bwcolor.turing.plan import TRUTH, Form, Kind
from bwcolor.turing.store import Store
from bwcolor.turing.tokens import SESSION_SECONDS, TRIAL_SECONDS, Claim, Seal
from bwcolor.turing.web import PIECE, _pieces, application


class Clock:
    """Time that stands still."""

    def __init__(self):
        self.at = 5_000.0

    def __call__(self):
        return self.at


class Participant:
    """A client that does as it is told."""

    def __init__(self, client, clock):
        self.client, self.clock = client, clock
        self.session = self.post("/begin", {})["session"]

    def post(self, path, content, status=200):
        reply = self.client.post(path, json=content)
        assert reply.status_code == status, reply.text
        return reply.json()

    def deal(self):
        return self.post("/trial", {"session": self.session})

    def look(self, trial, seconds=1.0):
        pictures = [self.client.get(f"/picture/{name}") for name in trial["pictures"]]
        self.clock.at += seconds
        return pictures

    def answer(self, trial, choice=0, status=200):
        return self.post("/answer", {"token": trial["token"], "choice": choice}, status)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(begun, clock):
    """Return an opener of studies; a second call with the same name is a server that was started again."""
    desks_open = []

    def open_study(name="study", **options):
        desk = Desk(begun(name, **options), clock=clock, now=clock)
        desks_open.append(desk)
        return desk, TestClient(application(desk))

    yield open_study
    for desk in desks_open:
        desk.close()


@pytest.fixture
def client(opened):
    return opened()[1]


@pytest.fixture
def someone(client, clock):
    return Participant(client, clock)


def kept(desk):
    return [(each.participant, each.number, each.choice) for each in desk.store.trials() if each.choice is not None]


def test_a_whole_session(opened, clock):
    desk, client = opened()
    someone = Participant(client, clock)
    for number in range(9):
        trial = someone.deal()
        assert trial["practice"] == (number < 2)
        assert (trial["number"], trial["of"]) == ((number + 1, 2) if number < 2 else (number - 1, 7))
        someone.look(trial)
        said = someone.answer(trial, number % 2)
        assert said.keys() == ({"right"} if number < 2 else set())
    end = someone.deal()
    answers = desk.store.trials()
    assert [each.choice for each in answers] == [number % 2 for number in range(9)]
    right = sum(each.choice == each.trial.fake for each in answers if each.trial.kind == Kind.TEST)
    assert end == {"done": True, "right": right, "of": 4}


def test_each_answer_counts_once(opened, clock):
    desk, client = opened()
    someone = Participant(client, clock)
    trial = someone.deal()
    someone.look(trial)
    someone.answer(trial, 1)
    for choice in (0, 1):
        assert "has its answer" in someone.answer(trial, choice, status=409)["error"]
    someone.look(someone.deal())
    someone.answer(trial, 0, status=409)
    assert kept(desk) == [(1, 0, 1)]


def test_too_early(someone):
    trial = someone.deal()
    assert "not been seen" in someone.answer(trial, status=409)["error"]
    someone.client.get(f"/picture/{trial['pictures'][0]}")
    someone.clock.at += 5
    someone.answer(trial, status=409)
    someone.client.get(f"/picture/{trial['pictures'][1]}")
    someone.clock.at += 0.9
    someone.answer(trial, status=409)
    someone.clock.at += 0.1
    someone.answer(trial)


def test_too_late(someone):
    trial = someone.deal()
    someone.look(trial, TRIAL_SECONDS + 1)
    assert "expired" in someone.answer(trial, status=410)["error"]
    again = someone.deal()
    assert again["number"] == trial["number"]
    someone.clock.at += SESSION_SECONDS
    someone.post("/trial", {"session": someone.session}, status=410)


def test_only_the_trial_that_was_dealt_last_is_answered(someone):
    first = someone.deal()
    someone.look(first)
    second = someone.deal()
    assert first["number"] == second["number"]
    assert "ask for it again" in someone.answer(first, status=409)["error"]
    someone.look(second)
    someone.answer(second)


def test_a_second_look_is_written_down(opened, clock):
    desk, client = opened()
    someone = Participant(client, clock)
    for looks in (1, 3):
        for _ in range(looks):
            trial = someone.deal()
            someone.look(trial)
        someone.answer(trial)
    half = someone.deal()
    someone.client.get(f"/picture/{half['pictures'][0]}")  # and then the connection broke
    trial = someone.deal()
    someone.look(trial)
    someone.answer(trial)
    assert [each.views for each in desk.store.trials() if each.choice is not None] == [1, 3, 1]


def test_pictures_are_given_out_once_and_only_while_they_lie_there(someone):
    trial = someone.deal()
    address = f"/picture/{trial['pictures'][0]}"
    assert someone.client.head(address).status_code == 405
    assert someone.client.get(address).status_code == 200
    assert someone.client.get(address).status_code == 404
    someone.deal()
    assert someone.client.get(f"/picture/{trial['pictures'][1]}").status_code == 404
    assert someone.client.get("/picture/nothing").status_code == 404


def test_forged_and_borrowed_tokens(opened, clock):
    desk, client = opened()
    someone, other = Participant(client, clock), Participant(client, clock)
    trial, others = someone.deal(), other.deal()
    someone.look(trial)
    forged = Seal(b"x" * 32).sign(Claim("0" * 32, int(clock()), 0, "nonce"))
    assert "not given out" in someone.answer({"token": forged}, status=403)["error"]
    someone.answer({"token": someone.session}, status=400)
    someone.post("/trial", {"session": trial["token"][:-3] + "AAA"}, status=403)
    unknown = desk._seal.sign(Claim("0" * 32, int(clock()), 0, "nonce"))
    assert "does not know you" in someone.answer({"token": unknown}, status=403)["error"]
    # pictures that somebody else was dealt are not seen by the other
    other.answer(others, status=409)
    assert kept(desk) == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"token"', 400),
        (b"{}", 400),
        (b'{"token": "x"}', 400),
        (b'{"token": "x", "choice": 0, "more": 1}', 400),
        (b'{"token": "x", "choice": 2}', 400),
        (b'{"token": "x", "choice": -1}', 400),
        (b'{"token": "x", "choice": true}', 400),
        (b'{"token": "x", "choice": 1.0}', 400),
        (b'{"token": "x", "choice": "1"}', 400),
        (b'{"token": "x", "choice": null}', 400),
        (b'{"token": ["x"], "choice": 1}', 400),
        (b'{"token": "\\ud800", "choice": 1}', 400),
        (b'{"token": "x", "choice": 1}', 403),
        (b"[" * 1900, 400),
        (b'{"token": "' + b"x" * 3000 + b'"}', 413),
        (b"\xff\xfe", 400),
    ],
)
def test_malformed_answers(client, content, status):
    reply = client.post("/answer", content=content, headers={"Content-Type": "application/json"})
    assert reply.status_code == status
    assert reply.json().keys() == {"error"}


def test_other_sites_cannot_answer_by_a_form(someone):
    trial = someone.deal()
    someone.look(trial)
    content = json.dumps({"token": trial["token"], "choice": 0})
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert someone.client.post("/answer", content=content, headers={"Content-Type": kind}).status_code == 415
    reply = someone.client.options(
        "/answer", headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert not [name for name in reply.headers if name.startswith("access-control")]
    assert someone.client.get("/answer").status_code == 405


def test_a_server_that_was_started_again_knows_its_participants(opened, clock):
    desk, client = opened()
    someone = Participant(client, clock)
    first = someone.deal()
    someone.look(first)
    someone.answer(first, 1)
    second = someone.deal()
    someone.look(second)
    desk.store.close()  # as a killed server leaves it, but for the file's lock
    desk.close = lambda: None
    someone.client = opened()[1]
    someone.answer(first, 0, status=409)
    assert "ask for it again" in someone.answer(second, status=409)["error"]
    again = someone.deal()
    assert again["number"] == second["number"]
    someone.look(again)
    someone.answer(again)


def test_seats_that_are_given_up_are_found_again(opened, clock, monkeypatch):
    monkeypatch.setattr(desks, "MOST_SEATS", 2)
    desk, client = opened()
    people = [Participant(client, clock) for _ in range(5)]
    for _ in range(3):
        for someone in people:
            trial = someone.deal()
            someone.look(trial)
            someone.answer(trial)
    assert len(desk._seats) == 2
    assert len(desk._names) == 0
    assert Counter(who for who, _, _ in kept(desk)) == dict.fromkeys(range(1, 6), 3)


def test_a_study_that_is_full(opened, clock, monkeypatch):
    monkeypatch.setattr(desks, "MOST_PARTICIPANTS", 2)
    _, client = opened()
    for _ in range(2):
        Participant(client, clock)
    assert client.post("/begin", json={}).status_code == 409


@pytest.mark.parametrize("read", [0, 1, 2, 3])
def test_a_picture_whose_connection_broke_was_not_sent(read):
    sent = []

    async def some():
        pieces = _pieces(b"x" * (2 * PIECE + 1), lambda: sent.append(True))
        for _ in range(read):
            await anext(pieces)
        if read == 3:
            with pytest.raises(StopAsyncIteration):
                await anext(pieces)
        await pieces.aclose()

    asyncio.run(some())
    assert bool(sent) == (read == 3)


def decoded(reply):
    with Image.open(io.BytesIO(reply.content)) as image:
        assert image.info == {}
        return np.asarray(image).tobytes()


@pytest.mark.parametrize("form", list(Form))
def test_nothing_but_the_pixels_tells_the_truth(opened, clock, form):
    """All that a browser gets of a trial is the same, whichever picture is the fake, but for random names."""
    desk, client = opened(form=form)
    what = {png: system for (_, system), png in desk._pictures.items()}
    places, names = Counter(), []
    for _ in range(6):
        someone = Participant(client, clock)
        for _ in range(9):
            dealt = someone.deal()
            trial, replies = dict(dealt), someone.look(dealt)
            truth = desk.store.trials(len(desk.store.trials()) // 9)
            fake = next(each for each in truth if each.choice is None).trial
            shown = [what[reply.content] for reply in replies]
            if form == Form.PAIRS:
                assert shown[fake.fake] == fake.system
                assert shown[1 - fake.fake] == TRUTH
                assert decoded(replies[0]) != decoded(replies[1])
            assert len({len(reply.content) for reply in replies}) == 1
            assert len({tuple(reply.headers.items()) for reply in replies}) == 1
            names += trial.pop("pictures")
            claim = desk._seal.read(trial.pop("token"), clock())
            names.append(claim.nonce)
            place = claim.trial
            assert claim == Claim(claim.participant, int(clock.at - 1), place, claim.nonce)
            numbers = (True, place + 1, 2) if place < 2 else (False, place - 1, 7)
            with Image.open(io.BytesIO(replies[0].content)) as image:
                assert trial == {**dict(zip(("practice", "number", "of"), numbers, strict=True)), "size": [*image.size]}
            if fake.kind != Kind.PRACTICE:
                places[fake.fake] += 1
            said = someone.answer(dealt, 0)
            assert said == ({"right": fake.fake == 0} if fake.kind == Kind.PRACTICE else {})
    # what is random is long, and never comes again
    assert {len(name) for name in names} == {22}
    assert len(set(names)) == len(names)
    assert min(places.values()) >= 6 * 2  # both sides come up


def test_no_picture_comes_twice_to_one_participant(opened, clock):
    _, client = opened()
    someone = Participant(client, clock)
    seen = Counter()
    for _ in range(9):
        trial = someone.deal()
        seen.update(reply.content for reply in someone.look(trial))
        someone.answer(trial)
    assert set(seen.values()) == {1}


def test_headers_keep_nothing_and_tell_nothing(someone):
    trial = someone.deal()
    for reply in (*someone.look(trial), someone.client.get("/")):
        assert reply.headers["cache-control"] == "no-store"
        assert not {"etag", "last-modified", "set-cookie", "content-encoding"} & set(reply.headers)
        assert "default-src 'none'" in reply.headers["content-security-policy"]


def test_the_page_loads_nothing_and_is_whole(client):
    page = client.get("/").text
    assert "{{" not in page
    assert "<!--" not in page
    assert "://" not in page
    assert 'src="' not in page
    assert "then 7 trials, a few easy ones among them" in page  # tests and obvious fakes are counted together


def test_nothing_personal_is_in_the_file(begun, clock, tmp_path):
    folder = begun()
    desk = Desk(folder, clock=clock, now=clock)
    client = TestClient(application(desk), headers={"User-Agent": "Netscape 4.08", "X-Forwarded-For": "203.0.113.9"})
    someone = Participant(client, clock)
    trial = someone.deal()
    someone.look(trial)
    someone.answer(trial)
    desk.close()
    store = Store(folder)
    columns = {
        table: {name for _, name, *_ in store._ask(f"PRAGMA table_info({table})")}
        for (table,) in store._ask("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    store.close()
    assert columns["participants"] == {"number", "name"}
    assert columns["trials"] == {
        "participant", "number", "kind", "photo", "system", "fake", "choice", "views",
    }  # fmt: skip
    for path in folder.iterdir():
        content = path.read_bytes()
        for word in (b"Netscape", b"203.0.113.9", b"testclient"):
            assert word not in content
