"""The escrow as a service: a peer dials in, and many transactions share one stream.

    python -m adapters.bsn.chaincode.serve --address HOST:PORT --id PACKAGE_ID --name escrow

REGISTER, then REGISTERED and READY; each TRANSACTION fetches what it reads one key at a time, and
ends in COMPLETED. Without TLS, so on loopback only.
Source: Hyperledger Fabric 2.5, chaincode shim protocol.
"""

import argparse
import asyncio
import ipaddress
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import grpc
import grpc.aio

from adapters.bsn.chaincode.call import LARGEST_ARGUMENT, Outcome, Response
from adapters.bsn.chaincode.escrow import invoke, reads
from adapters.bsn.chaincode.proposal import call_of
from adapters.bsn.fabric_wire import (
    BadMessage,
    Message,
    blob,
    blobs,
    decode,
    encode,
    number,
    part,
    text,
)
from bridge.core.ids import Instant
from schemas.fabric.messages import ENUMS

KIND: Final = ENUMS["protos.ChaincodeMessage.Type"]
MESSAGE: Final = "protos.ChaincodeMessage"
ANSWER_S: Final = 30  # how long a peer may take to answer for one key
MOST_AT_ONCE: Final = 1_024  # transactions on one stream
_LIMITS: Final = [
    ("grpc.max_receive_message_length", 100 * 1024 * 1024),
    ("grpc.max_send_message_length", 100 * 1024 * 1024),
]


class PeerFailed(Exception):
    """Raised where the peer answers a question about its state with an error."""


class Conversation:
    """One peer's stream: what it asks, what we ask back, and what is still open."""

    def __init__(self, name: str, now: Callable[[], Instant], admits: Callable[[], str]) -> None:
        self._name = name
        self._now = now
        self._admits = admits
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._open: dict[tuple[str, str], asyncio.Queue[Message]] = {}

    async def spoken(self, incoming: AsyncIterator[bytes], package: str) -> AsyncIterator[bytes]:
        """Yield what the escrow says to this peer, until it hangs up."""
        hello = encode("protos.ChaincodeID", {"name": package})
        yield encode(MESSAGE, {"type": KIND["REGISTER"], "payload": hello})
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self._listen(incoming, tasks))
            while (said := await self._out.get()) is not None:
                yield said
            listening.cancel()

    async def _listen(self, incoming: AsyncIterator[bytes], tasks: asyncio.TaskGroup) -> None:
        try:
            async for raw in incoming:
                self._hear(decode(MESSAGE, raw), tasks)
        except BadMessage:
            pass  # a peer that does not speak the protocol is hung up on
        finally:
            self._out.put_nowait(None)

    def _hear(self, message: Message, tasks: asyncio.TaskGroup) -> None:
        kind = number(message, "type")
        key = text(message, "channel_id"), text(message, "txid")
        if kind == KIND["TRANSACTION"] and key not in self._open:
            if len(self._open) >= MOST_AT_ONCE:
                self._say("ERROR", key, b"too many transactions at once")
                return
            self._open[key] = asyncio.Queue()
            tasks.create_task(self._transaction(key, message))
        elif kind in {KIND["RESPONSE"], KIND["ERROR"]} and key in self._open:
            self._open[key].put_nowait(message)
        elif kind == KIND["KEEPALIVE"]:
            self._out.put_nowait(encode(MESSAGE, {"type": kind}))

    async def _transaction(self, key: tuple[str, str], message: Message) -> None:
        """Carry one call out against the peer's state, and end it whatever comes."""
        try:
            outcome = await self._outcome(key, message)
        except (BadMessage, PeerFailed, TimeoutError) as error:
            self._say("ERROR", key, str(error).encode())
        else:
            self._completed(key, outcome)
        finally:
            del self._open[key]

    async def _outcome(self, key: tuple[str, str], message: Message) -> Outcome:
        asked = decode("protos.ChaincodeInput", blob(message, "payload"))
        args = blobs(asked, "args")
        if sum(map(len, args)) > 2 * LARGEST_ARGUMENT:
            return Outcome(Response(400, "LQ400 the arguments are too long"))
        proposal = blob(part(message, "proposal"), "proposal_bytes")
        try:
            call = call_of(proposal, args, self._name, clock=self._now(), admits=self._admits())
        except BadMessage as error:
            return Outcome(Response(400, f"LQ400 {error}"))
        state = {}
        for name in reads(call):
            body = encode("protos.GetState", {"key": name})
            if found := await self._ask("GET_STATE", key, body):
                state[name] = found
        outcome = invoke(call, state)
        for name, value in outcome.writes:
            if value is None:
                await self._ask("DEL_STATE", key, encode("protos.DelState", {"key": name}))
            else:
                body = encode("protos.PutState", {"key": name, "value": value})
                await self._ask("PUT_STATE", key, body)
        return outcome

    async def _ask(self, kind: str, key: tuple[str, str], payload: bytes) -> bytes:
        """Return what the peer answers to one question of one transaction."""
        self._say(kind, key, payload)
        async with asyncio.timeout(ANSWER_S):
            answer = await self._open[key].get()
        if number(answer, "type") == KIND["ERROR"]:
            raise PeerFailed(blob(answer, "payload").decode("utf-8", "replace")[:200])
        return blob(answer, "payload")

    def _say(self, kind: str, key: tuple[str, str], payload: bytes, **more: object) -> None:
        message = {"type": KIND[kind], "channel_id": key[0], "txid": key[1], "payload": payload}
        self._out.put_nowait(encode(MESSAGE, message | more))

    def _completed(self, key: tuple[str, str], outcome: Outcome) -> None:
        said = outcome.response
        response = {"status": said.status, "message": said.message, "payload": said.payload}
        more: dict[str, object] = {}
        if outcome.event is not None:
            more["chaincode_event"] = {
                "chaincode_id": self._name,
                "tx_id": key[1],
                "event_name": outcome.event.name,
                "payload": outcome.event.payload,
            }
        self._say("COMPLETED", key, encode("protos.Response", response), **more)


async def serve(
    address: str,
    package: str,
    name: str,
    *,
    now: Callable[[], Instant],
    admits: Callable[[], str],
    stop: asyncio.Event,
) -> None:
    """Answer peers at a loopback address until `stop` is set.

    Errors: ValueError for an address that is not on loopback.
    """
    host, _, _ = address.rpartition(":")
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(f"{address}: without TLS a chaincode listens on loopback only")
    server = grpc.aio.server(options=_LIMITS)

    async def connect(
        incoming: AsyncIterator[bytes], context: "grpc.aio.ServicerContext[bytes, bytes]"
    ) -> AsyncIterator[bytes]:
        del context
        async for said in Conversation(name, now, admits).spoken(incoming, package):
            yield said

    methods = {"Connect": grpc.stream_stream_rpc_method_handler(connect)}
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("protos.Chaincode", methods),)
    )
    server.add_insecure_port(address)
    await server.start()
    await stop.wait()
    await server.stop(grace=1)


def _wall_clock() -> Instant:
    return Instant(time.time_ns() // 1_000_000)  # noqa: TID251 a process of its own


def _admitted(file: Path | None) -> str:
    """Return the digest of the configuration this organisation has agreed to, as written now."""
    with suppress(OSError):
        return file.read_text("ascii").strip() if file is not None else ""
    return ""


async def _main(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    file = Path(options.admitted) if options.admitted else None
    await serve(
        options.address,
        options.id,
        options.name,
        now=_wall_clock,
        admits=lambda: _admitted(file),
        stop=stop,
    )


def main() -> None:
    """Serve the escrow until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m adapters.bsn.chaincode.serve")
    parser.add_argument("--address", required=True, help="HOST:PORT that peers dial")
    parser.add_argument("--id", required=True, help="package id, as the peer calculates it")
    parser.add_argument("--name", required=True, help="the chaincode's name on the channel")
    parser.add_argument("--admitted", help="file with the SHA-256 of the agreed configuration")
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
