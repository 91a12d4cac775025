"""Whatever a gateway with the right key says, only the port's own errors cross the door."""

import asyncio
import json
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.bsn import sm2
from adapters.bsn.adapter import network_over
from adapters.bsn.certificates import Algorithm, KeyPoint
from adapters.bsn.devnet import texts
from adapters.bsn.network import ChannelNetwork
from adapters.bsn.pcn_answers import Untrusted, read_answer
from adapters.bsn.pcn_evidence import BLOCK_DATA
from adapters.bsn.pcn_wire import Heard
from adapters.bsn.signing import MacVerifier
from bridge.core.canonical import canonical
from bridge.core.effects import LockAsset
from bridge.core.ids import BEGINNING
from bridge.ports import AdapterError, Prepared, Unavailable
from schemas.bsn.gateway import ENDPOINTS
from schemas.bsn.shapes import Field, Kind
from tests.adapters.bsn.devnet.grounds import Here
from tests.adapters.virtual_loop import VirtualLoop

TEXTS = st.sampled_from(
    ["", "fabric", "Org1MSP", "settle", "ab" * 32, "zz", "{}", "AAAA", "CgQIARIA", "null"]
) | st.text(max_size=8)
RECORD = st.dictionaries(
    st.sampled_from(["network", "operators", "state", "ticket", "held_until", "holds", "units"]),
    st.sampled_from(["", "x", "5", ["a"], {"terms": "x"}, True]),
    max_size=4,
)
TOLD = st.lists(RECORD, max_size=5).map(lambda found: _canonical({"records": found}))


def _canonical(value: Any) -> str:
    return canonical(value).decode()


def value_of(shape: Field) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    match shape.kind:
        case Kind.INTEGER:
            return st.sampled_from([0, 1, 2, 11, 200, 409, 503, -1, (1 << 63) - 1])
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.OBJECT:
            return st.none() | body_of(shape.inside)
        case Kind.LIST:
            return st.lists(body_of(shape.inside), max_size=2)
        case Kind.TEXTS | Kind.TEXT_MAP:
            return st.none()
        case Kind.TEXT:
            return st.none() | (TOLD if shape.name == "ccData" else TEXTS)


def body_of(shape: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={one.name: value_of(one) for one in shape})


@dataclass
class Malice:
    """A wire whose answers are well signed and say anything."""

    here: Here
    draw: Any
    honest: int
    asked: list[str] = field(default_factory=list)

    async def post(self, path: str, data: bytes) -> Heard:
        self.asked.append(path)
        if len(self.asked) <= self.honest:
            return await self.here.wire.post(path, data)
        code = self.draw(st.sampled_from([0, 0, 0, -1]))
        msg = self.draw(st.sampled_from(["success", "LQ409 x", "LQ503 x", "处理失败"]))
        body = self.draw(st.none() | body_of(ENDPOINTS[path].response))
        mac = self.here.app.secret.mac(texts.response(path, code, msg, body))
        document = {"header": {"code": code, "msg": msg}, "mac": mac, "body": body}
        return Heard(200, json.dumps(document).encode())


async def everything(here: Here, wire: Malice, prepared: Prepared) -> None:
    """Each call of the door, once; AdapterError alone may come of it."""
    network = network_over(wire, here.settings(), here.clock)
    order = await here.bench().new_order()
    bench = here.bench()
    word = await bench.consent(order)
    act = bench.act(LockAsset(order))
    signed = await bench.signed(LockAsset(order), act)
    with suppress(Unavailable):
        await network.preflight(order, {})
    with suppress(AdapterError):
        await network.check()
    network._checked = True
    with suppress(Unavailable):
        await network.preflight(order, {})
    await network.consent_holds(order, word)
    for call in (
        lambda: network.prepare(LockAsset(order), act, signed),
        lambda: network.submit(prepared),
        lambda: network.look(prepared),
        lambda: first_page(network),
    ):
        with suppress(AdapterError, TimeoutError):
            async with asyncio.timeout(5):
                await call()


async def first_page(network: ChannelNetwork) -> None:
    async with aclosing(network.observe(BEGINNING)) as reading:
        await anext(reading)


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), honest=st.integers(0, 8))
def test_only_the_ports_errors_cross_the_door(
    data: st.DataObject, honest: int, tmp_path: Path
) -> None:
    async def run() -> None:
        here = Here(folder=tmp_path)
        bench = here.bench()
        prepared = await bench.prepare(LockAsset(await bench.new_order()))
        await everything(here, Malice(here, data.draw, honest), prepared)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(run())


@pytest.mark.parametrize("data", ["\x80", "AAAA\n", "A", "AA=A", "链桥", "AAAA"])
async def test_a_block_that_is_none_is_not_believed(data: str, tmp_path: Path) -> None:
    """Found by the test above: a sign outside ASCII in base64 ended in another error."""
    here = Here(folder=tmp_path)

    class Bent:
        async def post(self, path: str, data_: bytes) -> Heard:
            if path != BLOCK_DATA:
                return await here.wire.post(path, data_)
            body = {"blockData": data}
            mac = here.app.secret.mac(texts.response(path, 0, "success", body))
            header = {"code": 0, "msg": "success"}
            return Heard(200, json.dumps({"header": header, "mac": mac, "body": body}).encode())

    network = network_over(Bent(), here.settings(), here.clock)
    with pytest.raises(Unavailable, match=r"blockData|block:"):
        await network.check()


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\xff", b"[]", b"null", b"{}", b'{"header":1,"mac":"","body":null}', b"[" * 100_000,
        b'{"header":{"code":0,"msg":"\\ud800"},"mac":"","body":null}',
        b'{"header":{"code":1e9,"msg":""},"mac":"","body":null}',
        b'{"header":{"code":0,"msg":"","msg":""},"mac":"","body":null}',
        b'{"header":{"code":9999999999999999999999,"msg":""},"mac":"","body":null}',
        b" " * (1 << 20) + b"{}",
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_no_crash(raw: bytes, tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    bench = here.bench()
    prepared = await bench.prepare(LockAsset(await bench.new_order()))

    class Garbage:
        async def post(self, path: str, data: bytes) -> Heard:
            return Heard(200, raw)

    network = network_over(Garbage(), here.settings(), here.clock)
    network._checked = True
    for call in (network.submit(prepared), network.look(prepared), network.check()):
        with pytest.raises(AdapterError):
            await call
    async with aclosing(network.observe(BEGINNING)) as reading:
        with pytest.raises(AdapterError):
            await network._reader.head()
        del reading


@pytest.mark.parametrize(("deep", "why"), [(16, "mac"), (17, "nests deeper than 16")])
def test_an_answer_nests_so_deep_and_no_deeper(deep: int, why: str) -> None:
    path = "/api/fabric/v1/chainCode/event/remove"
    nested = b"[" * (deep - 1) + b"]" * (deep - 1)
    raw = b'{"header":{"code":0,"msg":""},"mac":"","body":{"x":' + nested + b"}}"
    with pytest.raises(Untrusted, match=why):
        read_answer(path, raw, MacVerifier(KeyPoint(Algorithm.SM2, sm2.GX, sm2.GY)))
