"""What a network never said moves nothing; what it said of another amount, nobody signs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.memory.bank import Fate
from adapters.memory.codec import EVENT_PREFIX, sealed, unsealed
from bridge.core.act import Act, Signature
from bridge.core.settlement import Stage
from bridge.notary.attestation import CanonicalSigner
from tests.engine.river import River, key, river
from tests.strategies import ORIGIN, RAIL


@dataclass
class Signed:
    """Every act a notary put its key under."""

    acts: list[Act]

    def verbs(self) -> set[str]:
        return {act.verb.value for act in self.acts}


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> Signed:
    seen, sign = Signed([]), CanonicalSigner.sign

    def signing(self: CanonicalSigner, act: Act) -> Signature:
        seen.acts.append(act)
        return sign(self, act)

    monkeypatch.setattr(CanonicalSigner, "sign", signing)
    return seen


def retold(water: River, by: Ed25519PrivateKey, **changes: str) -> Callable[[int, int], object]:
    """The origin's events, each with other members, signed by somebody."""
    chain = water.wires.chains[ORIGIN]
    real = chain.told

    def told(after: int, limit: int) -> tuple[bytes, ...]:
        return tuple(
            sealed(EVENT_PREFIX, {**unsealed(one), **changes}, by) for one in real(after, limit)
        )

    return told


async def test_an_event_under_another_key_is_not_believed(
    tmp_path: Path, signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with river(tmp_path) as water:
        liar = retold(water, key("liar"))
        monkeypatch.setattr(water.wires.chains[ORIGIN], "told", liar)
        of = await water.send(water.order())
        await water.until(of, Stage.LOCKING)
        (watch,) = [one for one in water.ring.watches if one.reader == ORIGIN]
        async with asyncio.timeout(10):
            while "unproved" not in watch.down:  # noqa: ASYNC110 nothing tells when it is seen
                await asyncio.sleep(0.02)
        assert water.now(of).stage is Stage.LOCKING
        assert signed.acts == []


async def test_another_amount_under_the_true_key_stops_it_and_nobody_signs_the_mint(
    tmp_path: Path, signed: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with river(tmp_path) as water:
        more = retold(water, key(ORIGIN), units="11")
        monkeypatch.setattr(water.wires.chains[ORIGIN], "told", more)
        of = await water.send(water.order())
        await water.until(of, Stage.LOCKING, stop="suspended")
        assert "mint" not in signed.verbs()


async def test_a_booking_of_another_amount_stops_it_and_nobody_signs_the_burn(
    tmp_path: Path, signed: Signed
) -> None:
    async with river(tmp_path) as water:
        water.wires.bank.fates["*"] = Fate.WRONG
        of = await water.send(water.order())
        await water.until(of, Stage.PAYING, stop="suspended")
        assert signed.verbs() <= {"mint", "hold"}
        assert water.wires.bank.rail == RAIL
