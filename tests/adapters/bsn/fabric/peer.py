"""A peer that says what a test tells it to: the gateway service on a socket, without a ledger."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc
import grpc.aio

from adapters.bsn.fabric_wire import decode, encode
from schemas.fabric.messages import METHODS

DETAIL = "type.googleapis.com/gateway.ErrorDetail"


@dataclass(frozen=True)
class Said:
    """A status that is no success, and what each endorser or orderer said of it."""

    code: grpc.StatusCode
    text: str = ""
    details: tuple[str, ...] = ()

    def trailing(self) -> bytes:
        """The status as it rides in the trailing metadata."""
        told = [
            {"type_url": DETAIL, "value": encode("gateway.ErrorDetail", {"message": one})}
            for one in self.details
        ]
        body = {"code": self.code.value[0], "message": self.text, "details": told}
        return encode("google.rpc.Status", body)


Answer = Callable[[bytes], "bytes | Said"]


@dataclass
class Scripted:
    """What it answers by method; each call is noted."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    def says(self, method: str, what: "bytes | Said") -> None:
        """Answer every call of a method so."""
        self.answers[method] = lambda _: what

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[grpc.aio.Channel]:
        """A connection to it."""
        server = grpc.aio.server()
        methods = {
            path.rpartition("/")[2]: grpc.unary_unary_rpc_method_handler(self._handler(path))
            for path in METHODS
            if not path.endswith("Events")
        }
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("gateway.Gateway", methods),)
        )
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield channel
        finally:
            await server.stop(grace=None)

    def _handler(self, path: str) -> Callable[..., object]:
        name = path.rpartition("/")[2]

        async def answer(
            request: bytes, context: "grpc.aio.ServicerContext[bytes, bytes]"
        ) -> bytes:
            self.asked.append((name, request))
            said = self.answers[name](request)
            if isinstance(said, bytes):
                return said
            context.set_trailing_metadata((("grpc-status-details-bin", said.trailing()),))
            await context.abort(said.code, said.text)
            raise AssertionError("abort raises")

        return answer


def targets(request: bytes) -> list[str]:
    """The organisations that an Evaluate asks for."""
    found = decode("gateway.EvaluateRequest", request)["target_organizations"]
    assert isinstance(found, list | tuple)
    return list(found)
