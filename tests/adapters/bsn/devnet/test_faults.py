"""Whatever goes wrong between us and the gateway ends in the outcome that was promised for it."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from adapters.bsn.adapter import network_over
from adapters.bsn.devnet.gateway import TRUST, UPLOAD
from adapters.bsn.devnet.macs import SECP256K1, SECP256R1, SM2, Secret
from adapters.bsn.devnet.server import steer
from adapters.bsn.pcn_wire import Heard
from bridge.core.act import DECISION_TIME_MS
from bridge.core.effects import LockAsset, ReleaseLock
from bridge.core.ids import BEGINNING, Instant
from bridge.ports import (
    Again,
    Landed,
    Never,
    Notice,
    Prepared,
    Refused,
    Unavailable,
    Uncertain,
    Unknown,
    Unseen,
)
from tests.adapters.bsn.devnet.grounds import BLOCK_MS, WINDOW_MS, Here, spki

LIES = ("bad", "empty", "high_s", "single_hashed", "forged_field", "duplicate_name")
ECHOES = ("number_as_text", "other_question")
ALGORITHMS = (SM2, SECP256R1, SECP256K1)


async def locking(here: Here) -> Prepared:
    bench = here.bench()
    return await bench.prepare(LockAsset(await bench.new_order()))


async def alarm(here: Here) -> Notice:
    """The first notice that reading tells."""
    async with asyncio.timeout(60), aclosing(here.network.observe(BEGINNING)) as reading:
        async for page in reading:
            for one in page:
                if isinstance(one.subject, Notice):
                    return one.subject
    raise AssertionError("reading ended")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("lie", [*LIES, *ECHOES])
async def test_an_answer_that_cannot_be_trusted_stops_all_sending(
    lie: str, algorithm: int, tmp_path: Path
) -> None:
    here = Here(folder=tmp_path, algorithm=algorithm)
    first, second = await locking(here), await locking(here)
    here.gateway.faults.add(lie, "node/trans")
    with pytest.raises(Uncertain):
        await here.network.submit(first)
    sent = len(here.wire.sent)
    with pytest.raises(Unavailable, match="stopped"):
        await here.network.submit(second)
    assert len(here.wire.sent) == sent, "something was sent after a lie"
    assert (await alarm(here)).what == "gateway.untrusted"
    await asyncio.sleep(BLOCK_MS / 500)
    assert isinstance(await here.network.look(first), Landed), "reading goes on, verified"


@pytest.mark.parametrize(
    "fault", ["lose_answer", "http_502", "not_json", "failed_though_ordered", "delay"]
)
@pytest.mark.parametrize("mode", [TRUST, UPLOAD])
async def test_an_answer_lost_after_ordering_is_found_by_looking(
    fault: str, mode: int, tmp_path: Path
) -> None:
    here = Here(folder=tmp_path, mode=mode)
    bench = here.bench()
    order = await bench.new_order()
    prepared = await bench.prepare(LockAsset(order))
    here.gateway.faults.add(fault, "reqChainCode" if mode == TRUST else "trans", by=60_000)
    with pytest.raises(Uncertain):
        await here.network.submit(prepared)
    assert isinstance(await bench.decided(prepared), Landed)
    await here.network.submit(prepared)
    assert await bench.names(order) == ["AssetLocked"]


async def test_a_lost_request_is_sent_again_and_lands_once(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    bench = here.bench()
    order = await bench.new_order()
    prepared = await bench.prepare(LockAsset(order))
    here.gateway.faults.add("lose_request", "trans")
    with pytest.raises(Uncertain):
        await here.network.submit(prepared)
    assert isinstance(await here.network.look(prepared), Unseen)
    await here.network.submit(prepared)
    assert isinstance(await bench.decided(prepared), Landed)
    assert await bench.names(order) == ["AssetLocked"]


@pytest.mark.parametrize("conflicts", [False, True])
async def test_in_trust_mode_what_was_lost_may_be_handed_over_again_and_lands_once(
    tmp_path: Path, *, conflicts: bool
) -> None:
    """Silence concludes nothing there, and nobody else would ever send it again."""
    here = Here(folder=tmp_path, mode=TRUST)
    bench = here.bench()
    order = await bench.new_order()
    await bench.carry_out(LockAsset, order)
    prepared = await bench.prepare(ReleaseLock(order))
    if conflicts:
        steer(here.gateway, {"do": "conflict"})
        await here.network.submit(prepared)
    else:
        here.gateway.faults.add("lose_request", "reqChainCode")
        with pytest.raises(Uncertain):
            await here.network.submit(prepared)
    assert isinstance(await here.network.look(prepared), Unseen)  # so the engine sends it again
    await here.network.submit(prepared)
    assert isinstance(await bench.decided(prepared), Landed)
    assert await bench.names(order) == ["AssetLocked", "LockReleased"]


@pytest.mark.parametrize("fault", ["other_msg", "absent_zeros", "absent_nothing"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_the_ways_of_older_gateways_are_understood(
    fault: str, algorithm: int, tmp_path: Path
) -> None:
    here = Here(folder=tmp_path, algorithm=algorithm)
    bench = here.bench()
    order = await bench.new_order()
    prepared = await bench.prepare(LockAsset(order))
    here.gateway.faults.add(fault, "trans")
    await here.network.submit(prepared)
    here.gateway.faults.add(fault, "getLedgerInfo")
    here.gateway.faults.add(fault, "getTransaction")
    assert isinstance(await bench.decided(prepared), Landed)
    assert await bench.names(order) == ["AssetLocked"]


async def test_a_conflict_is_prepared_anew(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    bench = here.bench()
    order = await bench.new_order()
    prepared = await bench.prepare(LockAsset(order))
    steer(here.gateway, {"do": "conflict"})
    await here.network.submit(prepared)
    sight = await bench.decided(prepared)
    assert isinstance(sight, Again)
    assert "11" in sight.why
    anew = await bench.prepare(LockAsset(order), replaces=prepared.tx)
    await here.network.submit(anew)
    assert isinstance(await bench.decided(anew), Landed)
    assert await bench.names(order) == ["AssetLocked"]


async def test_other_endorsers_than_the_settings_know_stop_all_sending(tmp_path: Path) -> None:
    """Code 10: the channel's policy was not met, though the pinned organisations all endorsed."""
    here = Here(folder=tmp_path)
    prepared, next_one = await locking(here), await locking(here)
    here.ledger.bend(10)
    await here.network.submit(prepared)
    await asyncio.sleep(BLOCK_MS / 500)
    with pytest.raises(Unavailable, match="other endorsers"):
        await here.network.look(prepared)
    with pytest.raises(Unavailable, match="stopped"):
        await here.network.submit(next_one)
    assert (await alarm(here)).what == "gateway.untrusted"


async def test_a_lying_block_where_reading_resumes_is_told_to_a_person(tmp_path: Path) -> None:
    """Each reading ends at the lie; the next begins with the alarm, wherever it begins."""
    here = Here(folder=tmp_path)
    bench = here.bench()
    await bench.carry_out(LockAsset, await bench.new_order())
    (seen,) = await bench.observed()
    here.gateway.faults.add("bad", "getBlockData")
    async with aclosing(here.network.observe(seen.cursor)) as reading:
        with pytest.raises(Unavailable, match="untrusted"):
            await anext(reading)
    here.gateway.faults.add("bad", "getBlockData")
    async with aclosing(here.network.observe(seen.cursor)) as reading:
        told = (await anext(reading))[0]
    assert isinstance(told.subject, Notice)
    assert told.subject.what == "gateway.untrusted"
    assert told.cursor == seen.cursor, "the rest of that block is still unread"


async def test_a_lock_on_its_way_at_its_last_instant_is_not_called_lost(tmp_path: Path) -> None:
    """Time is asked at endorsement: what was endorsed in time may be in a block after it."""
    here = Here(folder=tmp_path)
    bench = here.bench()
    in_time = here.clock.now() + WINDOW_MS - BLOCK_MS  # to be prepared and ordered
    order = replace(await bench.new_order(), deadline=Instant(in_time - DECISION_TIME_MS))
    prepared = await bench.prepare(LockAsset(order))
    steer(here.gateway, {"do": "stall", "on": True})
    await here.network.submit(prepared)
    here.clock.goes_to(in_time + 1)
    assert isinstance(await here.network.look(prepared), Unknown)
    steer(here.gateway, {"do": "stall", "on": False})
    assert isinstance(await bench.decided(prepared), Landed)
    in_time = here.clock.now() + WINDOW_MS - BLOCK_MS
    late = replace(await bench.new_order(), deadline=Instant(in_time - DECISION_TIME_MS))
    lost = await bench.prepare(LockAsset(late))
    here.clock.goes_to(in_time + 1)
    assert isinstance(await bench.decided(lost), Never)
    with pytest.raises(Refused, match="too late"):
        await bench.prepare(LockAsset(late))


async def test_two_verbs_of_one_settlement_in_one_block_one_lands(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    bench = here.bench()
    owned = await bench.new_asset()
    one, two = await bench.new_order(owned), await bench.new_order(owned)
    first, second = await bench.prepare(LockAsset(one)), await bench.prepare(LockAsset(two))
    await here.network.submit(first)
    await here.network.submit(second)
    assert isinstance(await bench.decided(first), Landed)
    assert isinstance(await bench.decided(second), Again)
    assert len(here.ledger.blocks[-1].transactions) == 2
    assert await bench.names(one) + await bench.names(two) == ["AssetLocked"]
    with pytest.raises(Refused):
        await here.network.submit(await bench.prepare(LockAsset(two)))


async def test_while_no_block_is_cut_nobody_says_landed(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    bench = here.bench()
    prepared = await bench.prepare(LockAsset(await bench.new_order()))
    steer(here.gateway, {"do": "stall", "on": True})
    await here.network.submit(prepared)
    for _ in range(3):
        await asyncio.sleep(BLOCK_MS / 1000)
        assert isinstance(await here.network.look(prepared), Unknown)
    steer(here.gateway, {"do": "stall", "on": False})
    assert isinstance(await bench.decided(prepared), Landed)


async def test_the_chaincodes_refusal_is_refused_and_nothing_is_ordered(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    bench = here.bench()
    owned = await bench.new_asset()
    one, two = await bench.new_order(owned), await bench.new_order(owned)
    late = await bench.prepare(LockAsset(two))
    await bench.carry_out(LockAsset, one)
    blocks = len(here.ledger.blocks)
    with pytest.raises(Refused, match="LQ409"):
        await here.network.submit(late)
    await asyncio.sleep(1)
    here.ledger.advance()
    assert len(here.ledger.blocks) == blocks


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"msp_id": "Org9MSP"}, "mspId: the gateway says 'Org1MSP', settings 'Org9MSP'"),
        ({"channel": "other"}, "channelId: the gateway says 'settle', settings 'other'"),
        ({"gateway_pin": spki(Secret(SECP256R1, "another").public())}, "gateway_pin"),
        ({"fabric_version": "1.4.3"}, "fabricVersion: the gateway says '2.2.1', settings '1.4.3'"),
        ({"window_ms": 1_000}, "window_ms: the chaincode says 2000, settings 1000"),
    ],
)
async def test_another_gateway_than_pinned_is_refused_by_name(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    here = Here(folder=tmp_path)
    network = network_over(here.wire, here.settings(**change), here.clock)
    with pytest.raises(Refused, match=words):
        await network.check()
    with pytest.raises((Refused, Unavailable)):
        await network.submit(await locking(here))


async def test_another_mode_or_chain_than_pinned_is_refused(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    here.gateway.open(SECP256R1, TRUST, here.user.public())
    codes = {"app_code": "app00012026010100000000000021", "user_code": here.app.user_code}
    trusting = [one for one in here.gateway.apps.values() if one.mode == TRUST]
    codes = {"app_code": trusting[0].app_code, "user_code": trusting[0].user_code}
    with pytest.raises(Refused, match="caType: the gateway says 1, settings 2"):
        await network_over(here.wire, here.settings(**codes), here.clock).check()
    hashed = "ab" * 32
    elsewhere = here.settings(genesis_hash=hashed, network=f"fabric:{hashed[:32]}")
    with pytest.raises(Refused, match=r"genesis_hash: block 0 is .*, pinned is abab"):
        await network_over(here.wire, elsewhere, here.clock).check()


@dataclass
class Canned:
    """A wire that answers what it is told to, then the gateway's own."""

    here: Here
    answers: list[Heard] = field(default_factory=list)

    async def post(self, path: str, data: bytes) -> Heard:
        return self.answers.pop(0) if self.answers else await self.here.wire.post(path, data)


async def test_what_http_says_in_the_gateways_place(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    wire = Canned(here)
    network = network_over(wire, here.settings(), here.clock)
    prepared = await locking(here)
    await network.check()
    wire.answers = [Heard(429, b"", {"Retry-After": "3"})]
    with pytest.raises(Unavailable):
        await network.submit(prepared)
    sent = len(here.wire.sent)
    with pytest.raises(Unavailable, match="wait"):
        await network.submit(prepared)
    assert len(here.wire.sent) == sent
    await asyncio.sleep(3.1)
    for status in (500, 502, 302, 204):
        wire.answers = [Heard(status, b"")]
        with pytest.raises(Uncertain):
            await network.submit(prepared)
    for status in (401, 403):
        again = network_over(wire, here.settings(), here.clock)
        await again.check()
        wire.answers = [Heard(status, b"")]
        with pytest.raises(Unavailable):
            await again.submit(prepared)
        with pytest.raises(Unavailable, match="stopped"):
            await again.submit(prepared)


async def test_preflight_does_not_guess_when_nobody_answers(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    order = await here.bench().new_order()
    await here.close()
    with pytest.raises(Unavailable):
        await here.network.preflight(order, {})


async def test_what_orders_readings_too_is_borne(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    here.gateway.orders_reads = True
    bench = here.bench()
    order = await bench.new_order()
    await bench.carry_out(LockAsset, order)
    assert await bench.names(order) == ["AssetLocked"]
