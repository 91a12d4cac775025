"""The escrow of one memory network: who holds what, slots and their fences, and who may move them.

A verb is checked whole and then written whole; every write leaves behind what undoes it, so that a
block can be taken back. A network where the asset is at home keeps originals in a vault: there mint
reserves from it, burn moves the lock into it. Elsewhere mint and burn make and end a twin.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from adapters.memory.codec import Transaction, is_signed
from adapters.memory.slots import (
    EMPTY,
    Slot,
    State,
    Ticket,
    hold_digest,
    hopeless,
    landed,
    slot_key,
    ticket_of,
)
from bridge.core.act import Act
from bridge.core.canonical import Value
from bridge.core.effects import Verb
from bridge.core.ids import Instant, NetworkId, SettlementId

DAY_MS = 24 * 3_600_000
LONGEST_HOLD_MS = 180 * DAY_MS  # so that the engine's terms of 150 days fit
ESCAPE_AFTER_MS = 400 * DAY_MS
VAULT = "vault"  # originals that crossed to another network


class Refusal(Exception):
    """Raised where the escrow refuses; `passing` where time or people may still change that."""

    def __init__(self, why: str, *, passing: bool = False) -> None:
        super().__init__(why)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Quorum:
    """The notaries of one epoch and how many of them must sign."""

    keys: frozenset[str]
    threshold: int


Place: TypeAlias = tuple[str, str, str]  # asset, part, account


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one execution did: its event, its slot, and what takes it back."""

    event: Mapping[str, Value]
    key: str
    before: Slot | None
    after: Slot
    balances: tuple[tuple[Place, int], ...] = ()  # as they were


class Escrow:
    """Accounts, slots and keys of one network. The chain gives it transactions, one by one."""

    def __init__(
        self, network: NetworkId, name: str, *, escape_after_ms: int = ESCAPE_AFTER_MS
    ) -> None:
        self.network = network
        self.name = name
        self.escape_after_ms = escape_after_ms
        self.operators: set[str] = set()
        self.holders: dict[str, str] = {}  # account to Ed25519 public key, hex
        self.blocked: set[str] = set()  # accounts that can be given nothing
        self.assets: dict[str, bool] = {}  # listed here, and whether it is at home here
        self.epochs: dict[int, Quorum] = {}
        self.balances: dict[Place, int] = {}
        self.slots: dict[str, Slot] = {}

    def balance(self, asset: str, part: str, account: str) -> int:
        """Return the units an account holds of an asset."""
        return self.balances.get((asset, part, account), 0)

    def supply(self, asset: str) -> int:
        """Return all units of an asset there are on this network, wherever they lie."""
        return sum(units for (of, _, _), units in self.balances.items() if of == asset)

    def open_account(self, account: str, key: str) -> None:
        """Admit a holder under a key. Errors: Refusal for a name that is the escrow's own."""
        if not account or account == VAULT or account.startswith("slot/"):
            raise Refusal("such an account is the escrow's own")
        self.holders[account] = key

    def issue(self, asset: str, part: str, account: str, units: int) -> None:
        """Make units of a home asset out of nothing, for a test or a demo."""
        if units <= 0 or not self.assets.get(asset) or account not in self.holders:
            raise Refusal("a home asset that is listed is issued to an account that is known")
        place = (asset, part, account)
        self.balances[place] = self.balances.get(place, 0) + units

    def authentic(self, tx: Transaction) -> frozenset[str]:
        """Return the keys whose signatures under this transaction are true, each verified once.

        As many notaries as the quorum asks for are read, no more.
        Errors: Refusal.
        """
        act = tx.act
        if act.verb is Verb.LOCK:
            if tx.operator not in self.operators:
                raise Refusal("a lock is asked by an operator")
            if not is_signed(tx.operator, tx.operator_signature, tx.signed):
                raise Refusal("the operator's signature is not true")
            key = self.holders.get(act.party, "")
            word = next((one for one in tx.signatures if one.signer == key), None)
            if not key or word is None or word.kind != "ed25519":
                raise Refusal("the holder has not consented")
            if not is_signed(key, word.signature, tx.message):
                raise Refusal("the holder's consent is not true")
            return frozenset({key})
        quorum = self.epochs.get(act.epoch)
        if quorum is None:
            raise Refusal(f"no notaries in epoch {act.epoch}")
        found: set[str] = set()
        for one in tx.signatures:
            if one.signer in quorum.keys and one.kind == "ed25519" and one.signer not in found:
                if is_signed(one.signer, one.signature, tx.message):
                    found.add(one.signer)
                if len(found) == quorum.threshold:
                    return frozenset(found)
        raise Refusal(f"{len(found)} of {quorum.threshold} notaries have signed")

    def check(self, tx: Transaction, signers: frozenset[str], now: Instant) -> Slot:
        """Return the slot the verb would act on, everything else being in order.

        Errors: Refusal.
        """
        act = tx.act
        if (act.network, act.escrow) != (self.network, self.name):
            raise Refusal("the act is for another network or escrow")
        if act.asset not in self.assets or act.units <= 0:
            raise Refusal("the asset is not listed here")
        if act.verb is Verb.LOCK:
            if self.holders.get(act.party) not in signers or tx.operator not in self.operators:
                raise Refusal("a lock demands its operator and its holder")
        else:
            quorum = self.epochs.get(act.epoch)
            if quorum is None or len(signers & quorum.keys) < quorum.threshold:
                raise Refusal("the notaries changed meanwhile")
        slot = self.slots.get(slot_key(act.verb, act.settlement), EMPTY)
        if landed(act, slot):
            raise Refusal("it has landed before")
        if why := hopeless(act, slot, now):
            raise Refusal(why)
        self._admits(act, slot, now)
        return slot

    def _admits(self, act: Act, slot: Slot, now: Instant) -> None:
        match act.verb:
            case Verb.LOCK:
                if self.balance(act.asset, act.part, act.party) < act.units:
                    raise Refusal("the holder does not own it")
            case Verb.MINT:
                if act.party not in self.holders:
                    raise Refusal("the beneficiary has no account here")
                vault = self.balance(act.asset, act.part, VAULT)
                if self.assets[act.asset] and vault < act.units:
                    raise Refusal("the vault does not hold it")
            case Verb.RELEASE:
                if now < slot.held_until:
                    raise Refusal("on hold", passing=True)
                if act.party in self.blocked and slot.state is State.OPEN:
                    raise Refusal("the holder's account is blocked")
            case Verb.ASSIGN | Verb.BURN:
                if slot.state is State.NONE:
                    raise Refusal("there is nothing in the slot", passing=True)
                if act.verb is Verb.ASSIGN and act.party in self.blocked:
                    raise Refusal("the beneficiary's account is blocked")
            case Verb.HOLD:
                if act.until > now + LONGEST_HOLD_MS:
                    raise Refusal("no hold is that long")
            case Verb.UNMINT | Verb.PAY | Verb.RECALL:
                pass

    def execute(self, tx: Transaction, signers: frozenset[str], now: Instant) -> Written:
        """Carry out one transaction and return its event and what takes it back.

        Errors: Refusal, and then nothing is changed.
        """
        act, slot = tx.act, self.check(tx, signers, now)
        opened = Slot(state=State.OPEN, ticket=ticket_of(act), since=now, holds=slot.holds)
        custody, home = f"slot/{act.settlement}", self.assets[act.asset]
        fence = slot.state is State.NONE
        match act.verb:
            case Verb.LOCK:
                after = replace(opened, held_until=slot.held_until)
                return self._moved(act, after, "AssetLocked", act.party, custody)
            case Verb.MINT:
                return self._moved(act, opened, "AssetMinted", VAULT if home else "", custody)
            case Verb.BURN:
                after = replace(slot, state=State.DONE)
                return self._moved(act, after, "AssetBurned", custody, VAULT if home else "")
            case Verb.ASSIGN:
                after = replace(slot, state=State.DONE)
                return self._moved(act, after, "AssetAssigned", custody, act.party)
            case Verb.RELEASE:
                after = replace(slot, state=State.SPENT)
                name = "LockReleased"
                return self._moved(act, after, name, custody, act.party, fence=fence)
            case Verb.UNMINT:
                after = replace(slot, state=State.SPENT)
                back = VAULT if home else ""
                return self._moved(act, after, "AssetUnminted", custody, back, fence=fence)
            case Verb.HOLD:
                holds = (*slot.holds, hold_digest(act))
                return self._held(act, replace(slot, held_until=act.until, holds=holds))
            case Verb.PAY | Verb.RECALL:
                raise Refusal("an escrow moves no money")

    def escape(self, settlement: SettlementId, now: Instant) -> Written:
        """Give a lock back to its holder because the gateway died: anybody may ask.

        Errors: Refusal before its time, under a hold, or without a lock.
        """
        slot = self.slots.get(slot_key(Verb.LOCK, settlement), EMPTY)
        ticket = slot.ticket
        if slot.state is not State.OPEN or ticket is None:
            raise Refusal("there is no open lock")
        if now < slot.since + self.escape_after_ms or now < slot.held_until:
            raise Refusal("not yet", passing=True)
        after = replace(slot, state=State.ESCAPED)
        words = (settlement, ticket.asset, ticket.part, ticket.units, ticket.party)
        moved = self._move(ticket, f"slot/{settlement}", ticket.party)
        return self._written(slot_key(Verb.LOCK, settlement), after, "LockReleased", words, moved)

    def undo(self, written: Written) -> None:
        """Take one execution back; the last one first."""
        for place, units in reversed(written.balances):
            self._set(place, units)
        if written.before is None:
            del self.slots[written.key]
        else:
            self.slots[written.key] = written.before

    def _moved(
        self, act: Act, after: Slot, name: str, giver: str, taker: str, *, fence: bool = False
    ) -> Written:
        moved = () if fence else self._move(ticket_of(act), giver, taker)
        units = 0 if fence else act.units
        words = (act.settlement, act.asset, act.part, units, act.party)
        return self._written(slot_key(act.verb, act.settlement), after, name, words, moved)

    def _move(self, ticket: Ticket, giver: str, taker: str) -> tuple[tuple[Place, int], ...]:
        """Move units and return what was there; no giver makes a twin, no taker ends one."""
        moved: list[tuple[Place, int]] = []
        for account, change in ((giver, -ticket.units), (taker, ticket.units)):
            if account:
                place = (ticket.asset, ticket.part, account)
                before = self.balances.get(place, 0)
                assert before + change >= 0, f"{place}: fewer than none"
                moved.append((place, before))
                self._set(place, before + change)
        return tuple(moved)

    def _set(self, place: Place, units: int) -> None:
        if units:
            self.balances[place] = units
        else:
            self.balances.pop(place, None)

    def _held(self, act: Act, after: Slot) -> Written:
        event: dict[str, Value] = {
            "name": "LockHeld",
            "settlement": act.settlement,
            "until": str(act.until),
            "evidence": act.evidence,
        }
        key = slot_key(act.verb, act.settlement)
        before, self.slots[key] = self.slots.get(key), after
        return Written(event=event, key=key, before=before, after=after)

    def _written(
        self,
        key: str,
        after: Slot,
        name: str,
        words: tuple[SettlementId, str, str, int, str],
        moved: tuple[tuple[Place, int], ...],
    ) -> Written:
        settlement, asset, part, units, account = words
        before, self.slots[key] = self.slots.get(key), after
        event: dict[str, Value] = {
            "name": name,
            "settlement": settlement,
            "escrow": self.name,
            "asset": asset,
            "part": part,
            "units": str(units),
            "account": account,
        }
        return Written(event=event, key=key, before=before, after=after, balances=moved)
