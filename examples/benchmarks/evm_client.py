"""Ethereum-compatible chains: our client against bare calls and against web3.

`python3 -m examples.benchmarks.evm_client` is the node that is asked: it answers at once and knows
nothing, so that only the client's own work is seen.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
from eth_abi.abi import decode, encode
from eth_hash.auto import keccak
from typing_extensions import override
from web3 import Web3

from adapters.evm import calls
from adapters.evm.client import Bounds, Endpoint
from examples.benchmarks.figure import Figure, Given, side_by_side

CALLS, READS, IN_FLIGHT = 512, 40, 32
BAR = {"calls": 0.8, "read": 1 / 8}
TOKEN = "0x" + "a5" * 20
WORD = "0x" + "00" * 31 + "07"
HEADERS = {"Content-Type": "application/json"}
BALANCE: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": "balanceOf",
        "stateMutability": "view",
        "inputs": [{"name": "account", "type": "address"}],
        "outputs": [{"name": "", "type": "uint256"}],
    }
]


class Answering(asyncio.Protocol):
    """One line of HTTP: whatever is asked is answered at once, under the same id."""

    _ID = re.compile(rb'"id": ?(\d+)')
    _LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)

    def __init__(self) -> None:
        self._rest = b""
        self._line: asyncio.WriteTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the line."""
        assert isinstance(transport, asyncio.WriteTransport), "it is written to"
        self._line = transport

    @override
    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._rest += data
        while (end := self._rest.find(b"\r\n\r\n")) >= 0:
            found = self._LENGTH.search(self._rest[:end])
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._rest) < whole:
                return
            body, self._rest = self._rest[end + 4 : whole], self._rest[whole:]
            result = "0x7a69" if b"eth_chainId" in body else WORD
            said = [
                {"jsonrpc": "2.0", "id": int(number), "result": result}
                for number in self._ID.findall(body)
            ]
            raw = json.dumps(said if body.startswith(b"[") else said[0]).encode()
            head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            assert self._line is not None, "it is open"
            self._line.write(f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def _node() -> Iterator[str]:
    """A node that knows nothing, in a process of its own; its address."""
    words = [sys.executable, "-m", "examples.benchmarks.evm_client"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None, "it tells its port"
        try:
            yield f"http://127.0.0.1:{int(running.stdout.readline())}"
        finally:
            running.terminate()


async def _all(one: Callable[[int], Awaitable[None]], count: int) -> None:
    """Do it so many times, with some under way together."""
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            await one(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(IN_FLIGHT):
            group.create_task(worker())


def _holder(number: int) -> str:
    """Somebody else's balance each time, so that no answer is another's."""
    return f"0x{number:040x}"


def _client(url: str) -> Iterator[Figure]:
    loop = asyncio.new_event_loop()

    async def opened() -> tuple[Endpoint, aiohttp.ClientSession]:
        ours = await Endpoint(url, "node", Bounds(in_flight=IN_FLIGHT)).__aenter__()
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        return ours, aiohttp.ClientSession(connector=connector)

    endpoint, session = loop.run_until_complete(opened())
    selector, raw = keccak(b"balanceOf(address)")[:4], bytes(range(200))

    async def call(number: int) -> None:
        data = calls.call("RepresentationToken", "balanceOf", _holder(number))
        told = await endpoint.call("eth_call", {"to": TOKEN, "data": f"0x{data.hex()}"}, "latest")
        calls.result("RepresentationToken", "balanceOf", bytes.fromhex(str(told)[2:]))

    async def bare(number: int) -> None:
        data = selector + encode(["address"], [_holder(number)])
        params = [{"to": TOKEN, "data": f"0x{data.hex()}"}, "latest"]
        told = await _posted(number, "eth_call", params)
        decode(["uint256"], bytes.fromhex(told[2:]))

    async def _posted(number: int, method: str, params: list[Any]) -> str:
        asked = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        async with session.post(url, data=json.dumps(asked).encode(), headers=HEADERS) as answer:
            return str(json.loads(await answer.read())["result"])

    async def send(_: int) -> None:
        await endpoint.send(raw)

    async def bare_send(number: int) -> None:
        await _posted(number, "eth_sendRawTransaction", [f"0x{raw.hex()}"])

    for name, ours, theirs in (("call", call, bare), ("send", send, bare_send)):
        rates = side_by_side(
            lambda ours=ours: loop.run_until_complete(_all(ours, CALLS)),  # type: ignore[misc]
            lambda theirs=theirs: loop.run_until_complete(_all(theirs, CALLS)),  # type: ignore[misc]
            work=CALLS,
        )
        yield Figure(
            name=f"evm.client.{name}",
            ours=rates[0],
            theirs=rates[1],
            baseline=f"bare aiohttp and eth-abi, {IN_FLIGHT} in flight; bar {BAR['calls']}x",
            unit="/s CPU",
        )
    yield _read(loop, url, call)
    loop.run_until_complete(endpoint.__aexit__())
    loop.run_until_complete(session.close())
    loop.close()


def _read(
    loop: asyncio.AbstractEventLoop, url: str, call: Callable[[int], Awaitable[None]]
) -> Figure:
    contract = Web3(Web3.HTTPProvider(url)).eth.contract(
        address=Web3.to_checksum_address(TOKEN), abi=BALANCE
    )
    holder = Web3.to_checksum_address(_holder(0))

    async def one_by_one() -> None:
        for number in range(READS):
            await call(number)

    rates = side_by_side(
        lambda: loop.run_until_complete(one_by_one()),
        lambda: [contract.functions.balanceOf(holder).call() for _ in range(READS)],
        work=READS,
    )
    return Figure(
        name="evm.client.read",
        ours=1e3 / rates[0],
        theirs=1e3 / rates[1],
        baseline=f"web3's contract.call(), same node; bar {BAR['read']:.3g}x of its time",
        unit="ms CPU",
    )


def figures(given: Given) -> Iterator[Figure]:
    """Calls and sends against bare ones, a read against web3's."""
    del given
    with _node() as url:
        yield from _client(url)


if __name__ == "__main__":
    asyncio.run(_serve())
