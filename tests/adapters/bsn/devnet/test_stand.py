"""What the devnet prints opens it; its keys open nothing else."""

import tomllib
from pathlib import Path

import pytest

from adapters.bsn.adapter import ADAPTER, network_over
from adapters.bsn.devnet.gateway import TRUST, UPLOAD
from adapters.bsn.devnet.macs import SECP256K1, SECP256R1, SM2, Secret
from adapters.bsn.devnet.stand import Stand, set_up, written
from adapters.bsn.settings import DEVNET_KEYS, PcnSettings
from adapters.conformance.exam import NOTARY_KEYS
from tests.adapters.bsn.devnet.grounds import Direct, LoopClock, spki


def table_of(text: str) -> dict[str, object]:
    table: dict[str, object] = tomllib.loads(text)["network"]["channel"]
    assert table.pop("adapter") == ADAPTER.name
    return table


def stand_of(clock: LoopClock, algorithm: int, mode: int) -> Stand:
    return set_up(
        clock.now,
        algorithm=algorithm,
        mode=mode,
        notaries=list(NOTARY_KEYS),
        threshold=2,
        names=["seller"],
    )


@pytest.mark.parametrize("algorithm", [SM2, SECP256R1, SECP256K1])
@pytest.mark.parametrize("mode", [TRUST, UPLOAD])
async def test_the_printed_settings_open_it(algorithm: int, mode: int, tmp_path: Path) -> None:
    clock = LoopClock()
    stand = stand_of(clock, algorithm, mode)
    table = table_of(written(stand, tmp_path, "http://127.0.0.1:1"))
    settings = ADAPTER.settings(table)
    assert isinstance(settings, PcnSettings)
    network = network_over(Direct(stand.gateway), settings, clock)
    await network.check()
    assert network.id == stand.gateway.ledger.network


async def test_a_devnets_keys_are_refused_beyond_this_machine(tmp_path: Path) -> None:
    clock = LoopClock()
    stand = stand_of(clock, SECP256R1, UPLOAD)
    table = table_of(written(stand, tmp_path, "https://gateway.example"))
    with pytest.raises(ValueError, match="devnet"):
        ADAPTER.settings(table)
    key = spki(Secret(SECP256R1, "another").public())
    settings = ADAPTER.settings({**table, "gateway_pin": key})
    assert isinstance(settings, PcnSettings)
    with pytest.raises(ValueError, match=r"user\.pem: a devnet's key"):
        network_over(Direct(stand.gateway), settings, clock)


def test_the_devnets_gateway_keys_are_those_the_settings_know() -> None:
    from base64 import b64decode
    from hashlib import sha256

    keys = [spki(Secret(one, "gateway").public()) for one in (SM2, SECP256R1, SECP256K1)]
    assert {sha256(b64decode(key)).hexdigest() for key in keys} == DEVNET_KEYS


async def test_sm2_signs_for_one_version_of_fabric_only(tmp_path: Path) -> None:
    stand = stand_of(LoopClock(), SM2, UPLOAD)
    table = table_of(written(stand, tmp_path, "http://127.0.0.1:1"))
    with pytest.raises(ValueError, match="fabric_version"):
        ADAPTER.settings({**table, "fabric_version": "1.4.3"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base_url": "http://gateway.example"}, "base_url"),
        ({"base_url": "https://user:secret@gateway.example"}, "base_url"),
        ({"genesis_hash": "ab" * 32}, "genesis_hash"),
        ({"algorithm": "sm2"}, "gateway_pin"),
        ({"gateway_pin": "A" * 100}, "gateway_pin"),
        ({"identity_key_file": None}, "identity_key_file"),
        ({"custody": True}, "custody"),
        ({"endorsements": 3}, "endorsements"),
        ({"poll": 1}, "poll"),
        ({"poll_ms": "1000"}, "poll_ms"),
    ],
)
async def test_settings_that_do_not_fit_are_refused_by_name(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    stand = stand_of(LoopClock(), SECP256R1, UPLOAD)
    table = table_of(written(stand, tmp_path, "http://127.0.0.1:1"))
    ADAPTER.settings(table)
    with pytest.raises(ValueError, match=words):
        ADAPTER.settings({**table, **change})
