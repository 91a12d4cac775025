"""The book of a folio register: accounts, units, and the escrow's slots, folded from its lines.

Every account is an Ed25519 public key in hex. What crossed to another network lies in the account
`abroad`, which for an asset at home here is never negative, and for a twin never positive.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

ABROAD = "abroad"
ACT_PREFIX = "lianqiao act v1\n"
LONGEST_HOLD_MS = 180 * 24 * 3_600_000
ORIGIN_VERBS = frozenset({"lock", "release", "burn", "hold"})
TICKET = ("settlement", "terms", "asset", "part", "units", "party", "counterpart")
NAMES = {
    "lock": "AssetLocked",
    "release": "LockReleased",
    "burn": "AssetBurned",
    "mint": "AssetMinted",
    "unmint": "AssetUnminted",
    "assign": "AssetAssigned",
    "hold": "LockHeld",
}

Line = Mapping[str, Any]
Words = Mapping[str, str]


class Refusal(Exception):
    """Raised where the register refuses; `passing` where time or people may still change that."""

    def __init__(self, why: str, *, passing: bool = False) -> None:
        super().__init__(why)
        self.passing = passing


@dataclass(slots=True)
class Slot:
    """One settlement on one side: nothing yet, then open, at last done or spent for ever."""

    state: str = ""
    ticket: str = ""
    held_until: int = 0
    holds: list[str] = field(default_factory=list)  # digests of the hold acts that were entered

    def form(self) -> dict[str, Any]:
        """Return what the node tells of it."""
        return {"state": self.state, "ticket": self.ticket, "holds": list(self.holds)}


def words_of(text: str) -> Words:
    """Return the words of an act, read from the very bytes that were signed. Errors: Refusal."""
    try:
        words = json.loads(text.removeprefix(ACT_PREFIX))
    except ValueError as error:
        raise Refusal("the act is no JSON") from error
    named = isinstance(words, dict) and all(isinstance(one, str) for one in words.values())
    if not (text.startswith(ACT_PREFIX) and named and words.get("verb") in NAMES):
        raise Refusal("this is no act")
    if not {*TICKET, "network", "escrow", "epoch", "not_after", "until"} <= words.keys():
        raise Refusal("the act lacks a word")
    if not all(words[name].isdigit() for name in ("units", "epoch", "not_after", "until")):
        raise Refusal("a number of the act is none")
    return dict(words)


def ticket_of(words: Words) -> str:
    """Return what tells one lot of one settlement from every other."""
    return sha256(json.dumps([words[name] for name in TICKET]).encode()).hexdigest()


def slot_name(words: Words) -> str:
    """Return the name of the slot an act is about."""
    side = "origin" if words["verb"] in ORIGIN_VERBS else "destination"
    return f"{side}/{words['settlement']}"


def hold_of(text: str) -> str:
    """Return what tells one hold act from every other."""
    return sha256(text.encode()).hexdigest()


@dataclass
class Book:
    """What the lines say, folded in order. Two books of the same lines are equal."""

    accounts: set[str] = field(default_factory=set)
    gateways: set[str] = field(default_factory=set)
    assets: dict[str, bool] = field(default_factory=dict)  # listed, and whether at home here
    epochs: dict[int, tuple[frozenset[str], int]] = field(default_factory=dict)
    units: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    slots: dict[str, Slot] = field(default_factory=dict)

    def fold(self, line: Line) -> None:
        """Take one line that stands in a page."""
        match line["name"]:
            case "account":
                self.accounts.add(line["key"])
            case "gateway":
                self.gateways.add(line["key"])
            case "asset":
                self.assets[line["asset"]] = line["home"]
            case "issue":
                self.units[line["asset"], line["part"], line["account"]] += line["units"]
            case "notaries":
                self.epochs[line["epoch"]] = (frozenset(line["keys"]), line["threshold"])
            case _:
                self.enter(line["act"])

    def has_landed(self, text: str) -> bool:
        """Tell whether the verb of an act is done, by this request or by another."""
        words = words_of(text)
        slot = self.slots.get(slot_name(words), Slot())
        same = slot.ticket == ticket_of(words)
        match words["verb"]:
            case "lock" | "mint":
                return same and slot.state != ""
            case "release" | "unmint":
                return slot.state == "spent"
            case "burn" | "assign":
                return same and slot.state == "done"
            case _:
                return hold_of(text) in slot.holds

    def judge(self, text: str, network: str, escrow: str, now: int) -> None:
        """Let pass what could be entered now; who signed it is asked elsewhere.

        Errors: Refusal.
        """
        words = words_of(text)
        slot = self.slots.get(slot_name(words), Slot())
        if (words["network"], words["escrow"]) != (network, escrow):
            raise Refusal("the act is for another network or escrow")
        if words["asset"] not in self.assets or int(words["units"]) == 0:
            raise Refusal("the asset is not listed here")
        if slot.ticket not in {"", ticket_of(words)}:
            raise Refusal("the slot was opened for another ticket")
        match words["verb"]:
            case "lock" | "mint":
                if slot.state:
                    raise Refusal(f"the slot is {slot.state}")
                if now > int(words["not_after"]):
                    raise Refusal("too late")
                self._covers(words)
            case "burn" | "assign":
                if slot.state == "":
                    raise Refusal("nothing is in the slot", passing=True)
                if slot.state != "open":
                    raise Refusal(f"the slot is {slot.state}")
            case "hold":
                if slot.state in {"spent", "done"} or hold_of(text) in slot.holds:
                    raise Refusal("there is nothing to hold, or it was held so before")
                if int(words["until"]) > now + LONGEST_HOLD_MS:
                    raise Refusal("no hold is that long")
            case _:
                if slot.state in {"spent", "done"}:
                    raise Refusal(f"the slot is {slot.state}")
                if words["verb"] == "release" and now < slot.held_until:
                    raise Refusal("on hold", passing=True)

    def _covers(self, words: Words) -> None:
        asset, part, party = words["asset"], words["part"], words["party"]
        if party not in self.accounts:
            raise Refusal("no such account")
        giver = party if words["verb"] == "lock" else ABROAD
        is_made = words["verb"] == "mint" and not self.assets[asset]
        if not is_made and self.units[asset, part, giver] < int(words["units"]):
            raise Refusal(f"{giver} does not own it")

    def enter(self, text: str) -> Line:
        """Carry out an act that was let pass, and return the line that says so."""
        words = words_of(text)
        slot = self.slots.setdefault(slot_name(words), Slot())
        custody, party = f"slot/{words['settlement']}", words["party"]
        units = int(words["units"])
        ways = {
            "lock": (party, custody, "open"),
            "mint": (ABROAD, custody, "open"),
            "burn": (custody, ABROAD, "done"),
            "assign": (custody, party, "done"),
            "release": (custody, party, "spent"),
            "unmint": (custody, ABROAD, "spent"),
        }
        if words["verb"] == "hold":
            slot.held_until = int(words["until"])
            slot.holds.append(hold_of(text))
            return {"name": NAMES["hold"], "moved": 0, "act": text}
        giver, taker, state = ways[words["verb"]]
        if state != "open" and slot.state == "":
            units = 0  # the fence of an id that nobody used
        if state == "open":
            slot.ticket = ticket_of(words)
        slot.state = state
        self.units[words["asset"], words["part"], giver] -= units
        self.units[words["asset"], words["part"], taker] += units
        return {"name": NAMES[words["verb"]], "moved": units, "act": text}
