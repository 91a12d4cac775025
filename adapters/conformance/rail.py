"""What every payment rail owes the bridge. Subclass, give it a `bench`, run pytest.

Cards PR-01 to PR-19 are about payments and recalls, PR-20 to PR-29 about reading, PR-30 to PR-39
about `look`, PR-40 to PR-49 about preflight, PR-50 and on about trouble. Ids are never reused.
"""

from contextlib import suppress

import pytest

from adapters.conformance.faults import Faults, Way, crash_at
from adapters.conformance.railbench import RailBench
from adapters.conformance.telling import bends
from bridge.core.effects import InstructPayment, RecallPayment
from bridge.core.events import (
    Fact,
    PaymentDisputed,
    PaymentFact,
    PaymentRejected,
    PaymentReturned,
    PaymentSettled,
    RecallRefused,
)
from bridge.ports import (
    Again,
    Answered,
    Landed,
    Never,
    Refused,
    Unavailable,
    Uncertain,
    Unknown,
    Unproved,
)


def named(*kinds: type[Fact]) -> list[str]:
    """Return the names of kinds of fact."""
    return [kind.__name__ for kind in kinds]


class RailConformance:
    """The cards; `bench` is a fixture that yields a `RailBench` of its own for each card."""

    async def test_pr01_a_payment_tells_its_amount(self, bench: RailBench) -> None:
        """PR-01. PaymentSettled carries the amount, proved by evidence that does not bend."""
        order = await bench.new_order()
        await bench.pay(order)
        (seen,) = [one for one in await bench.observed() if one.subject.settlement == order.id]
        assert order.payment is not None
        assert seen.subject == PaymentSettled(
            settlement=order.id, network=bench.rail.id, amount=order.payment.amount
        )
        assert bends(seen, bench.verify, Unproved) == []

    async def test_pr02_the_same_bytes_twice_pay_once(self, bench: RailBench) -> None:
        """PR-02. Submitting one Prepared again, at once or later, changes nothing."""
        order = await bench.new_order()
        prepared = await bench.prepare(InstructPayment(order))
        await bench.rail.submit(prepared)
        await bench.rail.submit(prepared)
        assert isinstance(await bench.decided(prepared), Landed)
        await bench.rail.submit(prepared)
        assert await bench.names(order) == named(PaymentSettled)
        assert await bench.moved(order) in {None, 1}

    async def test_pr03_instructing_twice_pays_once(self, bench: RailBench) -> None:
        """PR-03. One settlement has one UETR: prepared anew, it is the same payment."""
        order = await bench.new_order()
        one = await bench.prepare(InstructPayment(order))
        two = await bench.prepare(InstructPayment(order), replaces=one.tx)
        for prepared in (one, two):
            with suppress(Refused):
                await bench.rail.submit(prepared)
        assert isinstance(await bench.decided(two), Landed)
        assert await bench.names(order) == named(PaymentSettled)
        assert await bench.moved(order) in {None, 1}

    async def test_pr04_a_rejection_is_told(self, bench: RailBench) -> None:
        """PR-04. What the bank rejects is PaymentRejected; once that is read, `look` says Never."""
        order = await bench.new_order()
        await bench.bank_will(order, "reject")
        prepared = await bench.prepare(InstructPayment(order))
        await bench.rail.submit(prepared)
        await bench.told(order)
        assert await bench.names(order) == named(PaymentRejected)
        assert isinstance(await bench.rail.look(prepared), Never)
        assert await bench.moved(order) in {None, 0}

    async def test_pr05_a_recall_in_time_ends_the_payment(self, bench: RailBench) -> None:
        """PR-05. An accepted recall is PaymentRejected; the instruction's bytes pay no more."""
        order = await bench.new_order()
        await bench.bank_will(order, "wait")
        instructed = await bench.prepare(InstructPayment(order))
        await bench.rail.submit(instructed)
        recall = await bench.recall(order, 7)
        assert isinstance(recall, Landed)
        await bench.bank_will(order, "settle")
        with suppress(Refused):
            await bench.rail.submit(instructed)
        assert await bench.names(order) == named(PaymentRejected)
        assert await bench.moved(order) in {None, 0}

    async def test_pr06_a_refused_recall_names_its_attempt(self, bench: RailBench) -> None:
        """PR-06. RecallRefused carries the attempt that asked, and the payment goes on."""
        order = await bench.new_order()
        await bench.bank_will(order, "wait")
        await bench.bank_answers(order, "refuse")
        await bench.rail.submit(await bench.prepare(InstructPayment(order)))
        await bench.recall(order, 7)
        await bench.bank_settles(order)
        facts = await bench.facts(order)
        assert [type(fact) for fact in facts] == [RecallRefused, PaymentSettled]
        assert isinstance(facts[0], RecallRefused)
        assert facts[0].number == 7

    async def test_pr07_each_recall_is_an_attempt_of_its_own(self, bench: RailBench) -> None:
        """PR-07. After a refused recall the next one is asked and answered for itself."""
        order = await bench.new_order()
        await bench.bank_will(order, "wait")
        await bench.bank_answers(order, "refuse")
        await bench.rail.submit(await bench.prepare(InstructPayment(order)))
        await bench.recall(order, 7)
        await bench.bank_answers(order, "accept")
        await bench.recall(order, 9)
        assert await bench.names(order) == named(RecallRefused, PaymentRejected)

    async def test_pr08_a_late_recall_returns_or_is_refused(self, bench: RailBench) -> None:
        """PR-08. Money that was settled comes back as PaymentReturned, never as PaymentRejected."""
        order = await bench.new_order()
        await bench.pay(order)
        await bench.recall(order, 3)
        names = await bench.names(order)
        assert names == named(PaymentSettled, PaymentReturned)
        assert await bench.moved(order) in {None, 0}

    async def test_pr09_another_amount_is_a_dispute(self, bench: RailBench) -> None:
        """PR-09. A payment booked in part is PaymentDisputed with what was booked."""
        order = await bench.new_order()
        await bench.bank_will(order, "partial")
        await bench.pay(order)
        (fact,) = await bench.facts(order)
        assert isinstance(fact, PaymentDisputed)
        assert order.payment is not None
        assert fact.amount != order.payment.amount

    async def test_pr10_what_is_not_disclosed_is_not_sent(self, bench: RailBench) -> None:
        """PR-10. Without the names and accounts of the order, or with others, it is refused."""
        order, other = await bench.new_order(), await bench.new_order()
        for disclosed in ({}, bench.disclosed(other)):
            with pytest.raises(Refused):
                await bench.rail.prepare(InstructPayment(order), disclosed)
        assert await bench.names(order) == []

    async def test_pr11_a_recall_overtakes_its_payment(self, bench: RailBench) -> None:
        """PR-11. A payment still under way when its recall is accepted is never executed."""
        order = await bench.new_order()
        faults = Faults(bench.rail, [Way.DELAY])
        late = await bench.prepare(InstructPayment(order))
        with pytest.raises(Uncertain):
            await faults.submit(late)
        await bench.rail.submit(await bench.prepare(RecallPayment(order, 1)))
        await bench.observed()
        await faults.arrive()
        names = set(await bench.names(order))
        assert not {"PaymentRejected", "PaymentSettled"} <= names, "rejected, and then paid"
        if "PaymentRejected" in names:
            assert await bench.moved(order) in {None, 0}

    async def test_pr12_a_repeated_recall_is_one(self, bench: RailBench) -> None:
        """PR-12. The bytes of one recall again are the same attempt, whatever was answered."""
        order = await bench.new_order()
        await bench.bank_will(order, "wait")
        await bench.bank_answers(order, "refuse")
        await bench.rail.submit(await bench.prepare(InstructPayment(order)))
        recall = await bench.prepare(RecallPayment(order, 5))
        for _ in range(3):
            await bench.rail.submit(recall)
        assert isinstance(await bench.decided(recall), Landed)
        assert await bench.names(order) == named(RecallRefused)

    async def test_pr20_reading_resumes_anywhere(self, bench: RailBench) -> None:
        """PR-20. From any cursor it gave, nothing is skipped and nothing comes in another order."""
        for _ in range(4):
            await bench.pay(await bench.new_order())
        whole = await bench.observed()
        told = [one.subject for one in whole]
        for index, one in enumerate(whole):
            again = [later.subject for later in await bench.observed(one.cursor)]
            rest = told[index + 1 :]
            assert [fact for fact in again if fact in rest] == rest, f"from cursor {index}"

    async def test_pr21_an_acceptance_is_no_payment(self, bench: RailBench) -> None:
        """PR-21. While the bank has only taken it, nothing is told and nothing has landed."""
        order = await bench.new_order()
        await bench.bank_will(order, "wait")
        prepared = await bench.prepare(InstructPayment(order))
        await bench.rail.submit(prepared)
        assert await bench.names(order) == []
        assert isinstance(await bench.rail.look(prepared), Unknown)
        await bench.bank_settles(order)
        assert await bench.names(order) == named(PaymentSettled)

    async def test_pr30_a_lost_payment_is_known_to_be_lost(self, bench: RailBench) -> None:
        """PR-30. Unknown until it expires, then Again; what replaces it pays once."""
        order = await bench.new_order()
        faults = Faults(bench.rail, [Way.LOSE])
        lost = await bench.prepare(InstructPayment(order))
        with pytest.raises(Uncertain):
            await faults.submit(lost)
        assert isinstance(await bench.rail.look(lost), Unknown)
        assert isinstance(await bench.decided(lost), Again)
        anew = await bench.prepare(InstructPayment(order), replaces=lost.tx)
        await bench.rail.submit(anew)
        assert isinstance(await bench.decided(anew), Landed)
        with suppress(Refused, Unavailable):
            await bench.rail.submit(lost)
        assert await bench.names(order) == named(PaymentSettled)
        assert await bench.moved(order) in {None, 1}

    async def test_pr31_a_lost_answer_is_found(self, bench: RailBench) -> None:
        """PR-31. A payment nobody was told of is Landed when we look."""
        order = await bench.new_order()
        faults = Faults(bench.rail, [Way.LOSE_ANSWER])
        prepared = await bench.prepare(InstructPayment(order))
        with pytest.raises(Uncertain):
            await faults.submit(prepared)
        assert isinstance(await bench.decided(prepared), Landed)
        assert await bench.names(order) == named(PaymentSettled)

    async def test_pr33_again_is_true(self, bench: RailBench) -> None:
        """PR-33. After Again the old bytes pay no more, however late they come."""
        order = await bench.new_order()
        faults = Faults(bench.rail, [Way.DELAY])
        late = await bench.prepare(InstructPayment(order))
        with pytest.raises(Uncertain):
            await faults.submit(late)
        assert isinstance(await bench.decided(late), Again)
        await faults.arrive()
        await bench.sleep(50)
        assert await bench.names(order) == []

    async def test_pr40_preflight_says_what_is_missing(self, bench: RailBench) -> None:
        """PR-40. All is well for an order disclosed; for one that is not, it is not."""
        order = await bench.new_order()
        checks = await bench.rail.preflight(order, bench.disclosed(order))
        assert checks
        assert {check.answer for check in checks} == {Answered.YES}, checks
        blind = await bench.rail.preflight(order, {})
        assert {check.answer for check in blind} & {Answered.NO, Answered.UNKNOWN}
        assert await bench.names(order) == []

    async def test_pr50_a_cancelled_call_leaks_nothing(self, bench: RailBench) -> None:
        """PR-50. A submit ended at any await leaves the door whole; the bytes pay once."""
        for last in range(64):
            order = await bench.new_order()
            prepared = await bench.prepare(InstructPayment(order))
            crashed, _ = await crash_at(bench.rail.submit(prepared), last)
            await bench.rail.submit(prepared)
            assert isinstance(await bench.decided(prepared), Landed)
            assert await bench.names(order) == named(PaymentSettled), f"ended at await {last}"
            if not crashed:
                return
        raise AssertionError("submit awaits more than 64 times")

    async def test_pr52_prepare_sends_nothing(self, bench: RailBench) -> None:
        """PR-52. A message that was prepared and never handed over is never paid."""
        order = await bench.new_order()
        await bench.prepare(InstructPayment(order))
        assert await bench.names(order) == []
        facts: list[Fact] = await bench.facts(order)
        assert not any(isinstance(fact, PaymentFact) for fact in facts)
