"""What an operator writes is refused where it contradicts itself: field, rule and remedy named."""

import pytest

from adapters.evm.adapter import network_pinned, network_settings

ESCROW = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
VAULT = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"


def table(**changes: object) -> dict[str, object]:
    words: dict[str, object] = {
        "network": "eip155:1",
        "genesis_hash": "0x" + "ab" * 32,
        "escrow": ESCROW,
        "escrow_code_hash": "0x" + "cd" * 32,
        "start_block": 1,
        "endpoints": [
            {"url": f"https://{name}.example", "operator": name} for name in ("a", "b", "c")
        ],
        "quorum": 2,
        "finality": "finalized",
        "readers": ["ef" * 32],
        "reader_key_file": "reader",
        "max_fee_wei": 10**11,
        "finality_ms": 900_000,
    }
    return words | changes


def test_what_is_whole_is_taken_and_pinned() -> None:
    assert network_pinned(network_settings(table())) == {
        "network": "eip155:1",
        "genesis": "0x" + "ab" * 32,
        "escrow": ESCROW,
        "readers": ["ef" * 32],
        "finality": {"kind": "quorum", "needed": "2", "operators": ["a", "b", "c"]},
    }
    deep = network_pinned(network_settings(table(finality="depth", depth=64)))
    assert isinstance(deep, dict)
    assert deep["finality"] == {"kind": "depth", "needed": "64", "operators": ["a", "b", "c"]}


TWICE = [{"url": "https://a.example", "operator": name} for name in ("a", "b")]
ONE_OPERATOR = [{"url": f"https://{name}.example", "operator": "a"} for name in ("x", "y", "z")]
FOUR = [{"url": f"https://{name}.example", "operator": name} for name in "abcd"]
KEY = {"keystore": "k", "password_file": "p"}
CODE = {"code_hash": "0x" + "cd" * 32}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"endpoints": TWICE}, "endpoints.url: https://a.example stands twice"),
        ({"endpoints": ONE_OPERATOR}, "quorum: 2 of 1 operators can never agree"),
        ({"endpoints": FOUR}, "quorum: 2 of 4 operators is no majority"),
        ({"endpoints": FOUR[:1], "quorum": 1}, "quorum: one operator's word proves nothing"),
        ({"readers": []}, "readers: nobody's word"),
        ({"readers": ["ef" * 32] * 2}, "readers: .* stands twice"),
        ({"depth": 64}, "depth: is set with finality `depth`, and only with it"),
        ({"finality": "depth"}, "depth: is set with finality `depth`, and only with it"),
        ({"finality": "depth", "depth": 63}, "depth: 63 is under 64 blocks"),
        ({"escrow": ESCROW.lower()}, f"EIP-55 writes it {ESCROW}"),
        ({"escrow": ESCROW.replace("aA", "Aa")}, f"EIP-55 writes it {ESCROW}"),
        ({"max_fee_wei": 10**9}, "max_fee_wei: is under twice min_tip_wei"),
        ({"entry_key": KEY, "exit_key": KEY}, "exit_key: is the entry key"),
        (
            {"contracts": [{"name": "vault", "address": ESCROW, **CODE}]},
            "contracts.address: .* stands twice",
        ),
        (
            {"contracts": [{"name": "vault", "address": one, **CODE} for one in (ESCROW, VAULT)]},
            "contracts.name: vault stands twice",
        ),
        ({"network": "eip155:01"}, "network"),
        ({"genesis_hash": "0x00"}, "genesis_hash"),
        ({"endpoints": [{"url": "http://far.example", "operator": "a"}]}, "url"),
        ({"quorums": 2}, "quorums"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        network_settings(table(**changes))


def test_one_node_of_this_machine_is_enough_for_itself() -> None:
    here = [{"url": "http://localhost:8545", "operator": "me"}]
    assert network_settings(table(endpoints=here, quorum=1)).operators == ("me",)
