"""A bond leaves a channel behind the gateway, is paid for, and comes home, whatever is lost."""

from hashlib import sha256
from pathlib import Path

import pytest

from adapters.bsn.devnet.faults import ORDERED
from adapters.bsn.devnet.gateway import TRUST
from adapters.bsn.devnet.macs import SECP256R1, SM2
from bridge.api.shown import settlement_view
from bridge.cli.link import Doc
from bridge.cli.trace import lines
from bridge.core.ids import Digest
from bridge.core.settlement import Stage
from bridge.engine.admission import Declined
from bridge.notary.store.memory import MemoryStore
from bridge.notary.store.sqlite import SqliteStore
from tests.adapters.bsn.devnet.ring import UNITS, crossing, turning
from tests.adapters.bsn.devnet.test_custody import entrust
from tests.strategies import DESTINATION

FAULTS = ("lose_answer", "http_502", "failed_though_ordered")


@pytest.mark.parametrize("algorithm", [SM2, SECP256R1])
async def test_a_bond_goes_away_and_comes_home(algorithm: int, tmp_path: Path) -> None:
    world = await crossing(tmp_path, algorithm)
    async with turning(world, MemoryStore(), 1) as river:
        for back in (False, True):
            sent = await world.send(river, back=back)
            for fault in FAULTS:
                world.ground.here.gateway.faults.add(fault, ORDERED)
            await river.until(sent, Stage.SETTLED, within=30)
    assert len(world.ground.here.gateway.faults.met) == 4, (
        "lock, burn, mint, assign: each answer is lost"
    )
    holder = world.ground.here.holder.account
    record = world.ground.here.ledger.state[f"asset/{world.asset}"][0].decode()
    assert f'"holder":"{holder}"' in record
    assert '"settlement":""' in record
    away = world.wired.chains[DESTINATION].escrow
    assert away.balance("bond", "", "buyer-wallet") == 0


@pytest.mark.slow
async def test_the_daemon_is_killed_on_the_way(tmp_path: Path) -> None:
    world = await crossing(tmp_path, SM2)
    file = tmp_path / "ledger.db"
    sent = None
    for turn in range(200):
        async with turning(world, SqliteStore(file), turn + 1) as river:
            if sent is None:
                sent = await world.send(river, back=False)
            world.ground.here.gateway.faults.add(FAULTS[turn % 3], ORDERED)
            try:
                await river.until(sent, Stage.SETTLED, within=0.05 * (turn % 7 + 1))
            except TimeoutError:
                continue
            break
    else:
        raise AssertionError("it never settled")
    away = world.wired.chains[DESTINATION].escrow
    assert away.balance("bond", "", "buyer-wallet") == UNITS
    assert '"holder":"vault"' in world.ground.here.ledger.state[f"asset/{world.asset}"][0].decode()


async def test_a_custody_agreement_stands_for_the_holder_and_trace_says_so(tmp_path: Path) -> None:
    agreement = Digest(sha256(b"custody agreement").hexdigest())
    world = await crossing(tmp_path, SECP256R1, TRUST, agreement)
    entrust(world.ground.here, world.ground.here.operator.account)
    async with turning(world, MemoryStore(), 1) as river:
        sent = await world.send(river, back=False)
        await river.until(sent, Stage.SETTLED, within=30)
        settlement = river.ring.journal.view.settlement(sent)
        assert settlement is not None
        shown = settlement_view(river.ring, settlement, (), findings=True)
    assert shown.custody == (f"{world.channel} {agreement}",)
    told = lines(Doc(shown.model_dump(mode="json")))
    assert f"locked by custody agreement: {world.channel} {agreement}" in told


async def test_a_custodian_without_an_agreement_is_declined(tmp_path: Path) -> None:
    world = await crossing(tmp_path, SECP256R1, TRUST)
    entrust(world.ground.here, world.ground.here.operator.account)
    async with turning(world, MemoryStore(), 1) as river:
        with pytest.raises(Declined, match="no custody agreement") as caught:
            await world.send(river, back=False)
    assert caught.value.code == "LQ-CUSTODY-NONE"
