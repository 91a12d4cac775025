"""Packs and dossiers for tests: the smallest that load, with one thing changed at a time."""

from collections.abc import Mapping
from dataclasses import replace

from bridge.core.canonical import Value, canonical
from bridge.core.ids import DateText, Instant
from bridge.core.order import SettlementOrder
from bridge.policy.dossier import SCREENING, Datum, Dossier, ListState, Looked, Preflight
from bridge.policy.packs import Pack, load
from tests.strategies import DAY_MS, NOW

HOUR_MS = 3_600_000
SCREENING_PARAMS: dict[str, Value] = {
    "lists": ["house"],
    "roles": ["*"],
    "name": "hold",
    "id": "block",
    "wallet": "block",
}


def rule(kind: str, params: Mapping[str, Value], **more: Value) -> dict[str, Value]:
    """A rule of a pack, with every member there."""
    return {
        "id": kind.replace("_", "-"),
        "version": "1",
        "kind": kind,
        "jurisdiction": "CN",
        "effective_from": "2025-01-01",
        "article": "article 1",
        "source": {"title": "a law", "date": "2025-01-01", "sha256": "ab" * 32},
        "owner": "compliance.cn",
        "severity": "high",
        "reason": "TEST",
        "params": params,
        **more,
    }


def screening(**more: Value) -> dict[str, Value]:
    """The screening rule every pack has."""
    return rule("screening", {**SCREENING_PARAMS, **more})


def pack_value(*rules: Mapping[str, Value], **more: Value) -> dict[str, Value]:
    """A pack for the way from the mainland to Hong Kong."""
    return {
        "format": "lianqiao.pack/1",
        "pack": "cn-hk",
        "version": "1",
        "corridor": ["CN-HK"],
        "zone": "Asia/Shanghai",
        "reasons": [{"code": "TEST", "en": "a test", "zh_hans": "测试", "zh_hant": "測試"}],
        "rules": [screening(), *rules],
        **more,
    }


def pack(*rules: Mapping[str, Value], **more: Value) -> Pack:
    """The same, loaded."""
    return load(canonical(pack_value(*rules, **more)))


def fresh(name: str = "house", age_ms: int = HOUR_MS) -> ListState:
    """A list as it stood an hour ago."""
    as_of = Instant(NOW - age_ms)
    return ListState(name=name, root="ab" * 32, count=3, as_of=as_of, age_ms=age_ms)


CLEAN = Dossier(
    point=SCREENING,
    at=NOW,
    date=DateText("2026-01-01"),
    valid_until=Instant(NOW + DAY_MS),
    direction="CN-HK",
    facts={
        "payee.jurisdiction": "CN",
        "payee.kind": "legal",
        "payee.party": "seller",
        "payer.jurisdiction": "HK",
        "payer.kind": "legal",
        "payer.party": "buyer",
        "payer.person_id": "9f" * 16,
        "destination.class": "memory",
        "amount.USD": 100_00,
        "asset_amount.USD": 200_00,
        "documents": ({"kind": "contract"}, {"kind": "invoice"}),
    },
    looked=Looked(lists=(fresh(),), roles=("originator", "beneficiary")),
    checks=(Preflight("memory:shenzhen", "holder owns it", "yes", ""),),
    documents=("contract", "invoice"),
)


def with_facts(dossier: Dossier, **facts: Datum) -> Dossier:
    """The dossier with some facts changed; `__` stands for a point."""
    named = {name.replace("__", "."): value for name, value in facts.items()}
    return replace(dossier, facts={**dossier.facts, **named})


def without_payment(order: SettlementOrder) -> SettlementOrder:
    """The order, free of payment."""
    return replace(order, payment=None)
