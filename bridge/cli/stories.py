"""The stories of the demo: the public API and the fault panels of the wires, nothing else."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientError

from bridge.cli.corridor import HEADER, LISTED, bring_list
from bridge.cli.desk_client import Refusal
from bridge.cli.endings import first_cause
from bridge.cli.instruments import INSTRUMENT_STORIES
from bridge.cli.stage import SELLER, Stage
from bridge.cli.teller import PAYEE, PAYER, PERSON, SHARE, NotAsTold, Teller
from bridge.ports import AdapterError

TIMES_OUT_S = (3, 12, 48)  # from an order to its deadline, until the lock comes first


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a story ended: the settlement it is about, where it rests, and how long it took."""

    name: str
    settlement: str
    uetr: str
    stage: str
    took_ms: int

    def line(self) -> str:
        """Return it as a line for people."""
        return f"{self.name:<22}{self.stage:<10}{self.took_ms / 1000:>6.1f} s  {self.uetr}"

    def document(self) -> dict[str, object]:
        """Return it as an object for programs."""
        return {
            "name": self.name,
            "settlement": self.settlement,
            "uetr": self.uetr,
            "stage": self.stage,
            "seconds": round(self.took_ms / 1000, 3),
        }


Told = Callable[[Teller], Awaitable[tuple[dict[str, Any], str]]]


async def clean(tell: Teller) -> tuple[dict[str, Any], str]:
    """A clean settlement with payment."""
    sent = await tell.send(tell.order("CLEAN"))
    await tell.until(sent["settlement"], "settled")
    return sent, "settled"


async def name_hit(tell: Teller) -> tuple[dict[str, Any], str]:
    """A name hit, held until a second person decides."""
    sent = await tell.send(tell.order("HIT", beneficiary=tell.buyer("wong")))
    shown = await tell.until(sent["settlement"], "screening", "held")
    await tell.desk.decide(shown["proposals"][0], "approve", "zhao.min")
    await tell.until(sent["settlement"], "settled")
    return sent, "settled"


async def time_out(tell: Teller) -> tuple[dict[str, Any], str]:
    """A time-out after the lock, given back after screening.

    On a machine too busy to take the order or lock in time it is told again, with more of it.
    """
    there = tell.stage.destination
    await tell.network(there, "pause")
    for seconds in TIMES_OUT_S:
        order: Any = tell.order("LATE")
        await tell.part_off(order["instrument"])  # which takes a block: the deadline runs from now
        soon = datetime.now(UTC) + timedelta(seconds=seconds)  # noqa: TID251 the teller's watch
        try:
            sent = await tell.send({**order, "deadline": soon.strftime("%Y-%m-%dT%H:%M:%SZ")})
        except Refusal as refusal:
            if refusal.code != "LQ-DEADLINE-PAST":
                raise
            continue
        unlocked = (("rejected", ""), ("released", ""))
        shown = await tell.until_one_of(sent["settlement"], ("unminting", ""), *unlocked)
        if shown["stage"] == "unminting":
            await tell.network(there, "resume")
            await tell.until(sent["settlement"], "released")
            return sent, "released"
    raise NotAsTold(f"nothing was locked within {TIMES_OUT_S[-1]} s")


async def listed_while_locked(tell: Teller) -> tuple[dict[str, Any], str]:
    """The holder is listed while the asset is locked: frozen, and thawed by two."""
    there = tell.stage.destination
    await tell.network(there, "pause")
    sent = await tell.send(tell.order("FROZEN"))
    await tell.until(sent["settlement"], "preparing")
    await bring_list(tell.desk, f"{HEADER}{LISTED}X-3,company,{SELLER},,,,\n")
    await tell.network(there, "resume")
    await tell.until(sent["settlement"], "rescreening", "frozen")
    await bring_list(tell.desk, HEADER + LISTED)
    await tell.two(sent["settlement"], "thaw", {"way": "go_on"})
    await tell.until(sent["settlement"], "settled")
    return sent, "settled"


async def recalled(tell: Teller) -> tuple[dict[str, Any], str]:
    """A payment recalled in time: the money stays, the asset is given back."""
    body = tell.order("RECALL")
    await tell.bank(do="fate", settlement=str(body["id"]), **{"is": "silent"})
    await tell.bank(do="word", settlement=str(body["id"]), **{"is": "accept"})
    sent = await tell.send(body)
    await tell.until(sent["settlement"], "paying")
    await tell.two(sent["settlement"], "recall", {})
    await tell.until(sent["settlement"], "released")
    return sent, "released"


async def recalled_too_late(tell: Teller) -> tuple[dict[str, Any], str]:
    """A payment recalled too late: the bank refuses, the money settles, the asset follows."""
    body = tell.order("TOOLATE")
    await tell.bank(do="fate", settlement=str(body["id"]), **{"is": "silent"})
    await tell.bank(do="word", settlement=str(body["id"]), **{"is": "refuse"})
    sent = await tell.send(body)
    await tell.until(sent["settlement"], "paying")
    await tell.two(sent["settlement"], "recall", {})
    await tell.until(sent["settlement"], "paying")
    await tell.bank(do="settle", uetr=sent["uetr"])
    await tell.until(sent["settlement"], "settled")
    return sent, "settled"


async def second_pledge(tell: Teller) -> tuple[dict[str, Any], str]:
    """A second pledge of the same paper is refused while the first has it."""
    paper = tell.paper(f"INV{secrets.token_hex(3).upper()}", "receivable-b")
    sent = await tell.send(tell.order("", instrument=paper, units="1"))
    await tell.until(sent["settlement"], "settled")
    await _refused(tell, tell.order("", instrument=paper, units="1"), "LQ-PLACE")
    return sent, "settled"


async def two_lots(tell: Teller) -> tuple[dict[str, Any], str]:
    """Two lots of one paper at once; the third does not fit, or has gone already."""
    orders = tell.order("LOTS"), tell.order("LOTS")
    first, second = [await tell.send(order) for order in orders]
    for sent in (first, second):
        await tell.until(sent["settlement"], "settled")
    once_more = {**tell.order("LOTS"), "instrument": orders[0]["instrument"]}
    await _refused(tell, once_more, "LQ-PLACE")
    return second, "settled"


async def home(tell: Teller) -> tuple[dict[str, Any], str]:
    """A paper goes out and comes home, each way paid for; home it comes from the other network."""
    order = tell.order("HOME")
    await tell.until((await tell.send(order))["settlement"], "settled")
    sent = await tell.send(tell.homeward(order))
    await tell.until(sent["settlement"], "settled")
    return sent, "settled"


async def free_of_payment(tell: Teller) -> tuple[dict[str, Any], str]:
    """A bill of lading is transferred free of payment."""
    bill = tell.paper(tell.number("BL"), "bill-of-lading-a")
    sent = await tell.send(tell.order("", instrument=bill, units="1", payment=None))
    await tell.until(sent["settlement"], "settled")
    return sent, "settled"


async def not_filed(tell: Teller) -> tuple[dict[str, Any], str]:
    """A receivable without its filing reference is rejected, a bond not taken: nothing moves."""
    await _refused(
        tell, tell.order("", instrument=tell.paper("BOND1", "bond-a")), "LQ-ASSET-NOT-ADMITTED"
    )
    sent = await tell.send(tell.order("UNFILED", references={**tell.references(), "filing": ""}))
    await tell.until(sent["settlement"], "rejected")
    return sent, "rejected"


async def quota(tell: Teller) -> tuple[dict[str, Any], str]:
    """Three orders at once for one person's yearly quota: two fill it to the cent, one waits."""
    account = tell.stage.wires.account(tell.stage.origin, "seller")
    amount = {"currency": "HKD", "amount": SHARE}
    changes: dict[str, object] = {
        "originator": {"party": await tell.newcomer(PERSON), "account": account},
        "payment": {"amount": amount, "debtor": PAYER, "creditor": {"name": PERSON, **PAYEE}},
    }
    orders = [tell.order(f"QUOTA{number}", **changes) for number in "123"]
    async with asyncio.TaskGroup() as group:
        sending = [group.create_task(tell.send(order)) for order in orders]
    ends = [
        await tell.until_one_of(one.result()["settlement"], ("settled", ""), ("screening", "held"))
        for one in sending
    ]
    stopped = [one for one in ends if one["stop"]]
    if [one["cause"] for one in stopped] != ["quota"]:
        why = "; ".join(f"{one['id']} waits for {one['waiting']}" for one in stopped)
        raise NotAsTold(f"{why or 'none waits'}; told was one, for the quota")
    (over,) = stopped
    await tell.two(over["id"], "cancel", {})
    await tell.until(over["id"], "rejected")
    return next(one.result() for one in sending if one.result()["settlement"] == over["id"]), (
        "rejected"
    )


async def returned(tell: Teller) -> tuple[dict[str, Any], str]:
    """The bank takes the payment and gives it back: so is the asset, after screening."""
    body = tell.order("RETURNED")
    fate = "reject_booked" if tell.stage.wires.speaks(tell.stage.rail, "iso20022") else "reject"
    await tell.bank(do="fate", settlement=str(body["id"]), **{"is": fate})
    sent = await tell.send(body)
    await tell.until(sent["settlement"], "released")
    return sent, "released"


async def _refused(tell: Teller, body: Mapping[str, object], code: str) -> None:
    try:
        await tell.desk.post("/v1/settlements", body)
    except Refusal as refusal:
        if refusal.code == code:
            return
        raise NotAsTold(f"refused by {refusal.code}, told was {code}") from refusal
    raise NotAsTold(f"taken; told was a refusal by {code}")


async def killed(tell: Teller) -> tuple[dict[str, Any], str]:
    """The daemon is killed between two steps; started again, it goes on by itself."""
    there = tell.stage.destination
    await tell.network(there, "pause")
    sent = await tell.send(tell.order("KILLED"))
    await tell.until(sent["settlement"], "preparing")
    await tell.killed("daemon")
    await tell.network(there, "resume")
    await tell.until(sent["settlement"], "settled")
    return sent, "settled"


async def gateway_killed(tell: Teller) -> tuple[dict[str, Any], str]:
    """The gateway is killed when it was asked for a lock; the channel behind it has it once."""
    here = tell.stage.origin
    order: Any = tell.order("GATEWAY")
    await tell.part_off(order["instrument"])
    await tell.network(here, "pause")
    sent = await tell.send(order)
    await tell.handed(sent["settlement"], "locking")
    await tell.killed("gateway")  # which comes back with its pause gone, and what was ordered
    await tell.until(sent["settlement"], "settled")
    return sent, "settled"


async def chain_killed(tell: Teller) -> tuple[dict[str, Any], str]:
    """The chain is killed when it was asked for a twin; it comes back and undoes no block.

    What waits in anvil's pool is gone with it, and the daemon sends it again.
    """
    there = tell.stage.destination
    await tell.network(there, "pause")
    sent = await tell.send(tell.order("CHAIN"))
    await tell.handed(sent["settlement"], "preparing")
    await tell.killed("chain")  # which comes back with its pause gone
    await tell.until(sent["settlement"], "settled")
    return sent, "settled"


async def bank_killed(tell: Teller) -> tuple[dict[str, Any], str]:
    """The bank is killed while it has the payment; started again, it pays once."""
    body = tell.order("BANK")
    await tell.bank(do="fate", settlement=str(body["id"]), **{"is": "wait"})
    sent = await tell.send(body)
    await tell.until(sent["settlement"], "paying")
    await tell.killed("bank")
    await tell.settle(sent["uetr"])
    await tell.until(sent["settlement"], "settled")
    return sent, "settled"


STORIES: Mapping[str, Told] = {
    "clean": clean,
    "home": home,
    "free-of-payment": free_of_payment,
    "not-filed": not_filed,
    "quota": quota,
    "name-hit": name_hit,
    "time-out": time_out,
    "listed-while-locked": listed_while_locked,
    "recalled": recalled,
    "recalled-too-late": recalled_too_late,
    "returned": returned,
    "second-pledge": second_pledge,
    "two-lots": two_lots,
    "killed": killed,
    "gateway-killed": gateway_killed,
    "chain-killed": chain_killed,
    "bank-killed": bank_killed,
    **INSTRUMENT_STORIES,
}


async def tell(stage: Stage, name: str, serial: int, draw: Callable[[str], None]) -> Ended:
    """Tell one story, and draw where it stands.

    Errors: NotAsTold; Refusal of a ledger that is only read.
    """
    began = time.monotonic()
    teller = Teller(stage, serial, lambda stands: draw(f"{name:<22}{stands}"))
    try:
        sent, rest = await STORIES[name](teller)
    except (AdapterError, Refusal, ClientError, ExceptionGroup) as error:
        why = first_cause(error)
        if not isinstance(why, AdapterError | Refusal | ClientError):
            raise
        if isinstance(why, Refusal) and why.is_only_read:
            raise
        raise NotAsTold(f"{type(why).__name__}: {why}") from error  # what was asked was killed
    return Ended(
        name=name,
        settlement=sent["settlement"],
        uetr=sent["uetr"],
        stage=rest,
        took_ms=round((time.monotonic() - began) * 1000),
    )
