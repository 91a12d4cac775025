"""What can be seen of the state: rows by kind and key, and the same by their own words."""

from abc import ABC, abstractmethod
from typing import Final, TypeAlias, TypeVar

from typing_extensions import override

from bridge.core.consent import Consent
from bridge.core.ids import AccountId, AssetId, EntryId, LaneId, NetworkId, PartyId, PersonId
from bridge.core.registers import Asset, Lane, Party, Person
from bridge.core.settlement import Settlement
from bridge.notary.state.rows import (
    AccountRow,
    ActRow,
    DecisionRow,
    EpochRow,
    FactRow,
    FreezeRow,
    PendingRow,
    PreparedRow,
    ProposalRow,
    RateRow,
    Row,
    SagaRow,
)

Change: TypeAlias = tuple[str, str, Row | None]  # kind, key, the row from now on
Changes: TypeAlias = tuple[Change, ...]
R = TypeVar("R")

NOTHING_CHANGES: Final[Changes] = ()


class View(ABC):
    """The state at one moment; reading changes nothing."""

    __slots__ = ()

    @abstractmethod
    def get(self, kind: str, key: str) -> Row | None:
        """Return the row, or None where there is none."""

    def of(self, kind: str, key: str, row: type[R]) -> R | None:
        """Return the row as the type it has; another type under this kind is a bug."""
        found = self.get(kind, key)
        if found is None:
            return None
        assert isinstance(found, row), f"{kind}/{key} is a {type(found).__name__}"
        return found

    def settlement(self, settlement: str) -> Settlement | None:
        """Return a settlement, live or at rest."""
        return self.of("settlement", settlement, Settlement)

    def account(self, account: AccountId | str) -> AccountRow | None:
        """Return an account with its counters."""
        return self.of("account", account, AccountRow)

    def pending(self, transfer: EntryId | str) -> PendingRow | None:
        """Return a pending transfer, resolved or not."""
        return self.of("pending", transfer, PendingRow)

    def party(self, party: PartyId | str) -> Party | None:
        """Return a party of the register."""
        return self.of("party", party, Party)

    def asset(self, asset: AssetId | str) -> Asset | None:
        """Return an asset of the register."""
        return self.of("asset", asset, Asset)

    def lane(self, lane: LaneId | str) -> Lane | None:
        """Return a lane of the register."""
        return self.of("lane", lane, Lane)

    def person(self, person: PersonId | str) -> Person | None:
        """Return a person of the register."""
        return self.of("person", person, Person)

    def proposal(self, proposal: EntryId | str) -> ProposalRow | None:
        """Return a proposal with its approvals."""
        return self.of("proposal", proposal, ProposalRow)

    def freeze(self, scope: str) -> FreezeRow | None:
        """Return the freeze that lies on a scope now, or None."""
        row = self.of("freeze", scope, FreezeRow)
        return None if row is None or row.lifted is not None else row

    def act(self, key: str) -> ActRow | None:
        """Return the act journalled for settlement/verb/attempt."""
        return self.of("act", key, ActRow)

    def prepared(self, key: str) -> PreparedRow | None:
        """Return what was last prepared for settlement/verb/attempt."""
        return self.of("prepared", key, PreparedRow)

    def rate(self, base: str, quote: str) -> RateRow | None:
        """Return the rate in force between two currencies."""
        return self.of("rate", f"{base}/{quote}", RateRow)

    def decision(self, settlement: str, stage: str) -> DecisionRow | None:
        """Return what policy said last in that stage."""
        return self.of("decision", f"{settlement}/{stage}", DecisionRow)

    def fact(self, settlement: str, name: str) -> FactRow | None:
        """Return where the evidence of a fact stands."""
        return self.of("fact", f"{settlement}/{name}", FactRow)

    def saga(self, settlement: str, stage: str) -> SagaRow | None:
        """Return the last entry that led a settlement into that stage."""
        return self.of("saga", f"{settlement}/{stage}", SagaRow)

    def consent(self, settlement: str, network: NetworkId | str) -> Consent | None:
        """Return the holder's consent on that network, as brought."""
        return self.of("consent", f"{settlement}/{network}", Consent)

    def text(self, kind: str, key: str) -> str:
        """Return a row that is one text (uetr, cursor, kept), or the empty text."""
        return self.of(kind, key, str) or ""

    @property
    def epoch(self) -> int:
        """The number of the signer epoch in force."""
        row = self.of("epoch", "current", EpochRow)
        return 0 if row is None else row.number


class Overlay(View):
    """What another view shows, with changes laid over it."""

    __slots__ = ("base", "rows")

    def __init__(self, base: View, rows: dict[tuple[str, str], Row | None] | None = None) -> None:
        self.base = base
        self.rows: dict[tuple[str, str], Row | None] = {} if rows is None else rows

    @override
    def get(self, kind: str, key: str) -> Row | None:
        place = (kind, key)
        return self.rows[place] if place in self.rows else self.base.get(kind, key)

    def lay(self, changes: Changes) -> None:
        """Show `changes` from now on."""
        rows = self.rows
        for kind, key, row in changes:
            rows[kind, key] = row
