"""What every destination network owes the bridge. Subclass, give it a `bench`, run pytest.

Cards DN-01 to DN-19 are about verbs, DN-20 to DN-29 about reading, DN-30 to DN-39 about `look`,
DN-40 to DN-49 about preflight, DN-50 and on about trouble. Ids are never reused.
"""

from dataclasses import replace

from adapters.conformance import cards
from adapters.conformance.bench import Bench
from bridge.core.effects import AssignAsset, MintAsset, UnmintAsset
from bridge.core.events import AssetAssigned, AssetFact, AssetMinted, AssetUnminted
from bridge.core.ids import Instant
from bridge.core.order import SettlementOrder
from bridge.ports import Answered

SIDE = cards.Side(
    first=MintAsset,
    undone=UnmintAsset,
    done=AssignAsset,
    opened=AssetMinted,
    fenced=AssetUnminted,
    ended=AssetAssigned,
)


class DestinationConformance:
    """The cards; `bench` is a fixture that yields a `Bench` of its own for each card."""

    async def test_dn01_a_mint_tells_its_order(self, bench: Bench) -> None:
        """DN-01. AssetMinted carries the order's words, proved by evidence that does not bend."""
        await cards.tells_whole_words(bench, SIDE, _minted)

    async def test_dn02_the_same_bytes_twice_land_once(self, bench: Bench) -> None:
        """DN-02. Submitting one Prepared again, at once or later, changes nothing."""
        await cards.same_bytes_twice(bench, SIDE)

    async def test_dn03_minting_twice_mints_once(self, bench: Bench) -> None:
        """DN-03. A verb prepared anew for one settlement lands once; so does its unmint."""
        await cards.prepared_twice(bench, SIDE)

    async def test_dn05_the_beneficiary_is_given_it_once(self, bench: Bench) -> None:
        """DN-05. Only the assign gives the twin to the beneficiary, and gives it once."""
        bench.needs("holding")
        owned = await bench.new_asset()
        before = await cards.all_units(bench, owned, owned.account)
        order = await bench.new_order(owned)
        await bench.carry_out(MintAsset, order)
        assert await cards.all_units(bench, owned, owned.account) == before
        prepared = await bench.carry_out(AssignAsset, order)
        await bench.door.submit(prepared)
        await bench.names(order)
        assert await cards.all_units(bench, owned, owned.account) == before + owned.units

    async def test_dn06_an_assign_is_the_end(self, bench: Bench) -> None:
        """DN-06. After an assign neither unmint nor mint of that settlement lands."""
        await cards.ended_cannot_be_undone(bench, SIDE)

    async def test_dn07_unmint_fences_its_mint(self, bench: Bench) -> None:
        """DN-07. After an unmint, no mint of that settlement can land, however late it comes."""
        await cards.undone_fences(bench, SIDE)

    async def test_dn08_a_late_mint_is_fenced(self, bench: Bench) -> None:
        """DN-08. A mint held back on its way and overtaken by its unmint never lands."""
        await cards.late_first_is_fenced(bench, SIDE)

    async def test_dn09_no_assign_without_a_mint(self, bench: Bench) -> None:
        """DN-09. What was never minted cannot be assigned."""
        await cards.nothing_to_end(bench, SIDE)

    async def test_dn10_an_unmint_gives_nobody_anything(self, bench: Bench) -> None:
        """DN-10. What was minted and unminted is with nobody, and can be minted for another."""
        owned = await bench.new_asset()
        first, second = await bench.new_order(owned), await bench.new_order(owned)
        await bench.carry_out(MintAsset, first)
        await bench.carry_out(UnmintAsset, first)
        await bench.carry_out(MintAsset, second)
        assert await bench.names(first) == cards.named(AssetMinted, AssetUnminted)
        assert await bench.names(second) == cards.named(AssetMinted)

    async def test_dn11_notaries_decide_by_quorum(self, bench: Bench) -> None:
        """DN-11. Too few, twice the same, strangers, other words: nothing is assigned or undone."""
        await cards.quorum_decides(bench, SIDE)

    async def test_dn12_an_act_is_for_one_place(self, bench: Bench) -> None:
        """DN-12. An act for another network or escrow lands nowhere here."""
        await cards.another_place_is_refused(bench, SIDE)

    async def test_dn13_an_act_is_for_one_ticket(self, bench: Bench) -> None:
        """DN-13. An act that names other words than the mint's lands nowhere."""
        await cards.another_ticket_is_refused(bench, SIDE)

    async def test_dn14_a_mint_takes_a_quorum(self, bench: Bench) -> None:
        """DN-14. Without enough of the notaries nothing is minted."""
        order = await bench.new_order()
        act = bench.act(MintAsset(order))
        for signatures in ((), bench.notaries(act, 1), bench.strangers(act, 3)):
            await bench.try_out(MintAsset(order), act, signatures)
        more = replace(act, not_after=Instant(act.not_after + 1))
        await bench.try_out(MintAsset(order), more, bench.notaries(act, 2))
        assert await bench.names(order) == []

    async def test_dn17_what_is_unminted_is_not_assigned(self, bench: Bench) -> None:
        """DN-17. After an unmint no assign and no second mint of that settlement lands."""
        await cards.undone_cannot_be_ended(bench, SIDE)

    async def test_dn18_a_mint_has_a_last_instant(self, bench: Bench) -> None:
        """DN-18. A mint whose time is over never lands."""
        order = replace(await bench.new_order(), deadline=Instant(0), created=Instant(0))
        await bench.try_out(MintAsset(order))
        assert await bench.names(order) == []

    async def test_dn20_reading_resumes_anywhere(self, bench: Bench) -> None:
        """DN-20. From any cursor it gave, nothing is skipped and nothing comes in another order."""
        await cards.resumes_anywhere(bench, SIDE)

    async def test_dn21_only_what_is_final_is_told(self, bench: Bench) -> None:
        """DN-21. A mint in a block that was undone was never told."""
        await cards.undone_block_is_never_told(bench, SIDE)

    async def test_dn22_two_readers_agree(self, bench: Bench) -> None:
        """DN-22. Two readers are told the same in the same order."""
        await cards.two_readers_agree(bench, SIDE)

    async def test_dn24_broken_finality_is_said(self, bench: Bench) -> None:
        """DN-24. A final fact that was undone raises FinalityBroken in whoever stands on it."""
        await cards.broken_finality_is_said(bench, SIDE)

    async def test_dn30_a_lost_mint_is_known_to_be_lost(self, bench: Bench) -> None:
        """DN-30. Unknown until it expires, then Again; what replaces it lands once."""
        await cards.lost_request(bench, SIDE)

    async def test_dn31_a_lost_answer_is_found(self, bench: Bench) -> None:
        """DN-31. A mint nobody was told of is Landed when we look."""
        await cards.lost_answer(bench, SIDE)

    async def test_dn32_what_is_on_its_way_is_unknown(self, bench: Bench) -> None:
        """DN-32. `look` never says Never or Again of what lands later."""
        await cards.delayed(bench, SIDE)

    async def test_dn33_again_is_true(self, bench: Bench) -> None:
        """DN-33. After Again the old bytes cannot land."""
        await cards.again_is_true(bench, SIDE)

    async def test_dn34_the_fence_holds_in_any_order(self, bench: Bench) -> None:
        """DN-34. Mint and unmint that arrive the other way round end fenced."""
        await cards.reordered(bench, SIDE)

    async def test_dn40_preflight_says_what_is_missing(self, bench: Bench) -> None:
        """DN-40. All is well for who is known there; for an account nobody knows it is not."""
        order = await bench.new_order()
        checks = await bench.door.preflight(order, {})
        assert checks
        assert {check.answer for check in checks} == {Answered.YES}, checks
        nobody = replace(order.beneficiary, account=_other(order.beneficiary.account))
        answers = await bench.door.preflight(replace(order, beneficiary=nobody), {})
        assert Answered.NO in {check.answer for check in answers}
        assert await bench.names(order) == []

    async def test_dn50_a_cancelled_call_leaks_nothing(self, bench: Bench) -> None:
        """DN-50. A submit ended at any await leaves the door whole; the bytes land once."""
        await cards.cancelled_anywhere(bench, SIDE)

    async def test_dn51_a_closed_gate_sends_nothing(self, bench: Bench) -> None:
        """DN-51. Unavailable means that nothing was sent."""
        await cards.closed_gate(bench, SIDE)

    async def test_dn52_prepare_sends_nothing(self, bench: Bench) -> None:
        """DN-52. Bytes that were prepared and never handed over never land."""
        order = await bench.new_order()
        await bench.prepare(MintAsset(order))
        await bench.sleep(50)
        assert await bench.names(order) == []


def _minted(order: SettlementOrder) -> AssetFact:
    return near_fact(AssetMinted, order)


def near_fact(kind: type[AssetFact], order: SettlementOrder) -> AssetFact:
    """Return the fact of an order's destination, as it has to be told."""
    return kind(
        settlement=order.id,
        network=order.destination.network,
        escrow=order.destination.escrow,
        asset=order.destination.asset,
        part=order.destination.part,
        units=order.units,
        account=order.beneficiary.account,
    )


def _other(account: str) -> str:
    """Return an account of the same form that nobody has."""
    return account[:-1] + ("1" if account[-1] != "1" else "2")


SMOKE = ("dn01", "dn02", "dn07", "dn20", "dn31")  # what must hold before the rest is worth running
