"""Steps are sent one after the other; a cut run goes on where the chain says it stopped.

A step's bytes are signed once, with the nonce of its place, and written down before they leave:
whatever is sent again is the same bytes, so nothing is ever done twice.
Source: Yellow Paper, section 6 (a nonce is used once).
"""

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from adapters.evm import calls
from adapters.evm.accounts import Account, Transaction
from adapters.evm.client import Call, Json, NodeError, Trouble
from adapters.evm.contracts.code import artifact
from adapters.evm.deploying.steps import Shows, Step, Steps, said
from adapters.evm.nodes import Nodes
from adapters.evm.opening import number, raw
from adapters.evm.wallet import DONE
from bridge.ports import Refused, Unavailable, Uncertain

SCHEMA = "lianqiao.evm-deployment/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What a transaction may cost. Units: wei for one gas."""

    max_fee: int
    tip: int


@dataclass(slots=True)
class Journal:
    """What was signed, by nonce, and for which review; in a file that only grows, or in memory."""

    review: str
    first_nonce: int
    from_block: int
    file: Path | None = None
    signed: dict[int, bytes] = field(default_factory=dict)

    def begin(self) -> None:
        """Write the first line of a new file. Errors: FileExistsError."""
        if self.file is None:
            return
        with os.fdopen(os.open(self.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w"):
            pass
        self._write(
            {
                "schema": SCHEMA,
                "review": self.review,
                "first_nonce": self.first_nonce,
                "from_block": self.from_block,
            }
        )

    def keep(self, nonce: int, name: str, signed: bytes) -> None:
        """Write signed bytes down; they may be sent from now on."""
        self._write({"nonce": nonce, "step": name, "raw": signed.hex()})
        self.signed[nonce] = signed

    def _write(self, words: Mapping[str, object]) -> None:
        if self.file is None:
            return
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(words) + "\n")
            file.flush()
            os.fsync(file.fileno())


def read_journal(file: Path) -> Journal | None:
    """Return what a former run wrote, or None where there was none.

    A last line that was cut in the writing was never sent, and goes. Errors: ValueError.
    """
    if not file.exists():
        return None
    said = file.read_bytes()
    whole = said[: said.rfind(b"\n") + 1]
    if whole != said:
        os.truncate(file, len(whole))
    try:
        first, *rest = [json.loads(line) for line in whole.splitlines()]
        return Journal(
            review=str(first["review"] if first["schema"] == SCHEMA else first[SCHEMA]),
            first_nonce=int(first["first_nonce"]),
            from_block=int(first["from_block"]),
            file=file,
            signed={int(one["nonce"]): bytes.fromhex(one["raw"]) for one in rest},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file}: is no journal of a deployment: {error}") from error


class Sending:
    """One account that carries out steps. `poll_s` is how often the chain is looked at."""

    def __init__(
        self, nodes: Nodes, account: Account, chain_id: int, fees: Fees, *, poll_s: float = 1.0
    ) -> None:
        self._nodes = nodes
        self._account = account
        self._chain_id = chain_id
        self._fees = fees
        self._poll_s = poll_s
        self._why = ""

    async def nonce(self, block: int) -> int:
        """Return how many transactions of the account there are up to a block.

        Errors: Unavailable.
        """
        who = f"0x{self._account.address.hex()}"
        (told,) = await self._nodes.agreed([("eth_getTransactionCount", (who, hex(block)))])
        return number(told)

    async def carry_out(self, steps: Steps, journal: Journal, *, within_s: float) -> int:
        """Return the block at which every step stands; what stands already is not sent.

        Errors: Refused where a step failed or its nonce went to something else; Uncertain where
        it is not known in time: run it again.
        """
        block = 0
        for place, step in enumerate(steps.all):
            nonce = steps.first_nonce + place
            self._why = "it waits in a pool"
            try:
                async with asyncio.timeout(within_s):
                    block = await self._seen(step, nonce, journal)
            except TimeoutError as error:
                raise Uncertain(
                    f"{step.name}: is in no block after {within_s:g} s: {self._why}"
                ) from error
        return block

    async def hand_all(self, steps: Steps, journal: Journal) -> None:
        """Hand every step, so that one block may take them all; `carry_out` sees them stand.

        For a chain of one's own: behind a step that fails, the others are sent all the same.
        """
        for place, step in enumerate(steps.all):
            nonce = steps.first_nonce + place
            journal.keep(nonce, step.name, self._signed(step, nonce))
            with suppress(Unavailable):  # it is handed again for as long as it does not stand
                await self._hand(journal.signed[nonce])

    async def _seen(self, step: Step, nonce: int, journal: Journal) -> int:
        """Return the block after which a step stands, however long it takes."""
        while True:
            if block := await self._done(step, nonce, journal):
                return block
            await asyncio.sleep(self._poll_s)

    async def _done(self, step: Step, nonce: int, journal: Journal) -> int:
        """Return the block after which a step stands, or 0 where it is to be looked at again."""
        try:
            block = await self._nodes.head()
            if nonce < await self.nonce(block):
                for pause_s in (0.0, self._poll_s):  # anvil shows a nonce a moment before its code
                    await asyncio.sleep(pause_s)
                    block = await self._nodes.head()
                    if await stands(self._nodes, step, block):
                        return block
                raise Refused(
                    f"{step.name}: nonce {nonce} of 0x{self._account.address.hex()} is spent and "
                    "it does not stand: it failed, or the key sent something else"
                )
            if nonce not in journal.signed:
                journal.keep(nonce, step.name, self._signed(step, nonce))
            await self._hand(journal.signed[nonce])
        except Unavailable as error:
            self._why = str(error)
        return 0

    def _signed(self, step: Step, nonce: int) -> bytes:
        return Transaction(
            chain_id=self._chain_id,
            nonce=nonce,
            tip=self._fees.tip,
            max_fee=self._fees.max_fee,
            gas=step.gas,
            to=step.to,
            data=step.data,
        ).signed(self._account)

    async def _hand(self, signed: bytes) -> None:
        """Hand bytes to the first node that takes them; whether they land is seen on the chain.

        Errors: Unavailable.
        """
        for node in self._nodes.able():
            try:
                await node.send(signed)
            except Trouble as trouble:
                self._nodes.heard(node, trouble)
                self._why = str(trouble)
            except NodeError as error:
                if any(known in error.message.lower() for known in DONE):
                    return
                self._why = f"{node.operator} refuses: {error.message}"
            else:
                return
        raise Unavailable(self._why)


async def stands(nodes: Nodes, step: Step, block: int) -> bool:
    """Tell whether what a step is for is so after a block. Errors: Unavailable."""
    if step.made:
        (told,) = await nodes.agreed([("eth_getCode", (step.made, hex(block)))])
        code = raw(told)
        return code == step.code if step.code else artifact(step.contract).is_code(code)
    return any([await _shown(nodes, one, block) for one in step.shows])


async def _shown(nodes: Nodes, shows: Shows, block: int) -> bool:
    (words,) = await views(nodes, [shows], block)
    return words is not None and any(words[: len(one)] == one for one in shows.any_of)


async def views(nodes: Nodes, asked: "list[Shows]", block: int) -> list[tuple[str, ...] | None]:
    """Return what views say after a block, as a quorum has it; None where one says nothing.

    Errors: Unavailable.
    """
    questions: list[Call] = []
    for one in asked:
        data = calls.call(one.contract, one.function, *one.args)
        call: Mapping[str, Json] = {"to": one.at, "data": f"0x{data.hex()}"}
        questions.append(("eth_call", (call, hex(block))))
    told = await nodes.agreed(questions)
    found: list[tuple[str, ...] | None] = []
    for one, answer in zip(asked, told, strict=True):
        if isinstance(answer, NodeError):
            found.append(None)
            continue
        try:
            found.append(said(calls.result(one.contract, one.function, raw(answer))))
        except ValueError:
            found.append(None)
    return found
