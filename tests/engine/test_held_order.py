"""The example packs load, and the story of their README happens as told."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bridge.core.canonical import Value, parse
from bridge.core.events import AssetLocked, AssetMinted
from bridge.core.ids import Digest, EntryId, PersonId, derived_id
from bridge.core.order import References
from bridge.core.settlement import Stage, Stop
from bridge.engine.admission import Declined
from bridge.engine.loop import Inbox, Loop
from bridge.engine.people import People
from bridge.notary.entries import Request
from bridge.notary.outcomes import Committed
from bridge.notary.state.proposals import CLEAR, approval_message
from bridge.policy.packs import compact, load
from bridge.policy.rules import KINDS
from tests.engine.customs import HEADER, NOBODY, Customs, opened
from tests.notary.ledgers import LI, WANG, ZHAO, key_of
from tests.policy.packs import rule
from tests.strategies import asset_fact

FILED = References(contract="C-1", invoice="I-1", filing="F-1")
PACKS = Path(__file__).resolve().parents[2] / "examples" / "policy_pack"
EXAMPLE_LIST = (PACKS / "house.csv").read_text(encoding="utf-8")
BUYER = "H-003,company,Buyer Ltd;买方有限公司,,,ZZ,\n"
HIT = HEADER + "H-001,company,Buyer Ltd;买方有限公司,,,ZZ,\n"


def test_the_example_packs_load_and_show_every_kind_of_rule() -> None:
    packs = [load(compact(path.read_bytes())) for path in sorted(PACKS.glob("*.json"))]
    assert {pack.name for pack in packs} == {path.stem for path in PACKS.glob("*.json")}
    assert {rule.kind for pack in packs for rule in pack.rules} == set(KINDS)


async def example_in_force(listed: str = "") -> Customs:
    """The example's own pack and list, in the month its rules are in force, with its rates."""
    customs = await opened(pack=compact((PACKS / "cn-hk.json").read_bytes()))
    customs.clock.time += 60 * 86_400_000  # into March, when its rules are in force
    await customs.bring_list(EXAMPLE_LIST + listed)
    for base, quote, numerator in (
        ("HKD", "USD", "13"),
        ("HKD", "CNY", "92"),
        ("CNY", "USD", "14"),
    ):
        rate = {"base": base, "quote": quote, "day": "2026-03-01", "numerator": numerator}
        body = {**rate, "denominator": "100", "source": "a test"}
        await customs.put_in_force("rate", body)
    return customs


@asynccontextmanager
async def desk(customs: Customs) -> AsyncIterator[People]:
    """People at work beside the loop that writes what they say."""
    inbox = Inbox()
    people = People(customs.journal, inbox, customs.clock, bytes)
    loop = Loop(customs.journal, inbox, lambda _: None)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(loop.run())
        yield people
        running.cancel()


async def decide(people: People, proposal: EntryId, person: PersonId, says: str) -> None:
    """A person's word, over their own key."""
    row = people.proposal(proposal)
    signature = key_of(person).sign(approval_message(row, says))
    asked = Request(key=f"{person}-{says}", principal=person, route="test", body=Digest("ab" * 32))
    await people.decide(
        proposal, says, person=person, reason="seen", signature=signature, asked=asked
    )


async def test_a_hold_is_cleared_by_a_second_person_until_the_entry_changes() -> None:
    customs = await example_in_force(listed=BUYER)
    order = (await customs.order(references=FILED)).order
    held = await customs.screened(order.id)
    assert (held.stage, held.stop) == (Stage.SCREENING, Stop.HELD)
    subject = customs.findings(order.id)["listed@1"]["subjects"]
    assert isinstance(subject, list)
    assert str(subject[0]).startswith("hit/beneficiary/house/H-003/")
    async with desk(customs) as people:
        proposal = derived_id(order.id, CLEAR, str(held.visit))
        with pytest.raises(Declined, match="cannot check it"):
            await decide(people, proposal, LI, "approve")
        await decide(people, proposal, WANG, "approve")
    again = customs.now(order.id)
    assert (again.stage, again.stop, again.decided) == (Stage.SCREENING, None, True)
    cleared = await customs.screened(order.id)
    assert cleared.stage is Stage.LOCKING
    said = customs.journal.view.decision(order.id, "screening")
    assert said is not None
    findings = parse(customs.journal.side(said.findings) or b"")
    assert "people saw it and cleared it" in str(findings)
    await customs.hear(order.id, asset_fact(AssetLocked, order))
    await customs.hear(order.id, asset_fact(AssetMinted, order))
    assert (await customs.screen(order.id)).drafts[0].body["outcome"] == "clear"
    await customs.bring_list(
        EXAMPLE_LIST + BUYER.replace("Ltd;买方有限公司,,", "Ltd;买方有限公司,P123,")
    )
    frozen = await customs.screened(order.id)
    assert (frozen.stage, frozen.stop) == (Stage.RESCREENING, Stop.FROZEN)
    await customs.journal.close()


async def test_two_persons_stand_behind_a_large_order_one_after_the_other() -> None:
    """Each of them clears the hold of their own visit; neither's word is overlooked or enough."""
    figure: dict[str, Value] = {"currency": "HKD", "above": "1", "border": "gt"}
    both: dict[str, Value] = {"roles": ["compliance"], "distinct": "2"}
    customs = await opened(rule("four_eyes", {**figure, **both}))
    order = (await customs.order()).order
    there = []
    async with desk(customs) as people:
        for person in (WANG, ZHAO):
            held = await customs.screened(order.id)
            assert (held.stage, held.stop) == (Stage.SCREENING, Stop.HELD)
            seen = customs.findings(order.id)["four-eyes@1"]["values"]
            assert isinstance(seen, Mapping)
            there.append(seen["there"])
            await decide(people, derived_id(order.id, CLEAR, str(held.visit)), person, "approve")
    assert there == ["0", "1"]
    assert (await customs.screened(order.id)).stage is Stage.LOCKING
    await customs.journal.close()


async def test_a_hold_that_is_refused_rejects_the_order() -> None:
    customs = await opened(listed=HIT)
    order = (await customs.order()).order
    held = await customs.screened(order.id)
    async with desk(customs) as people:
        await decide(people, derived_id(order.id, CLEAR, str(held.visit)), WANG, "refuse")
    assert customs.now(order.id).stage is Stage.REJECTED
    await customs.journal.close()


async def test_a_person_cannot_clear_what_is_unknown() -> None:
    customs = await opened(listed=NOBODY)
    order = (await customs.order()).order
    await customs.journal.erase([f"personal/{order.id}/payment.debtor"])
    held = await customs.screened(order.id)
    async with desk(customs) as people:
        await decide(people, derived_id(order.id, CLEAR, str(held.visit)), WANG, "approve")
    still = await customs.screened(order.id)
    assert (still.stage, still.stop) == (Stage.SCREENING, Stop.HELD)
    assert still.visit > held.visit
    await customs.journal.close()


async def test_the_example_pack_judges_an_order_and_a_second_use_of_its_invoice_is_refused() -> (
    None
):
    customs = await example_in_force()
    one = (await customs.order(1, references=FILED)).order
    other = (await customs.order(2, references=FILED)).order
    first = await customs.screened(one.id)
    assert first.stage is Stage.LOCKING, customs.findings(one.id)
    assert [held.unit for held in first.reservations] == ["count"]
    second = await customs.screen(other.id)  # another paper that cites the same invoice
    outcome = await customs.told(other.id, second)
    assert not isinstance(outcome, Committed)
    await customs.journal.close()
