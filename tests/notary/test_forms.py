"""Every leaf form reads back to the value it was made from, and nothing else reads."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.act import act_for
from bridge.core.canonical import canonical, parse
from bridge.core.consent import Consent, Paper
from bridge.core.effects import HoldLock, LockAsset, MintAsset
from bridge.core.ids import (
    AssetId,
    Bic,
    Digest,
    Instant,
    LaneId,
    Lei,
    NetworkId,
    PartyId,
    PersonId,
)
from bridge.core.instrument import InstrumentKind
from bridge.core.money import Units, money
from bridge.core.parties import Commitment, jurisdiction
from bridge.core.registers import ROLES, Asset, Lane, Party, Person, Wallet
from bridge.core.settlement import Settlement, advance, proposed
from bridge.notary import forms
from bridge.notary.entries import Draft, Malformed, Request, read, shape, written
from bridge.notary.reading import BadForm, Members, plain
from bridge.notary.register_forms import READ_REGISTER
from tests.notary.ledgers import ulid
from tests.strategies import event_words, make_event, make_order

texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), max_codepoint=0x2FFFF), max_size=12)
digests = st.binary(min_size=32, max_size=32).map(lambda raw: Digest(raw.hex()))
commitments = digests.map(Commitment)
numbers = st.integers(0, 2**256 - 1)
networks = st.sampled_from(["memory:a", "eip155:1", "fabric:x"]).map(NetworkId)


def again(form: object) -> Members:
    """What a reader of the ledger sees: the parsed canonical bytes."""
    value = parse(canonical(form))  # type: ignore[arg-type]  # of forms
    assert isinstance(value, dict)
    return value


parties = st.builds(
    Party,
    id=texts.map(PartyId),
    name=commitments,
    kind=st.sampled_from(["legal", "natural"]),
    jurisdiction=st.sampled_from(["CN", "HK", "DE"]).map(jurisdiction),
    lei=st.none() | st.just(Lei("529900T8BM49AURSDO55")),
    uscc=texts,
    person_id=st.none() | commitments,
    bic=st.none() | st.just(Bic("HSBCHKHH")),
    wallets=st.lists(st.builds(Wallet, networks, texts)).map(tuple),
    accounts=st.lists(commitments).map(tuple),
    owners=st.lists(texts.map(PartyId)).map(tuple),
    custody=st.lists(st.tuples(networks, digests)).map(tuple),
    active=st.booleans(),
)
assets = st.builds(
    Asset,
    id=texts.map(AssetId),
    profile=texts,
    kind=st.sampled_from(InstrumentKind),
    home=networks,
    legs=st.lists(st.just(make_order().origin)).map(tuple),
    scale=st.integers(0, 18),
    issued=numbers.map(lambda number: Units(number or 1)),
    cap=numbers.map(Units),
    code=texts,
    active=st.booleans(),
)
signing = st.lists(texts, min_size=1, unique=True).flatmap(  # no more must sign than there are
    lambda names: st.tuples(st.just(tuple(names)), st.integers(1, len(names)))
)
unsigned_lanes = st.builds(
    Lane,
    id=texts.map(LaneId),
    origin=networks,
    destination=networks,
    rail=st.none() | networks,
    pack=texts,
    limit=st.just(money("12.30", "HKD")),
    quorum=st.just(1),
    notaries=st.just(("bank-a",)),
    acknowledge=st.sampled_from(["committed", "sealed", "cosigned", "mirrored"]),
    assets=st.lists(texts.map(AssetId)).map(tuple),
    lapse_ms=st.integers(1, 10**12),
    open=st.booleans(),
    paused=texts,
)
lanes = st.tuples(unsigned_lanes, signing).map(
    lambda drawn: replace(drawn[0], notaries=drawn[1][0], quorum=drawn[1][1])
)
people = st.builds(
    Person,
    id=texts.map(PersonId),
    name=commitments,
    key=digests,
    roles=st.lists(st.sampled_from(sorted(ROLES))).map(tuple),
    since=st.integers(0, 10**13).map(Instant),
    until=st.none() | st.integers(0, 10**13).map(Instant),
)


@given(row=parties | assets | lanes | people)
def test_a_register_row_reads_back(row: Party | Asset | Lane | Person) -> None:
    kind = type(row).__name__.lower()
    assert READ_REGISTER[kind](again(forms.register_form(row))) == row


SENSELESS: dict[str, tuple[str, object]] = {
    "nobody signs": ("lane", {"quorum": "0"}),
    "more sign than there are": ("lane", {"quorum": "2", "notaries": ["bank-a"]}),
    "one notary counts twice": ("lane", {"notaries": ["bank-a", "bank-a"]}),
    "no limit": ("lane", {"limit": {"currency": "HKD", "minor": "0"}}),
    "no life": ("lane", {"lapse_ms": "0"}),
    "nothing issued": ("asset", {"issued": "0"}),
    "a cap below nothing": ("asset", {"cap": "-1"}),
    "no key": ("person", {"key": ""}),
    "half a key": ("person", {"key": "ab" * 31}),
}


@pytest.mark.parametrize("what", SENSELESS)
@given(data=st.data())
def test_a_register_row_without_sense_is_no_row(what: str, data: st.DataObject) -> None:
    kind, change = SENSELESS[what]
    rows: dict[str, st.SearchStrategy[Any]] = {"lane": lanes, "asset": assets, "person": people}
    row = data.draw(rows[kind])
    with pytest.raises(BadForm):
        READ_REGISTER[kind]({**forms.register_form(row), **change})  # type: ignore[dict-item]


@pytest.mark.parametrize("paid", [True, False])
@pytest.mark.parametrize("conditions", [0, 2])
def test_an_order_reads_back_and_keeps_its_terms(paid: bool, conditions: int) -> None:
    order = make_order(3, paid=paid, conditions=conditions)
    found = forms.order_of(again(forms.order_form(order)))
    assert found == order
    assert found.terms == order.terms


@given(words=st.lists(event_words(), max_size=12))
def test_events_and_settlements_read_back(words: list[tuple[str, str, int]]) -> None:
    order = make_order(conditions=1)
    settlement: Settlement = proposed(order)
    for name, argument, stale in words:
        event = make_event(name, order, settlement.visit - stale, argument)
        if event.__class__.__name__ != name:
            continue
        assert forms.event_of(again(forms.event_form(event))) == event
        settlement = advance(settlement, event)
        form = forms.settlement_form(settlement)
        assert forms.settlement_of(again(form), order) == settlement


@given(until=st.integers(0, 10**13).map(Instant), leaf=digests)
def test_acts_consents_and_papers_read_back(until: Instant, leaf: Digest) -> None:
    order = make_order()
    for effect in (LockAsset(order), MintAsset(order), HoldLock(order, until, 1)):
        act = act_for(effect, evidence=leaf, verdict=leaf, epoch=3)
        assert forms.act_of(again(act.body())) == act
    consent = Consent(
        settlement=order.id,
        terms=order.terms,
        network=order.origin.network,
        by="w",
        kind="ed25519",
        public_key="aa",
        signature=bytes.fromhex(leaf),
        not_after=until,
    )
    assert forms.consent_of(again(consent.leaf())) == consent
    paper = Paper(
        settlement=order.id,
        terms=order.terms,
        kind="k",
        digest=leaf,
        issued=until,
        says="given",
        key="aa",
        signature=bytes.fromhex(leaf),
    )
    assert forms.paper_of(again(paper.leaf())) == paper


@given(data=st.data())
def test_a_form_with_a_member_more_or_less_is_refused(data: st.DataObject) -> None:
    form = dict(plain(make_order(conditions=1).leaf()))  # type: ignore[call-overload]  # an object
    name = data.draw(st.sampled_from(sorted(form)))
    if data.draw(st.booleans()):
        if name == "payment":  # an order may be free of one
            return
        del form[name]
    elif isinstance(form[name], dict):
        form[name] = {**form[name], "stray": "x"}
    else:
        form["stray"] = "x"
    with pytest.raises(BadForm):
        forms.order_of(form)


bodies = st.recursive(
    texts | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=12,
).map(lambda value: {"value": value})
requests = st.none() | st.builds(Request, key=texts, principal=texts, route=texts, body=digests)


@given(body=bodies, request=requests, n=st.integers(0, 2**63), t=st.integers(0, 10**13))
def test_an_entry_is_canonical_and_reads_back(
    body: dict[str, object], request: Request | None, n: int, t: int
) -> None:
    draft = Draft(id=ulid(1), kind="policy", body=body, request=request)  # type: ignore[arg-type]  # values
    entry = written(shape(draft), n=n, t=Instant(t), epoch=2, group=(ulid(2), 1, 3))
    assert canonical(parse(entry.raw)) == entry.raw
    found = read(entry.raw)
    assert found == replace(entry, body=found.body)
    assert plain(found.body) == plain(entry.body)


@given(data=st.data())
def test_other_bytes_are_no_entry(data: st.DataObject) -> None:
    entry = written(
        shape(Draft(id=ulid(1), kind="limit", body={"account": "a", "limit": "5"})),
        n=1,
        t=Instant(2),
        epoch=0,
        group=(ulid(2), 0, 1),
    )
    at = data.draw(st.integers(0, len(entry.raw) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    raw = entry.raw[:at] + bytes([entry.raw[at] ^ bit]) + entry.raw[at + 1 :]
    try:
        found = read(raw)
    except Malformed:
        return
    assert found != entry
    assert found.leaf != entry.leaf
