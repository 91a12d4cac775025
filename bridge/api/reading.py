"""A request becomes a value of its model, or a problem that names the place; nothing is guessed."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from bridge.api.problems import Trouble
from bridge.core.canonical import NotCanonical, canonical
from bridge.settings import ApiSettings
from schemas.api import Wire

DEPTH = 32
M = TypeVar("M", bound=Wire)


async def body_of(request: web.Request, model: type[M], settings: ApiSettings) -> M:
    """Return the body as `model`. Errors: Trouble."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Trouble(
            415,
            "LQ-ENCODING",
            "a compressed body is not read",
            remedy="send it without Content-Encoding",
            flaws=((("header", "Content-Encoding"), "unsupported"),),
        )
    if request.content_type != "application/json":
        raise Trouble(
            415,
            "LQ-MEDIA-TYPE",
            "the body is not application/json",
            remedy="send Content-Type: application/json",
            flaws=((("header", "Content-Type"), "unsupported"),),
        )
    raw = await _raw(request, settings)
    _well_formed(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        first = found[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Trouble(
            422,
            "LQ-BODY",
            f"{place or 'the body'}: {first['msg']}"[:300],
            remedy="GET /openapi.json describes the body",
            flaws=[(("body", *map(str, one["loc"])), one["type"]) for one in found[:20]],
        ) from None


async def _raw(request: web.Request, settings: ApiSettings) -> bytes:
    try:
        async with asyncio.timeout(settings.read_timeout_s):
            return await request.read()
    except TimeoutError:
        raise Trouble(
            408,
            "LQ-SLOW",
            f"the body was not there after {settings.read_timeout_s} s",
            remedy="send the whole body at once",
            headers={"Connection": "close"},
        ) from None


def _well_formed(raw: bytes) -> None:
    """Refuse what two readers could read in two ways: duplicates, numbers, depth."""
    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=_once, parse_int=_number, parse_float=_number,
            parse_constant=_number,
        )  # fmt: skip
    except _Bad as bad:
        raise _not_json(str(bad)) from None
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise _not_json("it is not JSON in UTF-8") from None
    if _depth(value) > DEPTH:
        raise _not_json(f"it is nested deeper than {DEPTH}")


class _Bad(Exception):
    """Raised for JSON that more than one reading is possible of; caught in this file."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Bad("a member stands twice in one object")
    return members


def _number(text: str) -> object:
    raise _Bad(f"the number {text[:20]}: amounts and counts are texts here")


def _depth(value: object) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        if deepest > DEPTH:
            break
        below: list[object] = []
        for one in level:
            if isinstance(one, dict):
                below += one.values()
            elif isinstance(one, list):
                below += one
        level = below
    return deepest


def _not_json(why: str) -> Trouble:
    return Trouble(
        400,
        "LQ-JSON",
        f"the body cannot be read: {why}",
        remedy="send one JSON object, its numbers as texts",
        flaws=((("body",), "not_json"),),
    )


def canonical_body(model: Wire | None, path: Mapping[str, str]) -> bytes:
    """Return the bytes whose hash says which request this is. Errors: Trouble."""
    body = {} if model is None else model.model_dump(mode="json", exclude_none=True)
    try:
        return canonical({"path": dict(path), "body": body})
    except NotCanonical as error:
        raise Trouble(
            422,
            "LQ-BODY",
            f"the body has no canonical form: {error}"[:300],
            remedy="no numbers, nulls, control characters; names are a-z, 0-9 and _",
            flaws=((("body",), "not_canonical"),),
        ) from None


def query_of(request: web.Request, known: Mapping[str, str]) -> dict[str, str]:
    """Return the query's parameters, each known, once, and of its form. Errors: Trouble."""
    flaws: list[tuple[Sequence[str], str]] = []
    taken: dict[str, str] = {}
    for name, value in request.query.items():
        if name not in known:
            flaws.append((("query", name[:64]), "unknown"))
        elif name in taken:
            flaws.append((("query", name), "twice"))
        elif not re.fullmatch(known[name], value):
            flaws.append((("query", name), "malformed"))
        else:
            taken[name] = value
    if flaws:
        allowed = ", ".join(sorted(known)) or "none"
        raise Trouble(
            400,
            "LQ-QUERY",
            f"the parameter {flaws[0][0][1]!r} is {flaws[0][1]}",
            remedy=f"parameters of this address: {allowed}",
            flaws=flaws[:20],
        )
    return taken
