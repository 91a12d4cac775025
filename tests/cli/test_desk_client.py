"""The demo's people ask a desk that is away for as long as a start takes, one only read once."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from bridge.cli.desk_client import DeskClient, Refusal

START_S = 25  # of a daemon, on a machine that has much else to do


class Session:
    """Requests to a daemon that is back after a while, whose time passes as it is slept."""

    def __init__(self, status: int, document: dict[str, str]) -> None:
        self.slept_s, self.keys = 0.0, list[str]()
        self._status, self._document = status, document

    async def sleep(self, seconds: float) -> None:
        self.slept_s += seconds

    @asynccontextmanager
    async def request(
        self, *_: object, headers: dict[str, str], **__: object
    ) -> AsyncGenerator[Any]:
        self.keys.append(headers["Idempotency-Key"])
        if self.slept_s < START_S:
            raise aiohttp.ClientConnectionError

        async def told(**_: object) -> dict[str, str]:
            return self._document

        yield SimpleNamespace(status=self._status, json=told)


def desk(folder: Path, session: Session) -> DeskClient:
    (folder / "data").mkdir()
    (folder / "token").write_text("of li.wei")
    client = {"url": "http://there", "tokens": {"li.wei": str(folder / "token")}, "keys": {}}
    (folder / "data" / "client.json").write_text(json.dumps(client))
    return DeskClient(folder, cast("aiohttp.ClientSession", session))


async def test_a_daemon_that_was_killed_is_asked_until_it_may_have_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(HTTPStatus.OK, {"settlement": "01"})
    monkeypatch.setattr(asyncio, "sleep", session.sleep)
    assert await desk(tmp_path, session).post("/v1/settlements", {}) == {"settlement": "01"}
    assert len(set(session.keys)) == 1, "it is the same request"


async def test_a_ledger_that_is_only_read_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(HTTPStatus.SERVICE_UNAVAILABLE, {"code": "LQ-READ-ONLY", "detail": "Full"})
    monkeypatch.setattr(asyncio, "sleep", session.sleep)
    session.slept_s = START_S
    with pytest.raises(Refusal, match="LQ-READ-ONLY"):
        await desk(tmp_path, session).post("/v1/settlements", {})
    assert session.slept_s == START_S
