"""One endpoint that is slow, busy, gone or lying: each is told apart, and none keeps us waiting."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from adapters.evm.client import (
    BATCH,
    Answer,
    Bounds,
    Call,
    Endpoint,
    Lied,
    NodeError,
    Trouble,
    Unanswered,
    Unreachable,
)

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def node(answering: Answering, bounds: Bounds | None = None) -> AsyncIterator[Endpoint]:
    app = web.Application(client_max_size=10_000_000)
    app.router.add_post("/", answering)
    async with TestServer(app) as server, asked(server, bounds) as endpoint:
        yield endpoint


def asked(server: BaseTestServer, bounds: Bounds | None) -> Endpoint:
    return Endpoint(str(server.make_url("/")), "north", bounds)


def answer(request: object) -> dict[str, object]:
    assert isinstance(request, dict)
    if request["method"] == "refuse":
        error = {"code": 3, "message": "execution reverted", "data": "0x0102"}
        return {"jsonrpc": "2.0", "id": request["id"], "error": error}
    return {"jsonrpc": "2.0", "id": request["id"], "result": request["params"]}


async def honest(request: web.Request) -> web.Response:
    asked = await request.json()
    if isinstance(asked, list):
        return web.json_response([answer(one) for one in reversed(asked)])  # any order is allowed
    return web.json_response(answer(asked))


def saying(text: str, status: int = 200) -> Answering:
    async def answering(_: web.Request) -> web.Response:
        return web.Response(text=text, status=status, content_type="application/json")

    return answering


async def test_answers_go_to_their_questions_whatever_their_order() -> None:
    async with node(honest) as endpoint:
        assert await endpoint.call("echo", "a") == ["a"]
        calls = [("echo", (n,)) for n in range(2 * BATCH + 7)]
        assert await endpoint.batch(calls) == [[n] for n in range(2 * BATCH + 7)]


async def test_a_refusal_is_the_nodes_own_words_and_stands_in_its_place() -> None:
    async with node(honest) as endpoint:
        with pytest.raises(NodeError) as refused:
            await endpoint.call("refuse")
        assert (refused.value.code, refused.value.data) == (3, b"\x01\x02")
        first, second = await endpoint.batch([("refuse", ()), ("echo", (1,))])
        assert isinstance(first, NodeError)
        assert second == [1]


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "{}",
        '{"jsonrpc":"2.0","id":77,"result":"0x1"}',
        '{"jsonrpc":"2.0","id":0}',
        '{"jsonrpc":"2.0","id":0,"error":"no"}',
        '{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":"m","data":"0xzz"}}',
        '"0x1"',
        "1",
        "null",
        '[{"jsonrpc":"2.0","id":[0],"result":1}]',
        "x" * 5_000,
    ],
)
async def test_an_answer_to_no_question_of_ours_is_a_lie(text: str) -> None:
    async with node(saying(text), Bounds(largest=4_000)) as endpoint:
        with pytest.raises(Lied):
            await endpoint.call("echo")


async def test_an_answer_nested_without_end_is_a_lie() -> None:
    async with node(saying("[" * 300_000)) as endpoint:
        with pytest.raises(Lied):
            await endpoint.call("echo")


async def test_a_refusal_of_a_whole_batch_refuses_each() -> None:
    said = '{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"too many"}}'
    async with node(saying(said)) as endpoint:
        answers = await endpoint.batch([("echo", (1,)), ("echo", (2,))])
    assert [type(one) for one in answers] == [NodeError, NodeError]


async def test_a_busy_node_is_asked_again_and_a_transaction_is_sent_once() -> None:
    seen: list[str] = []

    async def busy(request: web.Request) -> web.Response:
        asked = await request.json()
        seen.append(asked["method"])
        if len(seen) < 3:
            return web.Response(status=429)
        return web.json_response(answer(asked))

    async with node(busy) as endpoint:
        assert await endpoint.call("echo", 1) == [1]
        assert len(seen) == 3
        seen.clear()
        with pytest.raises(Unreachable):
            await endpoint.send(b"\x02")
        assert seen == ["eth_sendRawTransaction"]


async def test_a_page_in_the_place_of_an_answer_is_waited_for_and_no_lie() -> None:
    """A proxy shows it in a node's place, with any status; a transaction may have passed it."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>back soon</html>", content_type="text/html")

    async with node(page, Bounds(tries=1)) as endpoint:
        with pytest.raises(Unanswered):
            await endpoint.call("echo")
        with pytest.raises(Unanswered):
            await endpoint.send(b"\x02")


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 407, 413])
async def test_a_node_that_does_not_let_us_in_is_waited_for_and_no_liar(status: int) -> None:
    """A key that ran out or a path that moved is for people to mend; nothing was heard, or sent."""

    async def shut(_: web.Request) -> web.Response:
        return web.Response(text="<html>no</html>", status=status, content_type="text/html")

    for answering in (shut, saying('{"message": "no"}', status)):
        async with node(answering, Bounds(tries=1)) as endpoint:
            with pytest.raises(Unreachable, match=f"north: status {status}"):
                await endpoint.call("echo", 1)
            with pytest.raises(Unreachable):
                await endpoint.send(b"\x02")


async def test_no_connection_sent_nothing_and_a_lost_answer_may_have() -> None:
    async with Endpoint("http://127.0.0.1:9/", "north", Bounds(tries=1)) as endpoint:
        with pytest.raises(Unreachable):
            await endpoint.send(b"\x02")

    async def dropped(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async def silent(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return await honest(request)

    for answering in (dropped, silent, saying("", 500)):
        async with node(answering, Bounds(timeout_s=0.2)) as endpoint:
            with pytest.raises(Unanswered):
                await endpoint.send(b"\x02")


async def test_nobody_is_sent_on_to_another_node() -> None:
    """A node that redirects would answer in another operator's name, or from inside our net."""
    moved = 0

    async def elsewhere(request: web.Request) -> web.Response:
        nonlocal moved
        moved += 1
        return await honest(request)

    app = web.Application()
    app.router.add_route("*", "/", elsewhere)
    async with TestServer(app) as other:
        for status in (301, 302, 307, 308):

            async def away(_: web.Request, status: int = status) -> web.Response:
                return web.Response(status=status, headers={"Location": str(other.make_url("/"))})

            async with node(away, Bounds(tries=1)) as endpoint:
                with pytest.raises(Unanswered):
                    await endpoint.call("echo", 1)
    assert moved == 0


async def test_an_answer_packed_wrongly_is_no_answer() -> None:
    async def garbled(_: web.Request) -> web.Response:
        return web.Response(body=b"no gzip at all", headers={"Content-Encoding": "gzip"})

    async with node(garbled, Bounds(tries=1)) as endpoint:
        with pytest.raises(Unanswered):
            await endpoint.call("echo", 1)


async def test_four_thousand_cancelled_calls_leave_it_alive() -> None:
    async def slow(request: web.Request) -> web.Response:
        asked = await request.json()
        if asked["method"] == "slow":
            await asyncio.sleep(0.5)
        return web.json_response(answer(asked))

    async def cancelled(endpoint: Endpoint) -> None:
        try:
            async with asyncio.timeout(0.01):
                await endpoint.call("slow")
        except (TimeoutError, Trouble):
            return

    async with node(slow) as endpoint:
        for _ in range(40):
            async with asyncio.TaskGroup() as group:
                for _ in range(100):
                    group.create_task(cancelled(endpoint))
        async with asyncio.timeout(5):
            assert await endpoint.call("echo", 1) == [1]


async def test_what_is_asked_is_json_rpc_as_the_standard_has_it() -> None:
    seen: list[object] = []

    async def record(request: web.Request) -> web.Response:
        seen.append(json.loads(await request.text()))
        return await honest(request)

    async with node(record) as endpoint:
        await endpoint.call("eth_call", {"to": "0x00"}, "latest")
    assert seen == [
        {"jsonrpc": "2.0", "id": 0, "method": "eth_call", "params": [{"to": "0x00"}, "latest"]}
    ]


async def at_once(endpoint: Endpoint, *asked: Call) -> "list[Answer | Trouble]":
    """What each asker gets who asks one thing at the same time."""

    async def told(call: Call) -> "Answer | Trouble":
        try:
            (answer,) = await endpoint.batch([call])
        except Trouble as trouble:
            return trouble
        return answer

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(told(call)) for call in asked]
    return [task.result() for task in tasks]


ECHO: tuple[Call, ...] = tuple(("echo", (n,)) for n in range(20))
ECHOED = [[n] for n in range(20)]


def counting(answering: Answering, seen: list[int]) -> Answering:
    """Note how many questions each request has; 0: it is no batch."""

    async def counted(request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        seen.append(len(asked) if isinstance(asked, list) else 0)
        return await answering(request)

    return counted


async def test_twenty_who_ask_at_once_share_a_request() -> None:
    seen: list[int] = []
    async with node(counting(honest, seen)) as endpoint:
        assert await at_once(endpoint, *ECHO) == ECHOED
        assert seen == [20]
        told = await at_once(endpoint, ("refuse", ()), ("echo", (1,)), ("echo", (1,)))
        assert isinstance(told[0], NodeError)
        assert told[1:] == [[1], [1]]
        assert seen[1:] == [2]


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_node_that_takes_no_batch_is_asked_one_by_one(*, wrapped: bool) -> None:
    seen: list[int] = []

    async def alone(request: web.Request) -> web.Response:
        if isinstance(await request.json(), list):
            error = {"code": -32600, "message": "batch too large"}
            refusal = {"jsonrpc": "2.0", "id": None, "error": error}
            return web.json_response([refusal] if wrapped else refusal)
        return await honest(request)

    async with node(counting(alone, seen)) as endpoint:
        for _ in range(6):
            assert await at_once(endpoint, *ECHO) == ECHOED
        seen.clear()
        assert await at_once(endpoint, *ECHO) == ECHOED
        assert seen == [0] * 20, "it was learned"
        if not wrapped:  # one asker's own batch is as they made it
            both = await endpoint.batch(ECHO[:2])
            assert [type(one) for one in both] == [NodeError, NodeError]


async def test_what_a_node_takes_at_once_is_learned() -> None:
    """A batch of one asker's own that it refuses says nothing of smaller ones."""
    seen: list[int] = []

    async def few(request: web.Request) -> web.Response:
        asked = await request.json()
        if isinstance(asked, list) and len(asked) > 6:
            return web.json_response({"id": None, "error": {"code": -32600, "message": "no"}})
        return await honest(request)

    async with node(counting(few, seen)) as endpoint:
        for _ in range(2):
            assert await at_once(endpoint, *ECHO) == ECHOED
        await endpoint.batch(3 * ECHO)
        seen.clear()
        assert await at_once(endpoint, *ECHO) == ECHOED
        assert max(seen) <= 6


def spoiled(said: str) -> Answering:
    """One that answers honestly but for what is asked together with `spoil`."""

    async def answering(request: web.Request) -> web.Response:
        asked = await request.json()
        many = asked if isinstance(asked, list) else [asked]
        if not any(one["method"] == "spoil" for one in many):
            return await honest(request)
        match said:
            case "busy":
                return web.Response(status=429)
            case "slow":
                await asyncio.sleep(5)
            case "huge":
                return web.Response(text=" " * 5_000, content_type="application/json")
            case "left out":
                return web.json_response([answer(one) for one in many if one["method"] != "spoil"])
            case "too much":
                error = {"code": -32003, "message": "response too large"}
                told = [{"jsonrpc": "2.0", "id": one["id"], "error": error} for one in many]
                return web.json_response(told if isinstance(asked, list) else told[0])
            case _:
                return web.Response(text="no json", content_type="application/json")
        return await honest(request)

    return answering


@pytest.mark.parametrize(
    ("said", "own"),
    [
        ("busy", Unreachable),
        ("slow", Unanswered),
        ("huge", Lied),
        ("left out", Lied),
        ("no json", Lied),
        ("too much", NodeError),
    ],
)
async def test_what_one_asker_spoils_is_their_own_trouble(said: str, own: type[Exception]) -> None:
    bounds = Bounds(timeout_s=0.5, largest=4_000, tries=2)
    async with node(spoiled(said), bounds) as endpoint:
        spoils, *others = await at_once(endpoint, ("spoil", ()), *ECHO)
    assert type(spoils) is own
    assert others == ECHOED


async def test_a_blocks_receipts_hold_up_nobody_and_a_transaction_is_sent_apart() -> None:
    slow, seen = asyncio.Event(), list[object]()

    async def answering(request: web.Request) -> web.Response:
        asked = await request.json()
        seen.append(asked)
        if isinstance(asked, dict) and asked["method"] == "eth_getBlockReceipts":
            await slow.wait()
        elif isinstance(asked, dict) and asked["method"] == "eth_sendRawTransaction":
            return web.json_response(answer(asked) | {"result": "0x01"})
        return await honest(request)

    async with node(answering) as endpoint, asyncio.TaskGroup() as group:
        large = group.create_task(endpoint.call("eth_getBlockReceipts", "0x7"))
        sent = group.create_task(endpoint.send(b"\x02"))
        assert await endpoint.call("echo", 1) == [1]
        assert await sent == "0x01"
        assert not large.done()
        slow.set()
    assert all(isinstance(one, dict) for one in seen), "each is a request of its own"
