"""The names a settlement is found by: how many there may be, in which form, and whose they stay."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bridge.core.canonical import Value
from bridge.notary.entries import Group, Malformed
from bridge.notary.outcomes import Committed
from tests.notary.ledgers import settled, whose
from tests.notary.test_state import Ledger


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def naming(told: Sequence[Group], kind: str, named: dict[str, Value]) -> list[Group]:
    """The groups up to the first with an entry of that kind, which says what finds it."""
    found = [told[0]]
    for one in told[1:]:
        drafts = [
            replace(of, body={**of.body, **named}) if of.kind == kind else of for of in one.drafts
        ]
        found.append(replace(one, drafts=tuple(drafts)))
        if found[-1] != one:
            return found
    raise AssertionError(f"no {kind}")


@pytest.mark.parametrize(
    ("kind", "named", "names"),
    [
        ("prepared", {"names": ["0xab", "0xcd", "tx-other"]}, ["0xab", "0xcd", "tx-other"]),
        ("evidence", {"tx": "0xef"}, ["0xef"]),
    ],
)
def test_a_settlement_is_found_by_every_name_it_was_given_and_stays_the_firsts(
    ledger: Ledger, kind: str, named: dict[str, Value], names: list[str]
) -> None:
    first, second = settled(1), settled(2)
    for told in (first, second):
        answers = ledger.put(*naming(told, kind, named))
        assert all(isinstance(answer, Committed) for answer in answers)
    for name in names:
        assert ledger.view.text("tx", name) == whose(first)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("prepared", {"names": [f"0x{number}" for number in range(9)]}),
        ("prepared", {"names": ["0xab", "0xab"]}),
        ("prepared", {"names": ["0xab/7"]}),
        ("prepared", {"names": [""]}),
        ("prepared", {"names": "0xab"}),
        ("evidence", {"tx": "x" * 129}),
        ("evidence", {"tx": "a name"}),
        ("evidence", {"tx": ["0xab"]}),
    ],
)
def test_names_of_another_form_are_not_written(
    ledger: Ledger, kind: str, named: dict[str, Value]
) -> None:
    *before, last = ledger.put(*naming(settled(1), kind, named))
    assert all(isinstance(answer, Committed) for answer in before)
    assert isinstance(last, Malformed)
