"""A channel through a peer's own gateway service.

What is kept before it is sent is our signed proposal: `submit` has it endorsed, checks what came
back, signs that and hands it to the orderer. Peers admit a transaction's id once, and endorse no
proposal older than the window, so what was never seen by then is known to be lost.
"""

from collections.abc import Awaitable, Mapping
from typing import TypeVar

from adapters.bsn.chaincode.proposal import caller_of
from adapters.bsn.escrow_words import BadWords, act_of, question_of, records_of
from adapters.bsn.fabric_client import FabricClient
from adapters.bsn.fabric_evidence import Trusted, read_block
from adapters.bsn.fabric_outcomes import Bent
from adapters.bsn.fabric_proposals import arguments_of, read_proposal
from adapters.bsn.fabric_trust import Identity, Untrusted
from adapters.bsn.reading import Read
from bridge.core.act import Act
from bridge.core.canonical import Value
from bridge.core.ids import TxRef
from bridge.ports import Prepared, Unavailable, Uncertain

READ = "read"
T = TypeVar("T")


class FabricAccess:
    """One identity's way in, and where the channel's blocks are read."""

    def __init__(self, client: FabricClient, identity: Identity, trusted: Trusted) -> None:
        self._client = client
        self._trusted = trusted
        self._account = caller_of(identity.creator).account
        self._stopped = ""

    @property
    def account(self) -> str:
        """Who we are to the chain."""
        return self._account

    @property
    def stopped(self) -> str:
        """Why nothing is sent any more, or nothing."""
        return self._stopped

    async def check(self) -> None:
        """Nothing: a peer says nothing of itself; its first block and escrow are compared."""

    def request(self, verb: str, argument: bytes) -> tuple[TxRef, bytes]:
        """The transaction's id and the signed proposal; nothing is sent."""
        made = self._client.propose(verb, argument)
        return TxRef(made.tx), made.signed

    def act_in(self, item: bytes) -> Act:
        """The act that a proposal of ours carries; the ledger kept the very bytes."""
        _, argument = arguments_of(read_proposal(item))
        return act_of(argument)

    async def submit(self, prepared: Prepared) -> None:
        """Have the proposal endorsed, check and sign what came back, hand it to the orderer.

        Errors: Refused, Unavailable where nothing was ordered, Uncertain.
        """
        if self._stopped:
            raise Unavailable(f"sending is stopped: {self._stopped}")
        proposal = read_proposal(prepared.items[-1])
        try:
            envelope, _ = await self._client.endorse(proposal)
        except Bent as error:
            self.disagree(str(error))
            raise
        except Uncertain:
            if await self.status(prepared.tx) == 0:
                return  # it is there already: the peers endorse an id once
            raise
        await self._client.submit(proposal.tx, envelope)

    async def status(self, tx: TxRef) -> int | None:
        """A transaction's validation code, or None while this peer knows no block that holds it.

        Errors: Unavailable.
        """
        return await self._sure(self._client.status(tx))

    async def records(self, *keys: str) -> list[Mapping[str, Value]]:
        """What the escrow keeps under some keys, in their order. Errors: Unavailable, Refused."""
        raw = await self._sure(self._client.evaluate(READ, question_of(*keys)))
        try:
            found = records_of(raw.decode("utf-8", "replace"))
        except BadWords as error:
            raise self.disagree(str(error)) from error
        if len(found) != len(keys):
            raise self.disagree(f"{len(found)} records for {len(keys)}")
        return found

    async def head(self) -> tuple[int, str]:
        """How many blocks this peer has, and the last one's hash. Errors: Unavailable."""
        height, last = await self._sure(self._client.info())
        return height, last.hex()

    async def block(self, number: int) -> Read:
        """A block with its facts, signed by its witnesses. Errors: Unavailable."""
        evidence = await self._sure(
            self._client.signed_block(number, organisations=self._trusted.witnesses)
        )
        try:
            return read_block(evidence, self._trusted, number)
        except Untrusted as error:
            raise self.disagree(f"block {number}: {error}") from error

    async def _sure(self, asked: Awaitable[T]) -> T:
        """What came of a question, of which an answer that cannot be is no answer."""
        try:
            return await asked
        except Uncertain as error:
            raise self.disagree(str(error)) from error

    def disagree(self, why: str) -> Unavailable:
        """Stop sending until a person has looked; what to raise for it."""
        self._stopped = why[:300]
        return Unavailable(f"gateway.untrusted: {self._stopped}")
