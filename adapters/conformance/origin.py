"""What every origin network owes the bridge. Subclass, give it a `bench`, run pytest.

Cards ON-01 to ON-19 are about verbs, ON-20 to ON-29 about reading, ON-30 to ON-39 about `look`,
ON-40 to ON-49 about preflight and consents, ON-50 and on about trouble. Ids are never reused.
"""

from dataclasses import replace

from adapters.conformance import cards
from adapters.conformance.bench import Bench
from bridge.core.act import Act
from bridge.core.effects import BurnAsset, HoldLock, LockAsset, ReleaseLock
from bridge.core.events import AssetBurned, AssetFact, AssetLocked, LockHeld, LockReleased
from bridge.core.ids import Digest, Instant
from bridge.core.order import SettlementOrder
from bridge.ports import Answered, Landed

SIDE = cards.Side(
    first=LockAsset,
    undone=ReleaseLock,
    done=BurnAsset,
    opened=AssetLocked,
    fenced=LockReleased,
    ended=AssetBurned,
)
TOMORROW_MS = 24 * 3_600_000


class OriginConformance:
    """The cards; `bench` is a fixture that yields an `Bench` of its own for each card."""

    async def test_on01_a_lock_tells_its_order(self, bench: Bench) -> None:
        """ON-01. AssetLocked carries the order's words, proved by evidence that does not bend."""
        await cards.tells_whole_words(bench, SIDE, _locked)

    async def test_on02_the_same_bytes_twice_land_once(self, bench: Bench) -> None:
        """ON-02. Submitting one Prepared again, at once or later, changes nothing."""
        await cards.same_bytes_twice(bench, SIDE)

    async def test_on03_locking_twice_locks_once(self, bench: Bench) -> None:
        """ON-03. A verb prepared anew for one settlement lands once; so does its release."""
        await cards.prepared_twice(bench, SIDE)

    async def test_on04_a_release_gives_the_asset_back(self, bench: Bench) -> None:
        """ON-04. What was released can be locked again, by another settlement."""
        owned = await bench.new_asset()
        first, second = await bench.new_order(owned), await bench.new_order(owned)
        await bench.carry_out(LockAsset, first)
        await bench.carry_out(ReleaseLock, first)
        await bench.carry_out(LockAsset, second)
        assert await bench.names(second) == cards.named(AssetLocked)

    async def test_on05_an_asset_is_locked_for_one(self, bench: Bench) -> None:
        """ON-05. An asset that is locked, or burned, cannot be locked by a second settlement."""
        owned = await bench.new_asset()
        first, second = await bench.new_order(owned), await bench.new_order(owned)
        await bench.carry_out(LockAsset, first)
        await bench.try_out(LockAsset(second))
        await bench.carry_out(BurnAsset, first)
        third = await bench.new_order(owned)
        await bench.try_out(LockAsset(third))
        assert await bench.names(second) + await bench.names(third) == []

    async def test_on06_a_burn_is_the_end(self, bench: Bench) -> None:
        """ON-06. After a burn neither release nor lock of that settlement lands."""
        await cards.ended_cannot_be_undone(bench, SIDE)

    async def test_on07_release_fences_its_lock(self, bench: Bench) -> None:
        """ON-07. After a release, no lock of that settlement can land, however late it comes."""
        await cards.undone_fences(bench, SIDE)

    async def test_on08_a_late_lock_is_fenced(self, bench: Bench) -> None:
        """ON-08. A lock held back on its way and overtaken by its release never lands."""
        await cards.late_first_is_fenced(bench, SIDE)

    async def test_on09_no_burn_without_a_lock(self, bench: Bench) -> None:
        """ON-09. What was never locked cannot be burned."""
        await cards.nothing_to_end(bench, SIDE)

    async def test_on10_no_lock_without_the_holder(self, bench: Bench) -> None:
        """ON-10. Without the holder's word, or with it for another order, nothing is locked."""
        order, other = await bench.new_order(), await bench.new_order()
        act = bench.act(LockAsset(order))
        elsewhere = await bench.signed(LockAsset(other), bench.act(LockAsset(other)))
        signed = await bench.signed(LockAsset(order), act)
        spoiled = tuple(
            replace(one, signature=bytes([one.signature[0] ^ 1]) + one.signature[1:])
            for one in signed
        )
        for signatures in ((), elsewhere, spoiled, bench.notaries(act, 3)):
            await bench.try_out(LockAsset(order), act, signatures)
        longer = replace(act, not_after=Instant(act.not_after + 1))
        await bench.try_out(LockAsset(order), longer, signed)
        assert await bench.names(order) == []

    async def test_on11_notaries_decide_by_quorum(self, bench: Bench) -> None:
        """ON-11. Too few, twice the same, strangers, other words: nothing is burned or released."""
        await cards.quorum_decides(bench, SIDE)

    async def test_on12_an_act_is_for_one_place(self, bench: Bench) -> None:
        """ON-12. An act for another network or escrow lands nowhere here."""
        await cards.another_place_is_refused(bench, SIDE)

    async def test_on13_an_act_is_for_one_ticket(self, bench: Bench) -> None:
        """ON-13. An act that names other words than the lock's lands nowhere."""
        await cards.another_ticket_is_refused(bench, SIDE)

    async def test_on14_a_hold_stops_a_release(self, bench: Bench) -> None:
        """ON-14. Until a hold ends nothing is released; LockHeld tells its end and its evidence."""
        order = await bench.new_order()
        await bench.carry_out(LockAsset, order)
        until = Instant(bench.clock.now() + TOMORROW_MS)
        held, ended = HoldLock(order, until, 1), HoldLock(order, Instant(0), 2)
        await _land(bench, held)
        await bench.try_out(ReleaseLock(order))
        assert await bench.names(order) == cards.named(AssetLocked, LockHeld)
        await _land(bench, ended)
        await bench.carry_out(ReleaseLock, order)
        facts = await bench.facts(order)
        told = [(one.until, one.evidence) for one in facts if isinstance(one, LockHeld)]
        acts: list[Act] = [bench.act(held), bench.act(ended)]
        assert told == [(act.until, act.evidence) for act in acts]
        assert isinstance(facts[-1], LockReleased)

    async def test_on15_an_ended_hold_is_not_replayed(self, bench: Bench) -> None:
        """ON-15. The bytes of a hold that was ended do not hold again."""
        order = await bench.new_order()
        await bench.carry_out(LockAsset, order)
        held = HoldLock(order, Instant(bench.clock.now() + TOMORROW_MS), 1)
        await _land(bench, held)
        await _land(bench, HoldLock(order, Instant(0), 2))
        await bench.try_out(held)
        await bench.carry_out(ReleaseLock, order)
        names = cards.named(AssetLocked, LockHeld, LockHeld, LockReleased)
        assert await bench.names(order) == names

    async def test_on16_a_hold_may_come_before_its_lock(self, bench: Bench) -> None:
        """ON-16. A hold of a slot not yet locked holds the lock that follows."""
        order = await bench.new_order()
        await _land(bench, HoldLock(order, Instant(bench.clock.now() + TOMORROW_MS), 1))
        await bench.carry_out(LockAsset, order)
        await bench.try_out(ReleaseLock(order))
        assert await bench.names(order) == cards.named(LockHeld, AssetLocked)

    async def test_on17_what_is_released_is_not_burned(self, bench: Bench) -> None:
        """ON-17. After a release no burn and no second lock of that settlement lands."""
        await cards.undone_cannot_be_ended(bench, SIDE)

    async def test_on18_a_lock_has_a_last_instant(self, bench: Bench) -> None:
        """ON-18. A lock whose time is over never lands."""
        order = replace(await bench.new_order(), deadline=Instant(0), created=Instant(0))
        await bench.try_out(LockAsset(order))
        assert await bench.names(order) == []

    async def test_on19_units_are_conserved(self, bench: Bench) -> None:
        """ON-19. A lock takes from its holder what a release gives back, to the unit."""
        bench.needs("holding")
        owned = await bench.new_asset()
        before = await cards.all_units(bench, owned, owned.account)
        order = await bench.new_order(owned)
        await bench.carry_out(LockAsset, order)
        assert await cards.all_units(bench, owned, owned.account) == before - owned.units
        await bench.carry_out(ReleaseLock, order)
        assert await cards.all_units(bench, owned, owned.account) == before

    async def test_on20_reading_resumes_anywhere(self, bench: Bench) -> None:
        """ON-20. From any cursor it gave, nothing is skipped and nothing comes in another order."""
        await cards.resumes_anywhere(bench, SIDE)

    async def test_on21_only_what_is_final_is_told(self, bench: Bench) -> None:
        """ON-21. A lock in a block that was undone was never told."""
        await cards.undone_block_is_never_told(bench, SIDE)

    async def test_on22_two_readers_agree(self, bench: Bench) -> None:
        """ON-22. Two readers are told the same in the same order."""
        await cards.two_readers_agree(bench, SIDE)

    async def test_on24_broken_finality_is_said(self, bench: Bench) -> None:
        """ON-24. A final fact that was undone raises FinalityBroken in whoever stands on it."""
        await cards.broken_finality_is_said(bench, SIDE)

    async def test_on30_a_lost_lock_is_known_to_be_lost(self, bench: Bench) -> None:
        """ON-30. Unknown until it expires, then Again; what replaces it lands once."""
        await cards.lost_request(bench, SIDE)

    async def test_on31_a_lost_answer_is_found(self, bench: Bench) -> None:
        """ON-31. A lock nobody was told of is Landed when we look."""
        await cards.lost_answer(bench, SIDE)

    async def test_on32_what_is_on_its_way_is_unknown(self, bench: Bench) -> None:
        """ON-32. `look` never says Never or Again of what lands later."""
        await cards.delayed(bench, SIDE)

    async def test_on33_again_is_true(self, bench: Bench) -> None:
        """ON-33. After Again the old bytes cannot land."""
        await cards.again_is_true(bench, SIDE)

    async def test_on34_the_fence_holds_in_any_order(self, bench: Bench) -> None:
        """ON-34. Lock and release that arrive the other way round end fenced."""
        await cards.reordered(bench, SIDE)

    async def test_on35_a_hold_that_comes_too_late_holds_nothing(self, bench: Bench) -> None:
        """ON-35. A hold signed while the lock stood, brought after its end, lands nowhere."""
        order = await bench.new_order()
        await bench.carry_out(LockAsset, order)
        held = HoldLock(order, Instant(bench.clock.now() + TOMORROW_MS), 1)
        act = bench.act(held)
        signed = await bench.signed(held, act)
        await bench.carry_out(ReleaseLock, order)
        await bench.try_out(held, act, signed)
        assert await bench.names(order) == cards.named(AssetLocked, LockReleased)

    async def test_on40_preflight_says_what_is_missing(self, bench: Bench) -> None:
        """ON-40. All is well before a lock; then a second settlement is told what is missing."""
        owned = await bench.new_asset()
        first, second = await bench.new_order(owned), await bench.new_order(owned)
        checks = await bench.origin.preflight(first, {})
        assert checks
        assert {check.answer for check in checks} == {Answered.YES}, checks
        await bench.carry_out(LockAsset, first)
        answers = {check.answer for check in await bench.origin.preflight(second, {})}
        assert Answered.NO in answers
        assert await bench.names(second) == []

    async def test_on41_a_consent_covers_the_terms(self, bench: Bench) -> None:
        """ON-41. The consent of one order is none for another that differs in one word."""
        order = await bench.new_order()
        word = await bench.consent(order)
        assert (await bench.origin.consent_holds(order, word)).answer is Answered.YES
        other = replace(order, bop_code="121010")
        assert bench.origin.consent_owed(other).message != bench.origin.consent_owed(order).message
        for wrong in (
            replace(word, signature=bytes([word.signature[0] ^ 1]) + word.signature[1:]),
            replace(word, terms=Digest("00" * 32)),
            replace(word, by=word.by + "0"),
        ):
            assert (await bench.origin.consent_holds(order, wrong)).answer is not Answered.YES
        borrowed = replace(word, terms=other.terms)
        assert (await bench.origin.consent_holds(other, borrowed)).answer is not Answered.YES

    async def test_on50_a_cancelled_call_leaks_nothing(self, bench: Bench) -> None:
        """ON-50. A submit ended at any await leaves the door whole; the bytes land once."""
        await cards.cancelled_anywhere(bench, SIDE)

    async def test_on51_a_closed_gate_sends_nothing(self, bench: Bench) -> None:
        """ON-51. Unavailable means that nothing was sent."""
        await cards.closed_gate(bench, SIDE)

    async def test_on52_prepare_sends_nothing(self, bench: Bench) -> None:
        """ON-52. Bytes that were prepared and never handed over never land."""
        order = await bench.new_order()
        await bench.prepare(LockAsset(order))
        await bench.sleep(50)
        assert await bench.names(order) == []


def _locked(order: SettlementOrder) -> AssetFact:
    return near_fact(AssetLocked, order)


def near_fact(kind: type[AssetFact], order: SettlementOrder) -> AssetFact:
    """Return the fact of an order's origin, as it has to be told."""
    return kind(
        settlement=order.id,
        network=order.origin.network,
        escrow=order.origin.escrow,
        asset=order.origin.asset,
        part=order.origin.part,
        units=order.units,
        account=order.originator.account,
    )


async def _land(bench: Bench, effect: HoldLock) -> None:
    prepared = await bench.prepare(effect)
    await bench.door.submit(prepared)
    assert isinstance(await bench.decided(prepared), Landed)


SMOKE = ("on01", "on02", "on07", "on20", "on31")  # what must hold before the rest is worth running
