"""What the ledger refuses, by number, and that the lower number is said where two apply."""

from collections.abc import Mapping
from hashlib import sha256

import pytest

from bridge.core.canonical import Value
from bridge.core.events import GoOn, HoldCleared, HoldDeclined
from bridge.core.ids import Instant
from bridge.core.registers import Person
from bridge.notary.entries import Draft, Group, Malformed, shape_group
from bridge.notary.outcomes import Committed, RefusedGroup
from bridge.notary.projection import Projection
from bridge.notary.register_forms import person_form
from bridge.notary.state.refusals import SENTENCES, Code
from bridge.notary.state.rows import ProposalRow
from bridge.notary.store.memory import MemoryStore
from bridge.notary.writer import Answer, Asked, Writer
from tests.notary.ledgers import (
    LI,
    SUBJECT_OF,
    WANG,
    ZHAO,
    SetClock,
    Teller,
    account,
    draft,
    genesis,
    group,
    person,
    proposal_body,
    proposal_row,
    settled,
    target_of,
    transfer,
    ulid,
    whose,
    word,
)
from tests.strategies import NOW, make_event


class Ledger:
    """A writer on a dictionary."""

    def __init__(self) -> None:
        self.clock = SetClock()
        store = MemoryStore()
        self.view = Projection(store)
        self.writer = Writer(store, self.view, self.clock, store.take("test"))
        self.number = 1000
        self.put(genesis())

    def put(self, *groups: Group) -> tuple[Answer, ...]:
        judged = self.writer.judge([Asked(g, shape_group(g)) for g in groups])
        if judged.batch is not None:
            self.writer.store.append(judged.batch, self.writer.head)
        self.writer.settle(judged)
        return judged.answers

    def say(self, *entries: tuple[str, Mapping[str, Value]]) -> Answer:
        """Put one group of such entries; return what became of it."""
        drafts = []
        for kind, body in entries:
            self.number += 1
            drafts.append(draft(self.number, kind, body))
        return self.put(group(self.number, *drafts))[0]

    def code(self, *entries: tuple[str, Mapping[str, Value]]) -> int:
        """The number it is refused with, or 0."""
        answer = self.say(*entries)
        assert isinstance(answer, Committed | RefusedGroup), answer
        return answer.code if isinstance(answer, RefusedGroup) else 0


@pytest.fixture
def ledger() -> Ledger:
    made = Ledger()
    for name in ("a", "b"):
        assert made.code(("account", account(name))) == 0
    assert made.code(("account", account("covered", covered=True))) == 0
    assert made.code(("account", account("limited", limit=10))) == 0
    return made


def test_numbers_are_never_given_twice_and_each_has_its_sentence() -> None:
    assert len({code.value for code in Code}) == len(Code.__members__)
    assert set(SENTENCES) == set(Code)


def test_the_lower_number_is_said(ledger: Ledger) -> None:
    silver = {**account("silver"), "unit": "silver"}
    assert ledger.code(("account", silver)) == 0
    most = 2**256
    assert ledger.code(("transfer", transfer("post", "nobody", "nobody", 0))) == 120
    assert ledger.code(("transfer", transfer("post", "a", "silver", 0))) == 121
    assert ledger.code(("transfer", transfer("post", "a", "a", 0))) == 122
    assert ledger.code(("transfer", transfer("post", "a", "b", 0))) == 130
    assert ledger.code(("transfer", transfer("post", "covered", "b", most))) == 131
    assert ledger.code(("transfer", transfer("post", "covered", "b", 1))) == 150
    assert ledger.code(("transfer", transfer("pending", "limited", "b", 11))) == 152
    assert ledger.code(("transfer", transfer("void_pending", "a", "b", 1, of=ulid(5)))) == 140


def test_pending_counts_against_what_covers_and_what_limits(ledger: Ledger) -> None:
    assert ledger.code(("transfer", transfer("post", "a", "covered", 10))) == 0
    for name, over in (("covered", 150), ("limited", 152)):
        assert ledger.code(("transfer", transfer("pending", name, "b", 6))) == 0
        assert ledger.code(("transfer", transfer("pending", name, "b", 6))) == over
        assert ledger.code(("transfer", transfer("post", name, "b", 6))) == over
        assert ledger.code(("transfer", transfer("pending", name, "b", 4))) == 0


def test_a_lowered_limit_refuses_new_pendings_and_breaks_nothing(ledger: Ledger) -> None:
    assert ledger.code(("transfer", transfer("pending", "limited", "b", 8))) == 0
    held = ulid(ledger.number)
    assert ledger.code(("limit", {"account": "limited", "limit": "5"})) == 0
    assert ledger.code(("transfer", transfer("pending", "limited", "b", 1))) == 152
    assert ledger.code(("transfer", transfer("post_pending", "limited", "b", 8, of=held))) == 0


def test_a_pending_is_resolved_once_and_expires_by_an_entry(ledger: Ledger) -> None:
    assert ledger.code(("transfer", transfer("pending", "a", "b", 8, due=NOW + 100))) == 0
    first = ulid(ledger.number)
    assert ledger.code(("transfer", transfer("pending", "a", "b", 8, due=NOW + 100))) == 0
    second = ulid(ledger.number)
    assert ledger.code(("transfer", transfer("expire", "a", "b", 8, of=first))) == 144
    assert ledger.code(("transfer", transfer("post_pending", "a", "b", 9, of=first))) == 143
    assert ledger.code(("transfer", transfer("post_pending", "a", "b", 5, of=first))) == 0
    assert ledger.code(("transfer", transfer("void_pending", "a", "b", 8, of=first))) == 141
    ledger.clock.time += 100
    assert ledger.code(("transfer", transfer("post_pending", "a", "b", 8, of=second))) == 142
    row = ledger.view.account("a")
    assert row is not None
    assert (row.debits_pending, row.debits_posted) == (0, 5)
    expired = ledger.view.pending(second)
    assert expired is not None
    assert expired.resolution == "expired"


def test_a_group_commits_whole_or_not_at_all(ledger: Ledger) -> None:
    good, bad = transfer("post", "a", "b", 5), transfer("post", "a", "a", 5)
    answer = ledger.say(("transfer", good), ("transfer", bad), ("transfer", good))
    assert isinstance(answer, RefusedGroup)
    assert answer.code == 122
    row = ledger.view.account("a")
    assert row is not None
    assert row.debits_posted == 0
    spent = [ledger.writer.store.entries(n, n + 1)[0] for n in range(answer.n - 1, answer.n + 2)]
    assert [b'"code":"101"' in raw for raw in spent] == [True, False, True]
    again = Draft(id=ulid(ledger.number), kind="transfer", body=good)
    (conflict,) = ledger.put(Group(id=ulid(1), drafts=(again,)))
    assert not isinstance(conflict, Committed)


def test_our_own_groups_spend_no_id_when_refused(ledger: Ledger) -> None:
    one = draft(5, "transfer", transfer("post", "a", "late", 5))
    ours = Group(id=ulid(6), drafts=(one,), spends=False)
    size = ledger.writer.head.seq
    (answer,) = ledger.put(ours)
    assert isinstance(answer, RefusedGroup)
    assert ledger.writer.head.seq == size
    assert ledger.code(("account", account("late"))) == 0
    assert isinstance(ledger.put(ours)[0], Committed)


@pytest.mark.parametrize("kind", ["transfer", "account", "saga", "order", "party", "proposal"])
def test_a_body_of_another_form_writes_nothing(ledger: Ledger, kind: str) -> None:
    size = ledger.writer.head.seq
    assert isinstance(ledger.say((kind, {"stray": "x"})), Malformed)
    assert ledger.writer.head.seq == size


# --- settlements


def test_a_step_the_machine_does_not_make_is_refused(ledger: Ledger) -> None:
    told = settled(1)
    ledger.put(*told[:2])
    saga = told[2].drafts[1]
    forged = {**saga.body, "to": "burning"}
    answer = ledger.say(("decision", told[2].drafts[0].body), ("saga", forged))
    assert isinstance(answer, RefusedGroup)
    assert answer.code == 160


def test_a_step_of_policy_needs_its_decision_in_the_same_group(ledger: Ledger) -> None:
    told = settled(1)
    ledger.put(*told[:2])
    decision, saga, *rest = told[2].drafts
    tail = [(one.kind, one.body) for one in rest]
    assert ledger.code(("saga", saga.body), *tail) == 110
    assert ledger.code(("decision", decision.body)) == 0
    assert ledger.code(("saga", saga.body), *tail) == 110
    other = {**decision.body, "pack": "99" * 32}
    assert ledger.code(("decision", other), ("saga", saga.body), *tail) == 112
    ledger.clock.time = int(str(decision.body["valid_until"]))
    assert ledger.code(("decision", decision.body), ("saga", saga.body), *tail) == 111


def test_a_step_that_reserves_without_its_postings_is_refused(ledger: Ledger) -> None:
    told = settled(1)
    ledger.put(*told[:2])
    decision, saga, *rest = told[2].drafts
    cut = [d for d in rest if d.kind != "transfer"]
    answer = ledger.put(Group(id=ulid(77), drafts=(decision, saga, *cut), spends=False))[0]
    assert isinstance(answer, RefusedGroup)
    assert answer.code == 166
    assert isinstance(ledger.put(told[2])[0], Committed)


def test_an_act_that_is_not_owed_is_never_written(ledger: Ledger) -> None:
    told = settled(1)
    mint = next(g for g in told if g.drafts[0].kind == "act")
    ledger.put(*told[: told.index(mint) - 2])
    early = Group(id=mint.id, drafts=mint.drafts, spends=False)
    answer = ledger.put(early)[0]
    assert isinstance(answer, RefusedGroup)
    assert answer.code == 164


def test_a_transaction_told_of_two_settlements_stays_the_firsts(ledger: Ledger) -> None:
    first, second = settled(1), settled(2)  # both say tx-lock and the others
    ledger.put(*first, *second)
    assert ledger.view.text("tx", "tx-lock") == whose(first) != whose(second)


def test_a_frozen_lane_takes_no_order(ledger: Ledger) -> None:
    order = settled(1)[0]
    ledger.say(("freeze", {"scope": "lane/sz-hk", "reason": "audit", "by": LI}))
    refused = ledger.put(Group(id=order.id, drafts=order.drafts, spends=False))[0]
    assert isinstance(refused, RefusedGroup)
    assert refused.code == 100


# --- people


def proposal(
    ledger: Ledger, subject: str, target: str, payload: Value, maker: str = LI
) -> ProposalRow:
    """A proposal, by li.wei where the test names nobody, that needs one more person."""
    row = proposal_row(ulid(ledger.number + 1), subject, target, payload, maker=maker)
    assert ledger.code(("proposal", proposal_body(row))) == 0
    return row


def newcomer(role: str = "auditor") -> Person:
    """Somebody not yet in the register."""
    return person(ZHAO, role)


def test_a_register_is_changed_by_two_people_once(ledger: Ledger) -> None:
    form = person_form(newcomer())
    assert ledger.code(("person", form)) == 178
    row = proposal(ledger, "register.person", ZHAO, form)
    assert ledger.code(word(row, LI), ("person", form)) == 174
    assert ledger.code(word(row, WANG, signer=LI), ("person", form)) == 176
    assert ledger.code(word(row, "nobody"), ("person", form)) == 170
    assert ledger.code(word(row, WANG), ("person", person_form(newcomer("admin")))) == 179
    assert ledger.code(word(row, WANG), ("person", form)) == 0
    assert ledger.view.person(ZHAO) == newcomer()
    assert ledger.code(word(row, WANG), ("person", form)) == 173
    assert ledger.code(("person", form)) == 178


IMPORTS: Mapping[str, Mapping[str, Value]] = {
    "pack": {"name": "cn-hk", "pack": "11" * 32, "state": "active", "side": "bytes/11"},
    "rate": {
        "base": "HKD",
        "quote": "USD",
        "day": "2026-01-01",
        "source": "a test",
        "numerator": "13",
        "denominator": "100",
    },
    "opening": {
        "account": "limited",
        "unit": "gold",
        "used": "7",
        "source": "a bank",
        "as_of": "2026-01-01",
    },
}


@pytest.mark.parametrize("kind", sorted(IMPORTS))
def test_a_pack_a_rate_and_an_opening_come_in_by_two_people_once(ledger: Ledger, kind: str) -> None:
    body, target = IMPORTS[kind], target_of(kind, IMPORTS[kind])
    other = {**body, "used" if kind == "opening" else "pack" if kind == "pack" else "day": "8"}
    assert ledger.code((kind, body)) == 178
    elsewhere = proposal(ledger, "register.party", target, body)
    assert ledger.code(word(elsewhere, WANG), (kind, body)) == 179
    row = proposal(ledger, SUBJECT_OF[kind], target, body)
    assert ledger.code(word(row, LI), (kind, body)) == 174
    assert ledger.code(word(row, WANG), (kind, other)) == 179
    assert ledger.view.get(kind, target) is None
    assert ledger.code(word(row, WANG), (kind, body)) == 0
    assert ledger.view.get(kind, target) is not None
    assert ledger.code((kind, body)) == 178


def test_a_lapsed_proposal_is_worth_nothing(ledger: Ledger) -> None:
    form = person_form(newcomer())
    row = proposal(ledger, "register.person", ZHAO, form)
    ledger.clock.time += 1000
    assert ledger.code(word(row, WANG), ("person", form)) == 177
    assert row.shown(Instant(ledger.clock.time)) == "lapsed"


def test_the_word_of_people_is_the_one_that_two_approved(ledger: Ledger) -> None:
    def said(*ways: str) -> tuple[str, dict[str, Value]]:
        hashes = [sha256(way.encode()).hexdigest() if way else "" for way in ways]
        keep = [{"key": "bank/a", "sha256": one} for one in hashes]
        return "evidence", {"reader": "desk:people", "cursor": "1", "keep": keep}

    payload = {"network": "bank", "name": "a", "way": "refuse"}
    row = proposal(ledger, "held.decide", "bank/a", payload)
    for other in (said("release"), said(""), said("refuse", "release")):
        assert ledger.code(word(row, WANG), other) == 179
    assert ledger.code(word(row, WANG), said("refuse")) == 0
    assert ledger.view.text("kept", "desk:people/bank/a") == sha256(b"refuse").hexdigest()


def test_a_thaw_takes_two_and_a_freeze_lies_until_then(ledger: Ledger) -> None:
    scope = "party/seller"
    assert ledger.code(("freeze", {"scope": scope, "reason": "list", "by": LI})) == 0
    assert ledger.code(("thaw", {"scope": scope})) == 178
    assert ledger.view.freeze(scope) is not None
    row = proposal(ledger, "freeze.lift", scope, {"why": "wrong person"})
    assert ledger.code(word(row, WANG), ("thaw", {"scope": scope})) == 0
    assert ledger.view.freeze(scope) is None


def test_who_made_the_order_lifts_no_freeze(ledger: Ledger) -> None:
    teller = Teller(1)
    order = teller.settlement.order
    teller.hear(make_event("ConsentGiven", order, 0), network=order.origin.network)
    teller.hear(make_event("FreezeOrdered", order, 0))
    ledger.put(*teller.groups)
    of = order.id
    _, step = teller.saga(GoOn(visit=teller.settlement.visit))
    assert ledger.code(("saga", step)) == 178
    mine = proposal(ledger, "settlement.thaw", of, {"way": "go_on"})  # li.wei made the order
    assert ledger.code(word(mine, WANG), ("saga", step)) == 178
    theirs = proposal(ledger, "settlement.thaw", of, {"way": "go_on"}, maker=WANG)
    assert ledger.code(word(theirs, ZHAO), ("saga", step)) == 0


@pytest.mark.parametrize(
    ("subject", "payload"),
    [
        ("settlement.thaw", {"way": "give_back"}),
        ("settlement.cancel", {}),
        ("settlement.resume", {"to": "paying"}),
        ("freeze.lift", {}),
    ],
)
def test_what_two_people_decided_carries_out_that_and_nothing_else(
    ledger: Ledger, subject: str, payload: Value
) -> None:
    teller = Teller(1)
    order = teller.settlement.order
    teller.hear(make_event("ConsentGiven", order, 0), network=order.origin.network)
    teller.hear(make_event("FreezeOrdered", order, 0))
    ledger.put(*teller.groups)
    _, step = teller.saga(GoOn(visit=teller.settlement.visit))
    other = proposal(ledger, subject, order.id, payload, maker=WANG)
    assert ledger.code(word(other, ZHAO), ("saga", step)) == 179


def test_only_who_holds_the_role_checks_it(ledger: Ledger) -> None:
    form = person_form(newcomer())
    row = proposal(ledger, "register.person", ZHAO, form)
    clerk = person_form(person(WANG, "operator", "approver"))
    demoted = proposal(ledger, "register.person", WANG, clerk)
    assert ledger.code(word(demoted, ZHAO), ("person", clerk)) == 0
    assert ledger.code(word(row, WANG), ("person", form)) == 171


@pytest.mark.parametrize("says", ["approve", "refuse"])
def test_a_hold_is_cleared_or_declined_by_one_beside_the_maker(ledger: Ledger, says: str) -> None:
    teller = Teller(1)
    order = teller.settlement.order
    teller.hear(make_event("ConsentGiven", order, 0), network=order.origin.network)
    teller.hear(make_event("PolicyHeld", order, teller.settlement.visit))
    ledger.put(*teller.groups)
    visit = teller.settlement.visit
    _, step = teller.saga(
        HoldCleared(visit=visit) if says == "approve" else HoldDeclined(visit=visit)
    )
    row = proposal(ledger, "settlement.clear", order.id, {"visit": "2"})
    wrong = "refuse" if says == "approve" else "approve"
    assert ledger.code(word(row, WANG, wrong), ("saga", step)) == 178
    assert ledger.code(word(row, WANG, says), ("saga", step)) == 0
