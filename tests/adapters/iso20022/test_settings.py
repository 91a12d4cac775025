"""What an operator writes for a bank: two people make a rule lighter, and the ledger knows."""

from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from adapters.iso20022.adapter import settings_of
from adapters.iso20022.agreement import Instruct
from adapters.iso20022.inbox import Taken
from adapters.iso20022.memo import numbered
from adapters.iso20022.settings import Settings
from adapters.iso20022.signed import signer
from schemas.iso20022.softening import Softening
from schemas.iso20022.weights import Severity
from tests.adapters.iso20022.script import Script
from tests.adapters.iso20022.teller import BANK, NOSTRO, OURS, OWN, THEIRS, agreed, ed25519, p256

RULE = "CBPR-017"  # a rejection has a reason
ANNA, BO = signer("anna", ed25519("anna")), signer("bo", p256("bo"))
EVE = signer("eve", ed25519("eve"))
AGREED = Softening(
    rule=RULE,
    counterparty=BANK,
    severity=Severity.WARN,
    reason="their engine is mended in March",
    until=date(2027, 3, 31),
)
SIGNED = {one.name: one.sign(AGREED.statement()).signature.hex() for one in (ANNA, BO)}
PEOPLE = {one.name: one.public for one in (ANNA, BO)}


def row(**changed: object) -> dict[str, object]:
    said: dict[str, object] = {
        "rule": AGREED.rule,
        "severity": "warn",
        "reason": AGREED.reason,
        "until": "2027-03-31",
        "signatures": SIGNED,
    }
    return said | changed


def written(folder: Path, *rows: dict[str, object], people: dict[str, str] = PEOPLE) -> Settings:
    key = folder / "key.pem"
    key.write_bytes(
        ed25519("gateway").private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return settings_of(
        {
            "network": "rail:iso",
            "instruct": "pacs.008",
            "own_bic": OWN,
            "bank_bic": BANK,
            "account": NOSTRO,
            "service": "swift.cbprplus.03",
            "key_name": OURS.name,
            "signing_key": str(key),
            "bank_keys": {THEIRS.name: THEIRS.public},
            "channel": "folder",
            "inbox_folder": str(folder / "in"),
            "outbox_folder": str(folder / "out"),
            "softenings": list(rows),
            "people": people,
        }
    )


def test_what_two_people_signed_is_softened_for_this_bank(tmp_path: Path) -> None:
    (one,) = written(tmp_path, row()).softened()
    assert (one.rule, one.counterparty, one.severity) == (RULE, BANK, Severity.WARN)
    assert one.statement() == AGREED.statement()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"until": "2027-04-01"}, "signature is not good"),
        ({"severity": "hold"}, "signature is not good"),
        ({"rule": "CBPR-001"}, "signature is not good"),
        ({"rule": "COR-004"}, "never softened"),
        ({"rule": "CBPR-999"}, "there is no rule"),
        ({"signatures": {"anna": SIGNED["anna"]}}, "at least 2"),
        ({"signatures": SIGNED | {"eve": EVE.sign(AGREED.statement()).signature.hex()}}, "eve"),
        ({"signatures": {"anna": SIGNED["anna"], "bo": SIGNED["anna"]}}, "bo's signature"),
    ],
)
def test_a_softening_that_is_not_as_signed_stops_the_start(
    tmp_path: Path, changed: dict[str, object], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        written(tmp_path, row(**changed))


def test_one_hand_under_two_names_is_one(tmp_path: Path) -> None:
    people = {"anna": ANNA.public, "bo": ANNA.public}
    hand = dict.fromkeys(people, SIGNED["anna"])
    with pytest.raises(ValueError, match="share a key"):
        written(tmp_path, row(signatures=hand), people=people)


async def test_a_softened_rule_is_told_once_and_its_message_is_taken(tmp_path: Path) -> None:
    softenings = written(tmp_path, row()).softened()
    script = Script(agreed(Instruct.PACS_008))
    order, _ = await script.pay()
    raw = script.status(order, "RJCT")
    async with script.reading():
        (answer,) = await script.says(raw)
    assert answer.taken is Taken.REFUSED
    assert any(one.startswith(RULE) for one in answer.findings)
    script.softenings = softenings
    for _ in range(2):
        script.restart()
        async with script.reading():
            (answer,) = await script.says(raw)
    assert answer.taken is Taken.REPEATED
    assert script.told == ["PaymentRejected"]
    assert script.noticed.count("rule.softened") == 1
    (kept,) = (value for key, value in script.ledger.held.items() if key.startswith("soft/"))
    assert SIGNED["anna"].encode() in kept
    plain = Script(agreed(Instruct.PACS_008))
    order, _ = await plain.pay()
    async with plain.reading():
        await plain.says(plain.status(order, "RJCT", "AC04"))
    assert script.ledger.held[numbered("rules", 1)] != plain.ledger.held[numbered("rules", 1)]
