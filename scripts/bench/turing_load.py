#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many participants at once in a real-or-fake study, over HTTP; and what became of every answer.

    python scripts/bench/turing_load.py [--participants 50] [--pairs 40] [--shown 1.0] [--kill 3] [--json]

A study of made pictures is served by a process of its own on 127.0.0.1. Each participant begins, and for each trial
asks for it, fetches its two pictures, waits --shown seconds, and answers; one answer in five is sent a second time,
which must be refused. With --kill the server is killed with SIGKILL so many times, spread over the run, and started
again on the same port; participants go on as the page in a browser does. In the end the study's file must hold every
answer that was acknowledged, as it was given, and none besides but those whose acknowledgement died with the server.
The exit code is 1 where it does not.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import signal
import socket
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path

import httpx2
import numpy as np
from PIL import Image

from bwcolor.turing.serving import bind, serve
from bwcolor.turing.store import Store
from bwcolor.turing.study import Request, begin

SIZE = (300, 400)  # pixels, height and width
REPEATED = 0.2  # share of answers that are sent twice
PATIENCE = 60.0  # seconds for which a server that is gone is waited for
SERVED = "served"


def make_study(folder: Path, pairs: int) -> None:
    """Write pictures and begin a study of them, in which every trial is a test."""
    draw = np.random.default_rng(0)
    for kind in ("truth", "ours", "theirs"):
        (folder / kind).mkdir(parents=True)
        for number in range(pairs):
            coarse = draw.integers(0, 256, (6, 8, 3), dtype=np.uint8)
            Image.fromarray(coarse).resize(SIZE[::-1]).save(folder / kind / f"{number}.png")
    predictions = (("ours", folder / "ours"), ("theirs", folder / "theirs"))
    begin(folder / "study", Request(folder / "truth", predictions, pairs=pairs, practice=0, vigilance=0))


class Server:
    """The server, in a process of its own."""

    def __init__(self, folder: Path, port: int, shown: float) -> None:
        self.words = (sys.executable, __file__, SERVED, str(folder), str(port), str(shown))
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(*self.words, stdout=asyncio.subprocess.PIPE)
        assert await self.process.stdout.readline() == b"ready\n"

    async def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return await self.process.wait()


class Crowd:
    """Participants, what they were told, and how long it took."""

    def __init__(self, address: str, shown: float) -> None:
        self.shown = shown
        self.client = httpx2.AsyncClient(base_url=address, timeout=30, limits=httpx2.Limits(max_connections=200))
        self.acknowledged: dict[tuple[str, int], int] = {}
        self.uncertain: dict[tuple[str, int], int] = {}  # sent, and the server died before it said anything
        self.refused: Counter[str] = Counter()
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)

    async def ask(self, method: str, path: str, content: object = None) -> httpx2.Response:
        """Ask until there is a reply; the seconds of replies at the first try are kept."""
        waited_until = time.monotonic() + PATIENCE
        while True:
            begun = time.perf_counter()
            try:
                reply = await self.client.request(method, path, json=content)
            except httpx2.TransportError:
                if time.monotonic() > waited_until:
                    raise
                if path == "/answer":
                    self.uncertain[place_of(content["token"])] = content["choice"]
                await asyncio.sleep(0.1)
                continue
            self.seconds[path.split("/")[1]].append(time.perf_counter() - begun)
            return reply

    async def take_part(self, chance: random.Random) -> None:
        """Answer every trial of one participant."""
        session = (await self.ask("POST", "/begin", {})).json()["session"]
        while True:
            trial = (await self.ask("POST", "/trial", {"session": session})).json()
            if trial.get("done"):
                return
            pictures = await asyncio.gather(*(self.ask("GET", f"/picture/{name}") for name in trial["pictures"]))
            if any(picture.status_code != 200 for picture in pictures):
                continue  # dealt by a server that is dead
            await asyncio.sleep(self.shown)
            answer = {"token": trial["token"], "choice": chance.randrange(2)}
            reply = await self.ask("POST", "/answer", answer)
            if reply.status_code != 200:
                self.refused[reply.json()["error"]] += 1
                continue
            self.acknowledged[place_of(trial["token"])] = answer["choice"]
            if chance.random() < REPEATED:
                again = await self.ask("POST", "/answer", answer | {"choice": 1 - answer["choice"]})
                self.refused["repeated" if again.status_code == 409 else f"repeated: {again.status_code}"] += 1


def place_of(token: str) -> tuple[str, int]:
    """Return the participant and the trial that a token names."""
    content = token.partition(".")[0]
    participant, _, trial, _ = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    return participant, trial


def audit(folder: Path, crowd: Crowd) -> dict[str, int]:
    """Hold the study's file against what participants were told."""
    store = Store(folder)
    kept = {}
    for name in {name for name, _ in crowd.acknowledged}:
        for each in store.trials(store.find(name)):
            if each.choice is not None:
                kept[name, each.number] = each.choice
    rows = sum(each.choice is not None for each in store.trials())
    store.close()
    sure, unsure = crowd.acknowledged, crowd.uncertain
    return {
        "acknowledged": len(sure),
        "kept": rows,
        "lost": len(sure.keys() - kept.keys()),
        "changed": sum(kept.get(place, choice) != choice for place, choice in sure.items()),
        "kept_without_acknowledgement": len(kept.keys() - sure.keys()),
        "never_given": len(kept.keys() - sure.keys() - unsure.keys()) + rows - len(kept),
    }


async def run(arguments: argparse.Namespace, folder: Path) -> dict[str, object]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(folder, port, arguments.shown)
    await server.start()
    crowd = Crowd(f"http://127.0.0.1:{port}", arguments.shown)
    whole = arguments.participants * arguments.pairs
    begun = time.monotonic()
    people = [asyncio.create_task(crowd.take_part(random.Random(number))) for number in range(arguments.participants)]
    for kill in range(arguments.kill):
        while len(crowd.acknowledged) < whole * (kill + 1) / (arguments.kill + 1):
            await asyncio.sleep(0.002)
        assert await server.end(signal.SIGKILL) == -signal.SIGKILL
        await server.start()
    await asyncio.gather(*people)
    seconds = time.monotonic() - begun
    await crowd.client.aclose()
    ended = await server.end(signal.SIGINT)
    found = audit(folder, crowd)
    right = found["lost"] == found["changed"] == found["never_given"] == 0 and found["kept"] == whole
    return {
        **found,
        "expected": whole,
        "refused": dict(crowd.refused),
        "kills": arguments.kill,
        "server_ended_with": ended,
        "seconds": round(seconds, 1),
        "answers_per_second": round(whole / seconds, 1),
        "milliseconds": {
            path: {f"p{p}": round(1000 * float(np.percentile(times, p)), 1) for p in (50, 99)}
            for path, times in crowd.seconds.items()
        },
        "right": right and crowd.refused.keys() <= {"repeated", *EXPECTED_AFTER_KILL},
    }


# What a participant is told whose server died between two requests
EXPECTED_AFTER_KILL = (
    "This trial has its answer.",
    "This trial does not lie before you; ask for it again.",
)


def main(words: list[str]) -> int:
    if words[:1] == [SERVED]:
        with bind("127.0.0.1", int(words[2])) as taken, suppress(KeyboardInterrupt):
            serve(Path(words[1]), taken, lambda size: print("ready", flush=True), float(words[3]))
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=50)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--shown", type=float, default=1.0, help="seconds; 0 answers as fast as the server can")
    parser.add_argument("--kill", type=int, default=0, help="how often the server is killed")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as place:
        make_study(Path(place), arguments.pairs)
        found = asyncio.run(run(arguments, Path(place) / "study"))
    print(json.dumps(found, indent=None if arguments.json else 2))
    return 0 if found["right"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
