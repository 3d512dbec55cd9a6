# SPDX-License-Identifier: Apache-2.0
"""What every test shares: one thread each, a clean environment, outside witnesses, a browser, real photographs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent

# Before torch and OpenCV are imported, here and in every process that a test starts: tests run side by side.
os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE", OPENCV_FOR_THREADS_NUM="1")
# Plain output of one width, whatever terminal the tests are started from.
os.environ.update(NO_COLOR="1", TERM="dumb", COLUMNS="120")

KEPT = ("BWCOLOR_PHOTOS",)


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("BWCOLOR_") and name not in KEPT]:
        monkeypatch.delenv(name)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that opens a page, so that none can forget to."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def go_without(what: str) -> None:
    """Fail where CI is set, and skip elsewhere."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not installed, and CI runs every check.")
    pytest.skip(f"{what} is not installed")


def find_witness(program: str) -> str:
    """Return the path of an outside program; a missing one fails where CI is set, and skips elsewhere."""
    found = shutil.which(program)
    if found is None:
        go_without(program)
    return str(found)


@pytest.fixture
def witness() -> Callable[[str], str]:
    """Return `find_witness`."""
    return find_witness


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return Debian's browser, driven by playwright; one for each module, since its event loop stays in the thread."""
    program = find_witness("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        go_without("playwright")
    with sync_playwright() as playwright:
        # containers give /dev/shm too little room
        browser = playwright.chromium.launch(executable_path=program, args=["--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Return an opener of pages: ``browse(address, width=390, height=844, dark=True, ...)``.

    What else is given goes to the browser context. In the end no page may have asked for anything outside this machine,
    failed in a script, or complained in its console; what a test expects of that it takes out of ``browse.complaints``.
    """
    complaints: list[str] = []
    contexts = []

    def opened(address: str, width: int = 1280, height: int = 720, dark: bool = False, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: None if is_here(request.url) else complaints.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(address)
        return page

    opened.complaints = complaints  # type: ignore[attr-defined]
    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def is_here(address: str) -> bool:
    """Return whether an address is a file, inside a page, or on this machine."""
    parts = urlsplit(address)
    return parts.scheme in ("file", "data", "blob", "about") or parts.hostname in ("127.0.0.1", "localhost")


@pytest.fixture(scope="session")
def photos() -> Path:
    """Return the folder of photographs that BWCOLOR_PHOTOS names, or the one beside the checkout."""
    named = os.environ.get("BWCOLOR_PHOTOS")
    folder = Path(named) if named else ROOT.parent / "shared" / "photos"
    if not folder.is_dir():
        pytest.skip(f"no photographs at {folder}; name a folder in BWCOLOR_PHOTOS")
    return folder
