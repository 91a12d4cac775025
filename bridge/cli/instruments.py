"""Stories of instruments of others that are at home at the destination: T-REX and TradeTrust.

They go the other way: out over the way back, home over the lane. What their holders do on their own
chain, they do there; everything else goes through the API, as in every story.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from bridge.cli.stage import BACK, FACE, SHARE, TITLE, TOKEN, Goods
from bridge.cli.teller import NotAsTold, Teller
from bridge.core.canonical import Value

UNITS: Final = "40"
REMARK: Final = re.compile("remark 0x([0-9a-f]{128})")


def _order(tell: Teller, goods: Goods, units: str, *, back: bool) -> dict[str, object]:
    """An order free of payment for an instrument: out to the origin, or back from there."""
    there, here = tell.stage.destination, tell.stage.origin
    part = tell.stage.wires.leg(there, goods.asset)["part"]
    paper = tell.paper(f"T{goods.kind.upper()}".replace("_", ""), goods.asset)
    paper.pop("part", None)
    sides: dict[str, object] = {
        "originator": {
            "party": "harbourview",
            "account": tell.stage.wires.account(there, "buyer"),
        },
        "beneficiary": {"party": "orchid", "account": tell.stage.wires.account(here, "seller")},
    }
    if back:
        turned = {"originator": sides["beneficiary"], "beneficiary": sides["originator"]}
    else:
        turned = {**sides, "lane": BACK}
    instrument = {**paper, "document": part or "ab" * 32}
    return tell.order("", **turned, instrument=instrument, units=units, payment=None)


async def permissioned_token(tell: Teller) -> tuple[dict[str, Any], str]:
    """A T-REX token goes out and comes home; a share of one may not go to the mainland."""
    share = await tell.send(_order(tell, SHARE, UNITS, back=False))
    await tell.until(share["settlement"], "rejected")
    out = await tell.send(_order(tell, TOKEN, UNITS, back=False))
    await tell.until(out["settlement"], "settled")
    sent = await tell.send(_order(tell, TOKEN, UNITS, back=True))
    await tell.until(sent["settlement"], "settled")
    await _has(tell, TOKEN, {"of": "balance", "account": _buyer(tell)}, {"units": str(FACE)})
    return sent, "settled"


async def title(tell: Teller) -> tuple[dict[str, Any], str]:
    """A TradeTrust title goes out by its holder's push, comes home, and is accepted."""
    out = await tell.send(_order(tell, TITLE, "1", back=False))
    found = REMARK.search(" ".join(call for owed in out["consents"] for call in owed["calls"]))
    if found is None:
        raise NotAsTold("no consent names the words that its holder pushes a title with")
    await _waits(tell, out["settlement"], "to give the title to custody")
    act: dict[str, Value] = {"at": tell.stage.destination, "name": TITLE.asset}
    act["account"] = _buyer(tell)
    await tell.stage.wires.do({**act, "do": "push", "words": found[1]})
    await tell.until(out["settlement"], "settled")
    sent = await tell.send(_order(tell, TITLE, "1", back=True))
    await _waits(tell, sent["settlement"], "to accept it")
    await tell.stage.wires.do({**act, "do": "accept"})
    await tell.until(sent["settlement"], "settled")
    owners = {"beneficiary": _buyer(tell), "holder": _buyer(tell)}
    await _has(tell, TITLE, {"of": "owners"}, owners)
    return sent, "settled"


def _buyer(tell: Teller) -> str:
    return tell.stage.wires.account(tell.stage.destination, "buyer")


async def _has(
    tell: Teller, goods: Goods, question: Mapping[str, Value], told: Mapping[str, str]
) -> None:
    """See that the instrument is where it began. Errors: NotAsTold."""
    there = tell.stage.destination
    found = await tell.stage.wires.ask(there, {**question, "asset": goods.asset})
    if {name: str(word).lower() for name, word in found.items()} != {
        name: word.lower() for name, word in told.items()
    }:
        raise NotAsTold(f"the chain says {found}; told was {told}")


async def _waits(tell: Teller, of: str, why: str) -> None:
    """Wait until the daemon says whom a settlement waits for. Errors: as of `until_shown`."""
    await tell.until_shown(of, f"to wait {why}", lambda shown: why in str(shown["waiting"]))


INSTRUMENT_STORIES: Final = {"permissioned-token": permissioned_token, "title": title}
