"""Schemathesis over the drawn description: thousands of requests, no failure of ours among them."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings

from bridge.api.app import ROUTES, build
from bridge.api.openapi import described
from bridge.api.tokens import Tokens
from bridge.core.ids import PersonId
from bridge.settings import ApiSettings
from tests.engine.river import river

CASES = 3_000


@dataclass
class Served:
    """A desk in a loop of its own, as a client across the wire sees it."""

    port: int
    token: str
    written: int


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The desk runs in another thread until the test is done."""
    ready, done = threading.Event(), threading.Event()
    told: list[Served] = []

    async def serve() -> None:
        async with river(folder) as water:
            tokens = Tokens(folder / "tokens.json")
            token = tokens.create(PersonId("li.wei"))
            app = build(
                water.ring,
                ApiSettings(rate_per_s=100_000, read_timeout_s=2),
                tokens,
                origin="test/river",
                clock=water.ring.clock,
            )
            server = TestServer(app)
            await server.start_server(auto_decompress=False)
            assert server.port is not None
            told.append(Served(server.port, token, water.journal.head.seq))
            ready.set()
            await asyncio.to_thread(done.wait)
            await server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(30)
        yield told[0]
    finally:
        done.set()
        thread.join(30)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of libraries the fuzzer brings, not of ours
def test_no_drawn_request_breaks_the_desk(tmp_path: Path) -> None:
    import requests
    import schemathesis
    from schemathesis.core.result import Ok

    document = json.loads(described(ROUTES))
    schema = schemathesis.openapi.from_dict(document)
    found = list(schema.get_all_operations())
    operations = [result.ok() for result in found if isinstance(result, Ok)]
    assert len(operations) == len(ROUTES)
    each = CASES // len(operations) + 1
    answered: Counter[int] = Counter()
    with (
        structlog.testing.capture_logs(),
        served(tmp_path) as desk,
        requests.Session() as session,
    ):
        for operation in operations:
            for mode in (
                schemathesis.GenerationMode.POSITIVE,
                schemathesis.GenerationMode.NEGATIVE,
            ):
                if mode is schemathesis.GenerationMode.NEGATIVE and not _has_input(operation):
                    continue

                @given(case=operation.as_strategy(generation_mode=mode))
                @settings(
                    max_examples=each,
                    database=None,
                    derandomize=True,
                    suppress_health_check=list(HealthCheck),
                )
                def drawn(case: Any) -> None:
                    status, media, body = _ask(session, desk, case)
                    answered[status] += 1
                    assert status < 500, (case.as_curl_command(), status, body)
                    if status >= 400:
                        assert media == "application/problem+json", (status, body)
                        assert set(json.loads(body)) >= {"code", "detail", "remedy"}

                drawn()
    assert answered.total() >= CASES, answered
    assert answered[200] > 0


def _has_input(operation: Any) -> bool:
    return bool(list(operation.iter_parameters()) or list(operation.body))


def _ask(session: Any, desk: Served, case: Any) -> tuple[int, str, bytes]:
    """Send a case as it was drawn, and read its answer; a stream is looked at, not followed."""
    sent = case.as_transport_kwargs(base_url=f"http://localhost:{desk.port}")
    sent["headers"] = {**(sent.get("headers") or {}), "Authorization": f"Bearer {desk.token}"}
    with session.request(**sent, timeout=20, stream=True) as answer:
        media = answer.headers.get("Content-Type", "").partition(";")[0]
        body = b"" if media == "text/event-stream" else answer.content
        return answer.status_code, media, body
