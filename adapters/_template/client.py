"""How the door talks to a node: I/O, no meaning. Whatever goes wrong is said in words of the ports.

Three outcomes of a send, never two: it returns (taken), Refused or Unavailable (surely not taken),
or Uncertain (nobody knows: the first byte has left and no answer came). Every await on the world
has a limit of time, and every answer a limit of size; an answer not of this wire is Unavailable.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from adapters._template.codec import Holding, Pages, Standing


class Client:
    """A node's questions. The exam's closed gate (ON-51) is a node that answers none of them."""

    async def send(self, raw: bytes) -> None:
        """Hand a request over and return before finality; one known, or done, is taken silently.

        Errors: Unavailable, Refused, Uncertain.
        """
        raise NotImplementedError("client.send: hand the bytes over; silence is Uncertain")

    async def would_take(self, raw: bytes) -> None:
        """Return if the network would take a request now; nothing is taken.

        It returns too where the request's verb has landed already: `look` says so, no refusal does.
        Errors: Refused where it never can, Unavailable where time or people may change that.
        """
        raise NotImplementedError("client.would_take: a dry run of the request")

    async def holding(self, asset: str, part: str, account: str, gateway: str) -> Holding:
        """Return what an account has of an asset. Errors: Unavailable."""
        raise NotImplementedError("client.holding: what stands there against these names")

    async def standing(self, request: str, slot: str) -> Standing:
        """Return what became of a request, and its slot. Errors: Unavailable."""
        raise NotImplementedError("client.standing: the state of a request, and of its slot")

    async def pages(self, after: int, seen: str) -> Pages:
        """Return the final pages after that number, waiting for them below the engine's minute.

        It returns at once where the page the reader stands on is no longer `seen`.
        Errors: Unavailable.
        """
        raise NotImplementedError("client.pages: the next final pages, in order, by long poll")


@asynccontextmanager
async def reached(node: str) -> AsyncGenerator[Client]:
    """Yield the client of a node, its connections closed with the block; nothing is asked yet."""
    del node
    yield Client()
