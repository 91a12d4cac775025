"""Thresholds of law, with their borders, from the data folder: whatever vectors lie there.

The rules here stand as a pack would write them; the vectors say on which side of a figure each
amount falls. A vector of a rule that no kind of this room judges is another room's.
"""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from bridge.core.canonical import Value
from bridge.core.ids import AccountId
from bridge.core.instrument import InstrumentKind
from bridge.core.money import Units
from bridge.policy.dossier import Quota
from bridge.policy.judge import judge
from bridge.policy.verdict import Finding, Outcome
from tests.policy.packs import CLEAN, pack, rule, with_facts
from tests.strategies import make_order

Vector: TypeAlias = dict[str, object]
PERSON: dict[str, Value] = {
    "key": ["payer.person_id"],
    "measure": "payment_out",
    "period": "calendar_year",
    "zone": "Asia/Shanghai",
    "border": "le",
}


def minor(text: object) -> int:
    """The minor units of an amount in a currency of two digits."""
    return int(Decimal(str(text)) * 100)


def quota_finding(vector: Vector, limit: str, over: str, used: object) -> Finding:
    code = str(vector["ccy"])
    params: dict[str, Value] = {**PERSON, "currency": code, "limit": limit, "over": over}
    amount = Units(minor(vector["amount"]))
    quota = Quota(
        account=AccountId("quota/q/k/p"), unit=code, amount=amount, used=minor(used), held=0
    )
    dossier = replace(CLEAN, quotas={"person-period-quota": quota})
    judged_by = pack(rule("person_period_quota", params, jurisdiction="HK"))
    return judge(make_order(), dossier, judged_by).findings[1]


def individual_fx(vector: Vector) -> object:
    finding = quota_finding(vector, "5000000", "hold", vector["ytd"])
    return "allow" if finding.outcome is Outcome.CLEAR else "needs_documents"


def wealth_connect(vector: Vector) -> object:
    limit = "300000000" if vector["channels"] == 1 else "150000000"
    finding = quota_finding(vector, limit, "reject", vector["used"])
    return "allow" if finding.outcome is Outcome.CLEAR else "deny"


def service_trade(vector: Vector) -> object:
    code = str(vector["ccy"])
    params: dict[str, Value] = {
        "purposes": ["*"],
        "currency": code,
        "above": "5000000",
        "border": "gt",
        "all_of": ["contract"],
        "any_of": [],
        "amount_cover": False,
        "single_use": [],
    }
    bare = replace(with_facts(CLEAN, **{f"amount__{code}": minor(vector["amount"])}), documents=())
    finding = judge(make_order(), bare, pack(rule("document_set", params))).findings[1]
    return finding.outcome is Outcome.HOLD


ADMITTED: dict[str, tuple[str, ...]] = {  # what each class of token needs before it starts
    "abs_token_offshore_cn_assets": ("csrc_filing",),
    "debt_type_rwa_offshore_cn_assets": ("ndrc_registration",),
    "equity_type_rwa_offshore_cn_assets": ("csrc_filing",),
}


def instrument_class(vector: Vector) -> object:
    name, given = str(vector["instrument"]), vector["facts"]
    assert isinstance(given, dict)
    table: Value = [
        {"class": of, "network": "*", "direction": "*", "says": f"needs:document.{fact}"}
        for of, needs in ADMITTED.items()
        for fact in needs
    ]
    barred = rule(
        "instrument_admissibility",
        {"table": [{"class": "*", "network": "*", "direction": "*", "says": "deny"}]},
        id="negative-list",
        when=["eq", ["f", "document.negative_list"], ["b", True]],
    )
    order = make_order()
    paper = replace(order.instrument, kind=InstrumentKind.RWA_SHARE, profile=name)
    facts = {**CLEAN.facts, "document.negative_list": False}
    facts |= {f"document.{fact}": bool(value) for fact, value in given.items()}
    judged_by = pack(rule("instrument_admissibility", {"table": table}), barred)
    verdict = judge(replace(order, instrument=paper), replace(CLEAN, facts=facts), judged_by)
    return "allow" if verdict.outcome is Outcome.CLEAR else "deny"


JUDGES = {
    "CN.individual_fx.annual": individual_fx,
    "GBA.wmc.individual": wealth_connect,
    "CN.service_trade.documents_required": service_trade,
    "CN.instrument_class": instrument_class,
}


def test_every_threshold_of_our_kinds_falls_on_its_side(data_dir: Path) -> None:
    judged = 0
    for path in sorted((data_dir / "aml" / "rules").glob("threshold*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            vector = json.loads(line)
            if vector["rule"] in JUDGES:
                assert JUDGES[vector["rule"]](vector) == vector["expect"], vector["id"]
                judged += 1
    assert judged, "no vector of our kinds lies there"
