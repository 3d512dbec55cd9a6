# SPDX-License-Identifier: Apache-2.0
"""The desk of a study: deals trials to participants and takes their answers, and keeps what is true to itself.

It knows nothing of HTTP. What a browser is given of a trial is a place in the sequence, the size of the pictures, and a
random name for each of them that is good for one look. All of it runs in one event loop; only the study's file is
written in threads.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bwcolor.turing.pictures import png
from bwcolor.turing.plan import TRUTH, Form, Kind, Trial, draw
from bwcolor.turing.store import Answered, Store
from bwcolor.turing.tokens import Claim, Refusal, Seal, secret_of

SHOWN_SECONDS = 1.0  # for which a trial's pictures are seen (Zhang, Isola, Efros 2016)
NAME_BYTES = 16  # of a random name
MOST_PARTICIPANTS = 10_000  # of a study
MOST_SEATS = 1_000  # participants that are kept in memory; others are read again when they come back


@dataclass(eq=False)
class _Deal:
    """A trial as it lies before a participant.

    Attributes:
        number: Its place in the sequence.
        nonce: Its random name.
        pictures: Random name and file of each picture, in their order.
        sent: When each was sent whole, by its name.
    """

    number: int
    nonce: str
    pictures: dict[str, bytes]
    sent: dict[str, float] = field(default_factory=dict)


@dataclass(eq=False)
class _Seat:
    """A participant at the desk.

    Attributes:
        participant: Their number.
        trials: All of their trials.
        at: Place of the first one without an answer.
        views: How often its pictures were sent whole.
        deal: What lies before them.
    """

    participant: int
    trials: list[Trial]
    at: int
    views: int = 0
    deal: _Deal | None = None


class Desk:
    """One study, open to participants.

    Args:
        folder: Of the study.
        shown: Seconds between the pictures and the first moment at which an answer is taken.
        clock: Seconds that only grow.
        now: Seconds since 1970.

    Raises:
        UsageError: There is no study.
    """

    def __init__(
        self,
        folder: Path,
        shown: float = SHOWN_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.store = Store(folder, write=True)
        self.study = self.store.study()
        self._seal = Seal(secret_of(folder))
        self._shown, self._clock, self._now = shown, clock, now
        self._pictures, self._sizes = {}, {}
        for photo, system, rgb in self.store.pictures():
            self._pictures[photo, system] = png(rgb)
            self._sizes[photo] = (rgb.shape[1], rgb.shape[0])
        self._seats: OrderedDict[str, _Seat] = OrderedDict()
        self._names: dict[str, _Seat] = {}
        self._participants = self.store.count()

    @property
    def size(self) -> int:
        """Bytes of all pictures, which are kept in memory."""
        return sum(map(len, self._pictures.values()))

    async def begin(self) -> dict[str, Any]:
        """Enroll a participant.

        Raises:
            Refusal: The study has as many as it takes.
        """
        if self._participants >= MOST_PARTICIPANTS:
            raise Refusal(409, "This study takes no more participants.")
        self._participants += 1
        name = secrets.token_hex(NAME_BYTES)
        trials = partial(draw, self.study.settings, self.study.systems, chance=random.SystemRandom())
        await asyncio.to_thread(self.store.enroll, name, trials)
        return {"session": self._seal.sign(Claim(name, int(self._now())))}

    async def deal(self, session: object) -> dict[str, Any]:
        """Lay the participant's next trial before them; the same one again where it was not answered.

        Args:
            session: Token of the session.

        Returns:
            The trial; when all are answered, how many they got right.

        Raises:
            Refusal: The token is none of this study, or too old.
        """
        claim = self._seal.read(session, self._now())
        seat = await self._seat(claim.participant)
        if seat.at == len(seat.trials):
            return await self._score(seat)
        trial = seat.trials[seat.at]
        self._clear(seat)
        shown = [self._pictures[trial.photo, system] for system in self._order(trial)]
        pictures = {secrets.token_urlsafe(NAME_BYTES): file for file in shown}
        seat.deal = _Deal(seat.at, secrets.token_urlsafe(NAME_BYTES), pictures)
        self._names.update(dict.fromkeys(pictures, seat))
        practice = self.study.settings.practice
        of = practice if trial.kind == Kind.PRACTICE else len(seat.trials) - practice
        return {
            "practice": trial.kind == Kind.PRACTICE,
            "number": seat.at + 1 if trial.kind == Kind.PRACTICE else seat.at + 1 - practice,
            "of": of,
            "pictures": list(pictures),
            "size": self._sizes[trial.photo],
            "token": self._seal.sign(Claim(claim.participant, int(self._now()), seat.at, seat.deal.nonce)),
        }

    def take(self, name: str) -> tuple[bytes, Callable[[], None]]:
        """Give out a picture, once.

        Args:
            name: Random name, as it was dealt.

        Returns:
            Its file, and what to call when it was sent whole.

        Raises:
            Refusal: There is none, or it was given out before.
        """
        seat = self._names.pop(name, None)
        if seat is None or seat.deal is None:
            raise Refusal(404, "There is no such picture, or it was given out before.")
        return seat.deal.pictures[name], partial(self._sent, seat, seat.deal, name)

    async def answer(self, token: object, choice: object) -> dict[str, Any]:
        """Take an answer.

        Args:
            token: Of the trial.
            choice: 0 or 1 (see `Trial.fake`).

        Returns:
            In practice trials whether it is right; else nothing.

        Raises:
            Refusal: It is malformed, forged, too old, repeated, too early, or to a trial that was dealt anew.
        """
        if type(choice) is not int or choice not in (0, 1):
            raise Refusal(400, "An answer is 0 or 1.")
        claim = self._seal.read(token, self._now())
        seat = await self._seat(claim.participant)
        if claim.trial < 0:
            raise Refusal(400, "This token is none of a trial.")
        if claim.trial < seat.at:
            raise Refusal(409, "This trial has its answer.")
        deal = seat.deal
        if deal is None or (deal.number, deal.nonce) != (claim.trial, claim.nonce):
            raise Refusal(409, "This trial does not lie before you; ask for it again.")
        if len(deal.sent) < len(deal.pictures) or self._clock() - max(deal.sent.values()) < self._shown:
            raise Refusal(409, "The pictures have not been seen yet.")
        first = await asyncio.to_thread(self.store.answer, seat.participant, deal.number, choice, seat.views)
        if seat.at == deal.number:
            self._clear(seat)
            seat.at, seat.views = deal.number + 1, 0
        if not first:
            raise Refusal(409, "This trial has its answer.")
        trial = seat.trials[deal.number]
        return {"right": choice == trial.fake} if trial.kind == Kind.PRACTICE else {}

    def close(self) -> None:
        """Close the study's file."""
        self.store.close()

    def _order(self, trial: Trial) -> list[str]:
        """Return what a trial's pictures are, in the order in which they are shown."""
        if self.study.settings.form == Form.SINGLE:
            return [trial.system]
        return [trial.system, TRUTH] if trial.fake == 0 else [TRUTH, trial.system]

    async def _seat(self, participant: str) -> _Seat:
        """Return a participant's seat, with what the study's file knows of them."""
        seat = self._seats.get(participant)
        if seat is None:
            number = await asyncio.to_thread(self.store.find, participant)
            if number is None:
                raise Refusal(403, "This study does not know you.")
            found: list[Answered] = await asyncio.to_thread(self.store.trials, number)
            at = next((each.number for each in found if each.choice is None), len(found))
            # another request of the same participant may have been as quick
            seat = self._seats.setdefault(participant, _Seat(number, [each.trial for each in found], at))
        self._seats.move_to_end(participant)
        while len(self._seats) > MOST_SEATS:
            self._clear(self._seats.popitem(last=False)[1])
        return seat

    def _clear(self, seat: _Seat) -> None:
        """Take away what lies before a participant."""
        if seat.deal is not None:
            for name in seat.deal.pictures:
                self._names.pop(name, None)
            seat.deal = None

    def _sent(self, seat: _Seat, deal: _Deal, name: str) -> None:
        deal.sent[name] = self._clock()
        if len(deal.sent) == len(deal.pictures) and deal.number == seat.at:
            seat.views += 1

    async def _score(self, seat: _Seat) -> dict[str, Any]:
        """Return what a participant may know in the end: how many of the tests they got right."""
        found = await asyncio.to_thread(self.store.trials, seat.participant)
        tests = [each for each in found if each.trial.kind == Kind.TEST]
        return {"done": True, "right": sum(each.choice == each.trial.fake for each in tests), "of": len(tests)}
