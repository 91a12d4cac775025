"""Screening: dossier in, outcome and reason out."""

from dataclasses import replace

import pytest

from bridge.core.canonical import Value
from bridge.policy.dossier import RECHECKING, SCREENING, Hit, Looked
from bridge.policy.judge import judge
from bridge.policy.verdict import Outcome
from tests.policy.packs import CLEAN, fresh, pack, screening
from tests.strategies import make_order


def found(role: str, by: str, listed: str = "house") -> Hit:
    return Hit(role=role, list=listed, entry="E1", entry_hash="cd" * 32, by=by)


HOUSE = (fresh(),)


@pytest.mark.parametrize(
    ("params", "looked", "point", "outcome", "why"),
    [
        ({}, Looked(lists=HOUSE), SCREENING, Outcome.CLEAR, "nobody of the order is listed"),
        (
            {},
            Looked(lists=HOUSE, hits=(found("originator", "name"),)),
            SCREENING,
            Outcome.HOLD,
            "may be listed",
        ),
        (
            {},
            Looked(lists=HOUSE, hits=(found("originator", "id"),)),
            SCREENING,
            Outcome.BLOCK,
            "is listed",
        ),
        (
            {},
            Looked(lists=HOUSE, hits=(found("originator", "wallet"),)),
            SCREENING,
            Outcome.BLOCK,
            "is listed",
        ),
        (
            {"wallet": "hold"},
            Looked(lists=HOUSE, hits=(found("originator", "wallet"),)),
            SCREENING,
            Outcome.HOLD,
            "may be listed",
        ),
        (
            {"name": "block"},
            Looked(lists=HOUSE, hits=(found("debtor", "name"),)),
            SCREENING,
            Outcome.BLOCK,
            "is listed",
        ),
        (
            {},
            Looked(lists=HOUSE, hits=(found("debtor", "name", "other"),)),
            SCREENING,
            Outcome.CLEAR,
            "nobody",
        ),
        (
            {"roles": ["originator"]},
            Looked(lists=HOUSE, hits=(found("debtor", "id"),)),
            SCREENING,
            Outcome.CLEAR,
            "nobody",
        ),
        (
            {"roles": ["originator"]},
            Looked(lists=HOUSE, hits=(found("originator.owner", "id"),)),
            SCREENING,
            Outcome.BLOCK,
            "is listed",
        ),
        ({}, Looked(), SCREENING, Outcome.HOLD, "not everybody could be looked up"),
        ({"lists": ["house", "un"]}, Looked(lists=HOUSE), SCREENING, Outcome.HOLD, "not everybody"),
        ({}, Looked(lists=HOUSE, unread=("debtor",)), SCREENING, Outcome.HOLD, "not everybody"),
        (
            {"roles": ["originator"]},
            Looked(lists=HOUSE, unread=("debtor",)),
            SCREENING,
            Outcome.CLEAR,
            "nobody",
        ),
        ({}, Looked(lists=HOUSE, unread=("debtor",)), RECHECKING, Outcome.CLEAR, "nobody"),
        (
            {},
            Looked(lists=HOUSE, hits=(found("beneficiary", "id"),)),
            RECHECKING,
            Outcome.CLEAR,
            "nobody",
        ),
        (
            {},
            Looked(lists=HOUSE, hits=(found("originator", "id"),)),
            RECHECKING,
            Outcome.BLOCK,
            "is listed",
        ),
    ],
)
def test_screening(
    params: dict[str, Value], looked: Looked, point: str, outcome: Outcome, why: str
) -> None:
    verdict = judge(
        make_order(),
        replace(CLEAN, looked=looked, point=point),
        pack(rules=[screening(**params)]),
    )
    assert verdict.findings[0].outcome is outcome
    assert why in verdict.findings[0].why


def test_a_finding_names_list_entry_and_hash_and_nobody() -> None:
    hit = found("originator", "name")
    looked = Looked(lists=HOUSE, hits=(hit,))
    first = judge(make_order(), replace(CLEAN, looked=looked), pack()).findings[0]
    assert first.subjects == (f"hit/originator/house/E1/{'cd' * 32}",)
    assert "Seller" not in str(first.form())
