"""A node that cannot simulate, refuses or talks nonsense is told apart from such a contract."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from typing_extensions import override

from adapters.evm.assets import looking
from adapters.evm.assets.looked import Kind, Looked
from adapters.evm.client import Answer, Call, Endpoint, Lied, NodeError
from adapters.evm.questions import Question, answers, simulated

ONE = "0x" + "00" * 31 + "01"
TOKEN = "0x" + "a5" * 20
STEPS = [(TOKEN, TOKEN, b"\1"), (TOKEN, TOKEN, b"\2")]
WENT = {"status": "0x1", "returnData": ONE}
FAILED = {"status": "0x0", "returnData": "0x", "error": {"code": 3, "message": "", "data": "0x08"}}


@asynccontextmanager
async def node(**said: Any) -> AsyncIterator[Endpoint]:
    """A node that says one thing to whatever it is asked."""

    async def answering(request: web.Request) -> web.Response:
        asked = json.loads(await request.text())
        many = asked if isinstance(asked, list) else [asked]
        told = [{"jsonrpc": "2.0", "id": one["id"], **said} for one in many]
        return web.json_response(told if isinstance(asked, list) else told[0])

    app = web.Application()
    app.router.add_post("/", answering)
    async with TestServer(app) as server, Endpoint(str(server.make_url("/")), "north") as endpoint:
        yield endpoint


async def test_a_node_that_cannot_simulate_says_so() -> None:
    for code in (-32601, -32602):
        async with node(error={"code": code, "message": "no"}) as endpoint:
            assert await simulated(endpoint, STEPS) is None
    async with node(error={"code": -32005, "message": "limit"}) as endpoint:
        with pytest.raises(NodeError):
            await simulated(endpoint, STEPS)


async def test_each_step_went_or_failed_with_its_reason() -> None:
    async with node(result=[{"calls": [WENT, FAILED]}]) as endpoint:
        told = await simulated(endpoint, STEPS)
    assert told is not None
    assert [(one.succeeded, one.number()) for one in told] == [(True, 1), (False, 0)]
    assert told[1].data == b"\x08"


@pytest.mark.parametrize(
    "result",
    [
        None,
        "0x",
        [],
        [{}],
        [{"calls": [WENT]}],
        [{"calls": [WENT, {}]}],
        [{"calls": [WENT, {"status": "0x1", "returnData": "0xzz"}]}],
        [{"calls": [WENT, WENT]}, {"calls": []}],
    ],
)
async def test_a_simulation_of_another_form_is_a_lie(result: Any) -> None:
    async with node(result=result) as endpoint:
        with pytest.raises(Lied):
            await simulated(endpoint, STEPS)


async def test_what_a_contract_refuses_is_unknown_and_what_a_node_refuses_is_trouble() -> None:
    asked = [Question(TOKEN, "decimals()", "uint8"), Question(TOKEN, "symbol()", "string")]
    async with node(result=ONE) as endpoint:
        assert await answers(endpoint, asked) == [1, None]  # no text is written so
    async with node(result="0x") as endpoint:
        assert await answers(endpoint, asked) == [None, None]
    for code in (3, -32000):
        async with node(error={"code": code, "message": "execution reverted"}) as endpoint:
            assert await answers(endpoint, asked) == [None, None]
    for code in (-32603, -32000):
        async with node(error={"code": code, "message": "missing trie node"}) as endpoint:
            with pytest.raises(NodeError):
                await answers(endpoint, asked)
    async with node(result="0xzz") as endpoint:
        with pytest.raises(Lied):
            await answers(endpoint, asked)


@pytest.mark.parametrize("silent", range(3))
async def test_a_node_that_does_not_show_a_proxys_places_has_not_shown_that_there_is_none(
    silent: int,
) -> None:
    """Else its refusal is read as an address, or as code, and the command breaks off."""

    class Busy(Endpoint):
        @override
        async def batch(self, calls: Sequence[Call]) -> list[Answer]:
            said: list[Answer] = ["0x" + "00" * 32, "0x" + "00" * 32, "0x6001"]
            said[silent] = NodeError(-32005, "too many requests")
            return said

    seen = Looked(
        token="0x" + "01" * 20, network="eip155:1", kind=Kind.PLAIN, code_hash=b"", decimals=0,
        symbol="", supply=0, home=b"", home_asset=b"",
    )  # fmt: skip
    with pytest.raises(NodeError, match="too many requests"):
        await looking._behind(Busy("http://localhost/", "north"), seen)
    assert seen.findings == []
