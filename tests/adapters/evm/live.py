"""Chains that go on by themselves, with three operators' nodes before them, any of which may lie.

The dev chain answers as anvil does, so that what is deployed on the one is deployed on the other.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
import rlp
from aiohttp import web
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address
from typing_extensions import override

from adapters.evm.accounts import transaction_in
from adapters.evm.anvil import Node, Refusal
from adapters.evm.devchain import DevChain
from adapters.evm.devnet import DevNet, application
from adapters.evm.devnode import DevNode, forged, forged_block
from adapters.evm.devnode import Refusal as Refused
from tests.adapters.evm.anvil import AnvilChain, anvil
from tests.adapters.evm.chain import CHAIN_ID, Party
from tests.adapters.evm.stand import OPERATORS

BLOCK_S, EPOCH = 0.2, 2
FOR_EVER = 10**9
NOTHING_TO_DO = frozenset({"evm_setAutomine", "anvil_setBalance", "evm_setNextBlockTimestamp"})


class DevAsked(Node):
    """The dev chain of this process, asked as a node is."""

    def __init__(self, chain: DevChain) -> None:
        self.chain = chain
        self._node = DevNode(chain)

    @override
    def close(self) -> None:
        return

    @override
    def ask(self, method: str, *params: object) -> Any:
        if method in NOTHING_TO_DO:
            return None
        if method == "evm_mine":
            self.chain.mine()
            return None
        try:
            told = self._node.answer(method, params)
        except Refused as refusal:
            raise Refusal(cast("Mapping[str, Any]", refusal.document)) from refusal
        if method == "eth_getTransactionReceipt" and told is not None:
            return {"contractAddress": self._made(told), "gasUsed": "0x0", **told}
        return told

    def _made(self, receipt: Mapping[str, Any]) -> str:
        block = self.chain.blocks[int(receipt["blockNumber"], 16)]
        sent, sender = transaction_in(block.transactions[int(receipt["transactionIndex"], 16)])
        nonce = sent.nonce.to_bytes(8, "big").lstrip(b"\0")
        return "0x" + keccak(rlp.encode([sender, nonce]))[-20:].hex()


@dataclass
class LiveChain(AnvilChain):
    """A chain that somebody else mines too."""

    @override
    def _sent(self, by: Party, to: str | None, data: bytes, value: int = 0) -> dict[str, Any]:
        self.now = max(self.now, int(self.block("latest")["timestamp"], 16))
        return super()._sent(by, to, data, value)


@dataclass
class Live:
    """A chain, the addresses of its nodes by operator, and what lies in their names."""

    chain: LiveChain
    urls: Mapping[str, str]
    lie: Callable[[str, str], None]  # operator; forge_header, forge_receipt, stale
    mining: bool = True
    asked: dict[str, int] = field(default_factory=dict)

    async def mine(self) -> None:
        """Mine for ever."""
        while True:
            await asyncio.sleep(BLOCK_S)
            if self.mining:
                self.chain.node.ask("evm_mine")


def wall() -> int:
    return int(time.time())  # noqa: TID251 a daemon of its own reads the machine's clock


@asynccontextmanager
async def going(live: Live) -> AsyncGenerator[Live]:
    mining = asyncio.get_running_loop().create_task(live.mine())
    try:
        yield live
    finally:
        mining.cancel()
        with suppress(asyncio.CancelledError):
            await mining


@asynccontextmanager
async def listening(app: web.Application) -> AsyncGenerator[str]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bound: Any = runner.addresses[0]
    try:
        yield f"http://127.0.0.1:{bound[1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def on_devnet(funded: Iterable[Party]) -> AsyncGenerator[Live]:
    """The product's own dev chain, its nodes under its own fault panel."""
    chain = DevChain(CHAIN_ID, [party.bytes20 for party in funded], wall, EPOCH)
    net = DevNet(chain, {name: DevNode(chain) for name in OPERATORS}, 0)

    def lie(operator: str, kind: str) -> None:
        node = net.nodes[operator]
        if kind == "stale":
            node.stale = 10
            return
        methods = {"forge_header": "eth_getBlockByNumber", "forge_receipt": "eth_getBlockReceipts"}
        node.lie.kind, node.lie.methods, node.lie.times = kind, (methods[kind],), FOR_EVER

    async with listening(application(net)) as url:
        urls = {name: f"{url}/{name}" for name in OPERATORS}
        async with going(Live(LiveChain(node=DevAsked(chain)), urls, lie)) as live:
            yield live


@asynccontextmanager
async def on_anvil() -> AsyncGenerator[Live]:
    """An anvil behind three doors, each of which passes on what it is asked, or lies."""
    lies: dict[str, str] = {}
    with anvil() as behind:
        async with aiohttp.ClientSession() as session:

            async def passed(request: web.Request) -> web.Response:
                lie = lies.get(request.match_info["name"], "")
                asked = await request.json()
                many = asked if isinstance(asked, list) else [asked]
                async with session.post(behind, json=asked) as answer:
                    told = await answer.json()
                given = told if isinstance(told, list) else [told]
                methods = {one["id"]: one["method"] for one in many}
                for one in given:
                    if one.get("result") is not None:
                        one["result"] = lied(lie, methods[one["id"]], one["result"])
                return web.json_response(told)

            app = web.Application(client_max_size=2**24)
            app.router.add_post("/{name}", passed)
            async with listening(app) as url:
                urls = {name: f"{url}/{name}" for name in OPERATORS}
                with closing(Node(behind)) as node:
                    chain = LiveChain(node=node)
                    async with going(Live(chain, urls, lies.__setitem__)) as live:
                        yield live


def lied(lie: str, method: str, told: Any) -> Any:
    """What a node that lies makes of an answer."""
    if lie == "forge_header" and method == "eth_getBlockByNumber":
        return forged_block({**told, "parentHash": "0x" + "ab" * 32}, [])
    if lie == "forge_receipt" and method == "eth_getBlockReceipts" and told:
        return [forged(one) for one in told]
    if lie == "stale" and method == "eth_blockNumber":
        return hex(max(int(told, 16) - 10, 0))
    return told


def right(address: str) -> str:
    return str(to_checksum_address(address))
