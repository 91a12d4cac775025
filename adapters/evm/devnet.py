"""The dev chain behind JSON-RPC: HTTP and WebSocket, several endpoints, and a fault panel.

`python3 -m adapters.evm.devnet --port PORT --fund ADDRESS…` prints one line of JSON once it is
ready, and stops on SIGTERM; with `--tape FILE` it goes on with the chain that is kept there. Every
endpoint is the same chain; each can lie by itself. Loopback only: nothing of value belongs here.
Source: JSON-RPC 2.0; Ethereum execution-apis; geth's `eth_subscribe`.
"""

if __name__ == "__main__":  # what follows takes its time
    import gc

    from adapters.evm.pyevm import alone

    gc.set_threshold(50_000)  # what importing makes is no cycle to be sought
    alone()

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from adapters.evm.devchain import DevChain
from adapters.evm.devnode import DevNode, Lie, Refusal, block_json
from adapters.evm.tape import Tape

CHAIN_ID = 31_337
ENDPOINTS = ("north", "south", "east")
LARGEST = 4 * 1024 * 1024  # bytes of a request
BATCH = 1_000
HUGE = 64 * 1024 * 1024
IDLE_S = 1.0  # between blocks while nothing happens: each is a second of the chain's own time


@dataclass(slots=True)
class DevNet:
    """The chain, its nodes by name, and who listens to its heads."""

    chain: DevChain
    nodes: Mapping[str, DevNode]
    block_ms: int
    paused: bool = False
    listeners: dict[web.WebSocketResponse, str] = field(default_factory=dict)

    async def mine(self) -> None:
        """Make a block and ring the bell of whoever listens."""
        mined = self.chain.mine()
        for socket, subscription in list(self.listeners.items()):
            params = {"subscription": subscription, "result": block_json(mined)}
            said = {"jsonrpc": "2.0", "method": "eth_subscription", "params": params}
            with suppress(ConnectionError):
                await socket.send_str(json.dumps(said))

    async def tick(self) -> None:
        """Mine for ever, while nobody paused it: a block each `block_ms` as long as one is due."""
        idle_s = 0.0
        while True:
            await asyncio.sleep(self.block_ms / 1000)
            idle_s += self.block_ms / 1000
            if not self.paused and (self.chain.is_busy or idle_s >= IDLE_S):
                await self.mine()
                idle_s = 0.0

    async def do(self, command: Mapping[str, Any]) -> None:
        """Carry out a command of the fault panel. Errors: KeyError, ValueError."""
        match command["do"]:
            case "mine":
                for _ in range(int(command.get("blocks", 1))):
                    await self.mine()
            case "undo":
                self.chain.undo(int(command["depth"]), forget=bool(command.get("forget")))
            case "pause":
                self.paused = True
            case "resume":
                self.paused = False
            case "hold_final":
                self.chain.held_final = self.chain.finalized
            case "free_final":
                self.chain.held_final = None
            case "stale":
                self.nodes[command["at"]].stale = int(command["blocks"])
            case "lie":
                methods, times = tuple(command.get("methods", ())), int(command.get("times", 1))
                self.nodes[command["at"]].lie = Lie(str(command["is"]), methods, times)
            case unknown:
                raise ValueError(f"no command {unknown}")


def application(net: DevNet) -> web.Application:
    """Return the web application: `/NAME` is a node over HTTP or WebSocket, `/panel` the faults."""
    app = web.Application(client_max_size=LARGEST)

    async def http(request: web.Request) -> web.StreamResponse:
        node = net.nodes.get(request.match_info["name"])
        if node is None:
            return web.Response(status=404)
        try:
            asked = await request.json()
        except ValueError:
            return web.json_response(_error(None, -32700, "parse error"))
        many = asked if isinstance(asked, list) else [asked]
        lie = node.lie.told(_method(many[0] if many else None))
        strange = await _strange(request, lie)
        if strange is not None:
            return strange
        answers = [_answered(node, one, lie) for one in many[:BATCH]]
        return web.json_response(answers if isinstance(asked, list) else answers[0])

    async def socket(request: web.Request) -> web.StreamResponse:
        node = net.nodes.get(request.match_info["name"])
        if node is None:
            return web.Response(status=404)
        line = web.WebSocketResponse(max_msg_size=LARGEST)
        await line.prepare(request)
        try:
            async for message in line:
                if message.type is not WSMsgType.TEXT:
                    continue
                asked = json.loads(message.data)
                if _method(asked) == "eth_subscribe":
                    net.listeners[line] = hex(len(net.listeners) + 1)
                    said = {"jsonrpc": "2.0", "id": asked["id"], "result": net.listeners[line]}
                    await line.send_str(json.dumps(said))
                    continue
                await line.send_str(json.dumps(_answered(node, asked, "")))
        finally:
            net.listeners.pop(line, None)
        return line

    async def panel(request: web.Request) -> web.Response:
        try:
            await net.do(await request.json())
        except (KeyError, ValueError, AssertionError) as error:
            return web.json_response({"error": str(error)}, status=400)
        final = {"head": net.chain.head, "finalized": net.chain.finalized}
        return web.json_response({**final, "pool": len(net.chain.pool)})

    app.router.add_post("/panel", panel)
    app.router.add_post("/{name}", http)
    app.router.add_get("/{name}", socket)
    return app


def _method(asked: object) -> str:
    return str(asked.get("method")) if isinstance(asked, Mapping) else ""


def _error(of: object, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": of, "error": {"code": code, "message": message}}


def _answered(node: DevNode, asked: object, lie: str) -> dict[str, Any]:
    if not isinstance(asked, Mapping) or not isinstance(asked.get("params", []), Sequence):
        return _error(None, -32600, "invalid request")
    of = "another" if lie == "wrong_id" else asked.get("id")
    try:
        result = node.answer(_method(asked), asked.get("params", []), lie)
    except Refusal as refusal:
        return {"jsonrpc": "2.0", "id": of, "error": refusal.document}
    return {"jsonrpc": "2.0", "id": of, "result": result}


async def _strange(request: web.Request, lie: str) -> web.StreamResponse | None:
    """Return what a lying node answers instead of an answer, or nothing."""
    match lie:
        case "drop":
            assert request.transport is not None, "it asks over one"
            request.transport.close()
            return web.Response()
        case "busy":
            return web.Response(status=429, headers={"Retry-After": "1"})
        case "garbage":
            return web.Response(text="<html>bad gateway</html>")
        case "huge":
            return web.Response(body=b" " * HUGE)
        case "delay":
            await asyncio.sleep(3)
            return None
        case _:
            return None


@asynccontextmanager
async def served(
    funded: Sequence[bytes],
    *,
    port: int = 0,
    block_ms: int = 200,
    epoch: int = 2,
    chain_id: int = CHAIN_ID,
    names: Sequence[str] = ENDPOINTS,
    now: Callable[[], int] = lambda: int(time.time()),  # noqa: TID251  a chain has its own clock
    tape: Path | None = None,
) -> AsyncGenerator[tuple[DevNet, str]]:
    """Yield a running dev chain and its address; where `block_ms` is 0, only the panel mines."""
    kept = Tape(tape) if tape is not None else None
    chain = DevChain(chain_id, funded, now, epoch, tape=kept)
    net = DevNet(chain, {name: DevNode(chain) for name in names}, block_ms)
    runner = web.AppRunner(application(net), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    bound: Any = runner.addresses[0]
    try:
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(net.tick()) if block_ms else None
            yield net, f"http://127.0.0.1:{bound[1]}"
            if ticking is not None:
                ticking.cancel()
    finally:
        await runner.cleanup()
        if kept is not None:
            kept.close()


async def _main(arguments: argparse.Namespace) -> None:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if arguments.until_eof:
        loop.add_reader(sys.stdin, lambda: stopped.set() if not os.read(0, 1024) else None)
    funded = [bytes.fromhex(text.removeprefix("0x")) for text in arguments.fund]
    async with served(
        funded,
        port=arguments.port,
        block_ms=arguments.block_ms,
        epoch=arguments.epoch,
        tape=arguments.tape,
    ) as (net, url):
        genesis = f"0x{net.chain.blocks[0].header.hash.hex()}"
        ready = {"url": url, "endpoints": list(net.nodes), "genesis": genesis}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python3 -m adapters.evm.devnet")
    parser.add_argument("--port", type=int, default=0, help="on loopback; 0 for any")
    parser.add_argument("--block-ms", type=int, default=200, help="0: only the panel mines")
    parser.add_argument("--epoch", type=int, default=2, help="final twice this below the head")
    parser.add_argument("--fund", nargs="*", default=[], metavar="ADDRESS")
    parser.add_argument("--tape", type=Path, help="the chain that is kept in this file goes on")
    parser.add_argument("--until-eof", action="store_true", help="stop where standard input ends")
    try:
        asyncio.run(_main(parser.parse_args()))
    except OSError as error:  # its port is taken
        raise SystemExit(f"the dev chain ends: {error.strerror}") from error


if __name__ == "__main__":
    main()
