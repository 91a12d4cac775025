"""The teller of the demo's stories: who sends orders, brings consents, waits, and asks people."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from aiohttp import ClientError

from bridge.cli.endings import see_it_written
from bridge.cli.stage import BACK, BUYER, LANE, SELLER, Stage, party_row
from bridge.clock import SystemClock
from bridge.core.ids import new_ulid
from bridge.ports import AdapterError

WITHIN_S = 60  # a story that takes longer did not end as told
LOOKS = 20  # at a settlement, until it is asked whether its ledger is still written
PERSON, PERSONS = "Chen Jing", 110101199003070000  # whom nobody knows yet, and their numbers
ISSUER = "529900T8BM49AURSDO55"
PAYER = {"name": BUYER, "account": "HK00123", "agent": "HSBCHKHH"}
PAYEE = {"account": "CN00456", "agent": "BKCHCNBJ"}
SHARE = "195312.50"  # HKD at the demo's rate: USD 25,000.00, half of a person's year


class NotAsTold(Exception):
    """Raised where a story ends otherwise; the sentence says where it stood."""


class Teller:
    """Tells one story: sends orders, brings consents, waits, and asks people."""

    def __init__(self, stage: Stage, serial: int, draw: Callable[[str], None]) -> None:
        self.stage = stage
        self.desk = stage.desk
        self._serial = serial
        self._draw = draw
        self._parted: set[str] = set()

    def order(self, number: str, **changes: object) -> dict[str, object]:
        """An order for a part of a receivable, paid for by the buyer, its papers cited."""
        deadline = datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251 the teller's watch
        seller = self.stage.wires.account(self.stage.origin, "seller")
        body: dict[str, object] = {
            "id": new_ulid(SystemClock().now(), secrets.token_bytes(10)),
            "seed": secrets.token_hex(32),
            "lane": LANE,
            "instrument": self.paper(self.number(number)),
            "units": self.units,
            "originator": {"party": "orchid", "account": seller},
            "beneficiary": self.buyer("harbourview"),
            "deadline": deadline.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "payment": {
                "amount": {"currency": "HKD", "amount": "1345678.00"},
                "debtor": PAYER,
                "creditor": {"name": SELLER, **PAYEE},
            },
            "purpose": "GDDS",
            "bop_code": "121010",
            "references": self.references(),
        }
        return {name: value for name, value in (body | changes).items() if value is not None}

    def number(self, word: str) -> str:
        """Return a paper's number that no other telling uses."""
        return f"{word}{self._serial}"

    async def newcomer(self, called: str) -> str:
        """Have a person registered whose year nobody has used anything of, and return the id."""
        name, person = self.number("person-"), str(PERSONS + self._serial)
        row = party_row(self.stage, name, called, "CN", who="seller", person=person)
        await self.desk.two("register.party", name, row)
        return name

    def homeward(self, order: Mapping[str, object]) -> dict[str, object]:
        """An order that brings a paper home that another took there, paid for the other way."""
        payment: Any = order["payment"]
        return self.order(
            "",
            lane=BACK,
            instrument=order["instrument"],
            originator=self.buyer("harbourview"),
            beneficiary={
                "party": "orchid",
                "account": self.stage.wires.account(self.stage.origin, "seller"),
            },
            payment={**payment, "debtor": payment["creditor"], "creditor": payment["debtor"]},
        )

    def references(self) -> dict[str, str]:
        """The papers of the trade: a contract, an invoice used once, and the filing of 2026."""
        return {"contract": "C-1", "invoice": secrets.token_hex(6).upper(), "filing": "NDRC-2026-1"}

    def paper(self, number: str, asset: str = "receivable-a") -> dict[str, object]:
        """A paper of a number; where papers are lots, a lot of its own."""
        kind = asset.rpartition("-")[0].replace("-", "_")
        face = {"currency": "HKD", "amount": "4000000.00"}
        return {
            "kind": kind,
            "asset": asset,
            "profile": f"{kind}/1",
            "issuer": ISSUER,
            "number": number,
            "document": "ab" * 32,
            **({"face": face, "maturity": "2027-06-30"} if kind != "bill_of_lading" else {}),
            **({"part": secrets.token_hex(32)} if self.stage.wires.parts else {}),
        }

    @property
    def units(self) -> str:
        """How many units an order is for: some of a paper, or the one of a lot."""
        return "1" if self.stage.wires.parts else "40"

    async def part_off(self, instrument: Mapping[str, object]) -> None:
        """Part a lot off the seller's paper at the origin, of one unit, named as the part is.

        Once; nothing where the paper has no parts.
        """
        part = str(instrument.get("part", ""))
        if not part or part in self._parted:
            return
        self._parted.add(part)
        at = self.stage.origin
        words = {"do": "split", "account": self.stage.wires.account(at, "seller"), "part": ""}
        what = {"asset": str(instrument["asset"]), "into": str(instrument["part"]), "units": "1"}
        try:
            await self.stage.wires.do({"at": at, **words, **what})
        except AdapterError:
            self._parted.remove(part)  # who was away may be asked again
            raise

    def buyer(self, party: str) -> dict[str, str]:
        """A beneficiary: a party that receives in the buyer's wallet."""
        account = self.stage.wires.account(self.stage.destination, "buyer")
        return {"party": party, "account": account}

    async def send(self, body: Mapping[str, object]) -> dict[str, Any]:
        """Send an order, and bring the consent that its holder's own key signs."""
        instrument: Any = body["instrument"]
        await self.part_off(instrument)
        sent: dict[str, Any] = await self.desk.post("/v1/settlements", body)
        for owed in sent["consents"]:
            signed = self.stage.wires.consent(
                owed["network"], owed["by"], bytes.fromhex(owed["message"])
            )
            consent = {
                "terms": sent["terms"],
                "network": owed["network"],
                "by": owed["by"],
                "kind": signed.kind,
                "public_key": signed.public_key,
                "signature": signed.signature.hex(),
                "not_after": "2027-12-31T00:00:00Z",
            }
            await self.desk.post(f"/v1/settlements/{sent['settlement']}/consents", consent)
        return sent

    async def until(self, of: str, stage: str, stop: str = "") -> dict[str, Any]:
        """Wait until a settlement stands there. Errors: as of `until_shown`."""
        return await self.until_one_of(of, (stage, stop))

    async def until_one_of(self, of: str, *stands: tuple[str, str]) -> dict[str, Any]:
        """Wait until a settlement stands in one of these stages and stops.

        Errors: as of `until_shown`.
        """
        told = " or ".join(" ".join(one).strip() for one in stands)
        return await self.until_shown(
            of, told, lambda shown: (shown["stage"], shown["stop"]) in stands
        )

    async def until_shown(
        self, of: str, told: str, seen: Callable[[Mapping[str, Any]], bool]
    ) -> dict[str, Any]:
        """Wait until a settlement is shown as it is told to be, and return it so.

        Errors: NotAsTold; Stopped at once where its ledger is only read: nothing moves any more.
        """
        shown: dict[str, Any] = {}
        try:
            async with asyncio.timeout(WITHIN_S):
                for looks in count(1):
                    with suppress(ClientError):  # a daemon that was killed is not back yet
                        shown = await self.desk.get(f"/v1/settlements/{of}")
                        self._draw(f"{shown['stage']} {shown['stop']}")
                        if seen(shown):
                            break
                        if looks % LOOKS == 0:
                            await see_it_written(self.desk)
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            stood = f"{shown.get('stage')} {shown.get('stop')}, waiting: {shown.get('waiting')}"
            raise NotAsTold(f"{of} stands in {stood}; told was {told}") from error
        return shown

    async def handed(self, of: str, stage: str) -> None:
        """Wait until what a settlement owes in a stage was handed to its network.

        Errors: as of `until_shown`.
        """
        handed = (stage, "", "finality")
        await self.until_shown(
            of,
            f"{stage}, handed to its network",
            lambda shown: (shown["stage"], shown["stop"], shown["cause"]) == handed,
        )

    async def two(self, of: str, verb: str, body: Mapping[str, object]) -> None:
        """One person asks, another approves: neither made the order."""
        asked = {"reason": "the story", **body}
        made = await self.desk.post(f"/v1/settlements/{of}:{verb}", asked, "wang.fang")
        await self.desk.decide(made["id"], "approve", "zhao.min")

    async def network(self, name: str, what: str) -> None:
        """Pause or resume a network's finality."""
        await self.stage.wires.do({"do": what, "at": name})

    async def bank(self, **words: str) -> None:
        """Say to the bank what it does."""
        await self.stage.wires.do({"at": self.stage.rail, **words})

    async def killed(self, name: str) -> None:
        """Kill a process of the stage, and wait until it was started again.

        Whoever keeps the stage up does that. Errors: NotAsTold.
        """
        process = self.stage.processes[name]
        before = process.pid
        await process.kill()
        for _ in range(WITHIN_S * 20):
            if process.pid != before:
                return
            await asyncio.sleep(0.05)
        raise NotAsTold(f"the {name} was killed, and nobody started it again")

    async def settle(self, uetr: str) -> None:
        """Have the bank settle what it has, once it has it. Errors: NotAsTold."""
        for _ in range(WITHIN_S * 20):
            with suppress(AdapterError):
                return await self.bank(do="settle", uetr=uetr)
            await asyncio.sleep(0.05)
        raise NotAsTold(f"the bank never had {uetr}")
