"""Blocks through the node gateway: each is a signed answer, and the answer is the evidence."""

from typing import Final

from adapters.bsn.pcn_answers import Untrusted, count_of, hash_of, object_of
from adapters.bsn.pcn_client import FABRIC, PcnClient
from adapters.bsn.pcn_evidence import BLOCK_DATA, Trusted, block_of, facts_of
from adapters.bsn.reading import Read
from bridge.ports import Unavailable

LEDGER_INFO: Final = f"{FABRIC}node/getLedgerInfo"


class PcnBlocks:
    """Reads one channel through one client."""

    def __init__(self, client: PcnClient, trusted: Trusted) -> None:
        self._client = client
        self._trusted = trusted

    @property
    def stopped(self) -> str:
        """Why nothing is sent any more, or nothing."""
        return self._client.stopped

    async def head(self) -> tuple[int, str]:
        """How many blocks there are, and the last one's hash. Errors: Unavailable."""
        answer = await self._client.ask(LEDGER_INFO)
        try:
            if not answer.done:
                raise Unavailable(f"the gateway says: {answer.msg[:200]}")
            body = object_of(answer.body)
            return count_of(body, "height"), hash_of(body, "blockHash")
        except Untrusted as error:
            raise self._client.disagree(LEDGER_INFO, str(error)) from error

    async def block(self, number: int) -> Read:
        """A block with its facts; the signed answer that holds it proves them.

        Errors: Unavailable.
        """
        question = {"blockNumber": number, "blockHash": "", "txId": "", "dataType": ""}
        answer = await self._client.ask(BLOCK_DATA, question)
        if not answer.done:
            raise Unavailable(f"the gateway says: {answer.msg[:200]}")
        try:
            block = block_of(answer, self._trusted.pins, number)
            facts = facts_of(block, self._trusted)
        except Untrusted as error:
            raise self._client.disagree(BLOCK_DATA, str(error)) from error
        if facts:  # what proves nothing is no evidence
            self._trusted.remember(answer.raw, facts)
        txs = {told.index: told.tx for told in block.told}
        return Read(block.number, block.hash, block.previous, facts, answer.raw, txs)
