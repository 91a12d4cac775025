"""What an operator may write for a peer of their own, and what is refused by name."""

from pathlib import Path

import pytest

from adapters.bsn.adapter import network_pinned, network_settings, verify
from adapters.bsn.fabric_settings import FabricSettings
from bridge.ports import Unproved
from tests.adapters.bsn.fabric.certified import ROOT, table


def test_a_table_is_read_and_pinned(tmp_path: Path) -> None:
    settings = network_settings(table(tmp_path))
    assert isinstance(settings, FabricSettings)
    assert settings.words[-1] == ("Org1MSP",), "our own peer signs what we read"
    pinned = network_pinned(settings)
    assert isinstance(pinned, dict)
    assert pinned["access"] == "fabric"
    with pytest.raises(Unproved, match="1:"):
        verify(b"\x0a\x00", pinned)


@pytest.mark.parametrize("name", ["network", "genesis", "organisations", "orderers", "witnesses"])
def test_pinned_words_that_lack_one_prove_nothing(name: str, tmp_path: Path) -> None:
    pinned = network_pinned(network_settings(table(tmp_path)))
    assert isinstance(pinned, dict)
    for wrong in ({k: v for k, v in pinned.items() if k != name}, {**pinned, name: True}):
        with pytest.raises(Unproved, match="pinned"):
            verify(b"", wrong)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"genesis_hash": "ab" * 32}, "genesis_hash"),
        ({"msp_id": "Org9MSP"}, "organisations: no root of Org9MSP"),
        ({"witnesses": ["Org9MSP"]}, "organisations: no root of Org9MSP"),
        ({"orderers": [{"msp": "Org1MSP", "root": ROOT}]}, "orderers"),
        ({"orderers": [{"msp": "OrdererMSP", "root": "A" * 200}]}, "root"),
        ({"orderers": []}, "orderers"),
        ({"address": "http://127.0.0.1"}, "address"),
        ({"tls_key_file": "key"}, "tls_key_file, tls_certificate_file"),
        ({"window_ms": 1}, "window_ms"),
        ({"gateway_pin": "A" * 90}, "gateway_pin"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    change: dict[str, object], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=said):
        network_settings({**table(tmp_path), **change})
