# SPDX-License-Identifier: Apache-2.0
"""The desk over HTTP: one page, three questions in JSON, and pictures under names that are good once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bwcolor.errors import BwcolorError
from bwcolor.turing.desk import Desk
from bwcolor.turing.page import POLICY, page
from bwcolor.turing.tokens import Refusal

MOST_BYTES = 2048  # of a request's body
PIECE = 65536  # bytes of a picture that are sent at once
# Every answer has these and no others but type and length: nothing that is kept, nothing that tells pictures apart
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def application(desk: Desk) -> Starlette:
    """Return the web application of a study.

    Args:
        desk: Of the study.
    """
    whole = page(desk.study.settings)

    async def show(request: Request) -> Response:
        return Response(whole, media_type="text/html", headers=HEADERS)

    async def begin(request: Request) -> Response:
        await _content(request, ())
        return _json(await desk.begin())

    async def trial(request: Request) -> Response:
        (session,) = await _content(request, ("session",))
        return _json(await desk.deal(session))

    async def answer(request: Request) -> Response:
        token, choice = await _content(request, ("token", "choice"))
        return _json(await desk.answer(token, choice))

    async def picture(request: Request) -> Response:
        if request.method != "GET":
            raise HTTPException(405)
        file, sent = desk.take(request.path_params["name"])
        length = {"Content-Length": str(len(file))}
        return StreamingResponse(_pieces(file, sent), media_type="image/png", headers=HEADERS | length)

    routes = [
        Route("/", show),
        Route("/begin", begin, methods=["POST"]),
        Route("/trial", trial, methods=["POST"]),
        Route("/answer", answer, methods=["POST"]),
        Route("/picture/{name}", picture),
    ]
    return Starlette(routes=routes, exception_handlers={Refusal: _refuse, HTTPException: _refuse, BwcolorError: _fail})


async def _pieces(file: bytes, sent: Callable[[], None]) -> AsyncIterator[bytes]:
    """Yield a file in pieces, each when the network has room for it; tell when the last one is on its way."""
    for start in range(0, len(file), PIECE):
        yield file[start : start + PIECE]
    # not reached where the connection broke
    sent()


async def _content(request: Request, names: tuple[str, ...]) -> list[Any]:
    """Return what a request says under just these names.

    Raises:
        Refusal: It says something else. Browsers send JSON to another site only where that allows it, and this one
            never does.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal(415, "Only JSON is understood.")
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                raise Refusal(413, "This is too long.")
        content = json.loads(body)
    except (ValueError, RecursionError, ClientDisconnect):
        raise Refusal(400, "This is no JSON.") from None
    if not isinstance(content, dict) or content.keys() != set(names):
        raise Refusal(400, f"An object of {', '.join(names) or 'nothing'} is expected.")
    return [content[name] for name in names]


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(content, status, HEADERS)


def _refuse(request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, Refusal) else getattr(error, "status_code", 500)
    return _json({"error": str(error)}, status)


def _fail(request: Request, error: Exception) -> Response:
    return _json({"error": "The answer could not be kept; try again."}, 503)
