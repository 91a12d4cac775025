"""What the judge said becomes one decision entry, what lies beside it, and the machine's answer."""

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files

from bridge.core.canonical import Value, canonical, digest, parse
from bridge.core.events import Decided, PolicyBlocked, PolicyCleared, PolicyHeld, PolicyRejected
from bridge.core.ids import Digest, derived_id
from bridge.core.order import SettlementOrder
from bridge.core.settlement import Settlement, Stop
from bridge.engine.errands import Screened
from bridge.engine.lists import InForce
from bridge.notary.entries import Draft
from bridge.notary.journal import Journal
from bridge.policy.dossier import RECHECKING, RESCREENING, SCREENING, Dossier
from bridge.policy.judge import judge
from bridge.policy.verdict import Finding, Outcome, Result, Verdict

NO_PACK = "none"  # stands in a decision that was made without one: a hold


def judged(order: SettlementOrder, dossier: Dossier, force: InForce) -> Verdict:
    """Return the verdict; without a pack in force there is nothing to clear an order by."""
    if force.pack is not None:
        return judge(order, dossier, force.pack)
    nothing = Finding(
        rule="pack@house",
        kind="pack",
        result=Result.UNKNOWN,
        outcome=Outcome.HOLD,
        why=force.why,
    )
    return Verdict(outcome=Outcome.HOLD, findings=(nothing,), valid_until=dossier.valid_until)


def written(settlement: Settlement, dossier: Dossier, verdict: Verdict, force: InForce) -> Screened:
    """Return the answer, the decision it names by hash, and dossier and findings beside it."""
    order, stage = settlement.order, settlement.stage.value
    seen = canonical(dossier.form())
    told = canonical(
        {
            "schema": "lianqiao.findings/1",
            "settlement": order.id,
            "visit": str(settlement.visit),
            "stage": stage,
            "judge": judge_version(),
            "outcome": verdict.outcome.word,
            "findings": [finding.form() for finding in verdict.findings],
            "cleared": sorted(dossier.cleared),
            "reports": list(verdict.reports),
        }
    )
    dossier_hash, findings_hash = sha256(seen).hexdigest(), sha256(told).hexdigest()
    body: dict[str, Value] = {
        "settlement": order.id,
        "visit": str(settlement.visit),
        "stage": stage,
        "body_hash": order.terms,
        "pack": force.pack.id if force.pack is not None else NO_PACK,
        "rules": [finding.rule for finding in verdict.findings],
        "outcome": verdict.outcome.word,
        "dossier": dossier_hash,
        "findings": findings_hash,
        "valid_until": str(verdict.valid_until),
    }
    mark = Digest(digest(body))
    draft = Draft(id=derived_id(order.id, "decision", mark), kind="decision", body=body)
    side = ((f"bytes/{dossier_hash}", seen), (f"bytes/{findings_hash}", told))
    return Screened(_answer(settlement.visit, verdict, mark), (draft,), side)


def _answer(visit: int, verdict: Verdict, mark: Digest) -> Decided:
    match verdict.outcome:
        case Outcome.CLEAR:
            held = verdict.reservations
            return PolicyCleared(visit=visit, verdict=mark, reservations=held)
        case Outcome.HOLD:
            return PolicyHeld(visit=visit, verdict=mark)
        case Outcome.REJECT:
            return PolicyRejected(visit=visit, verdict=mark)
        case Outcome.BLOCK:
            return PolicyBlocked(visit=visit, verdict=mark)


@cache
def judge_version() -> str:
    """Return the hash of the policy's own code: who judges again can say whether it is the same."""
    pieces = sorted(_sources("bridge.policy") | _sources("bridge.policy.rules"))
    return sha256("\n".join(pieces).encode()).hexdigest()


def _sources(package: str) -> set[str]:
    return {
        f"{package}/{one.name} {sha256(one.read_bytes()).hexdigest()}"
        for one in files(package).iterdir()
        if one.name.endswith(".py")
    }


def cleared_by_people(journal: Journal, settlement: Settlement) -> frozenset[str]:
    """Return what people saw in earlier verdicts and let pass, by subject.

    A stop set by a verdict is lifted by people alone, so one that lies behind us was decided.
    """
    cleared: set[str] = set()
    stages = (SCREENING, RESCREENING, RECHECKING)
    journal.view.prefetch(("decision", f"{settlement.order.id}/{stage}") for stage in stages)
    for stage in stages:
        row = journal.view.decision(settlement.order.id, stage)
        data = journal.side(row.findings) if row is not None else None
        if row is None or data is None:
            continue
        told = parse(data)
        assert isinstance(told, Mapping), "findings are an object"
        cleared.update(_words(told.get("cleared", ())))
        lifted = settlement.decided if stage == SCREENING else row.visit < settlement.visit
        if lifted and row.outcome in {"hold", "block"}:
            cleared.update(_held_subjects(told.get("findings", ())))
    return frozenset(cleared)


def held_by(journal: Journal, settlement: Settlement) -> tuple[str, ...]:
    """Return the kinds of the rules that hold a settlement now."""
    row = journal.view.decision(settlement.order.id, settlement.stage.value)
    data = journal.side(row.findings) if row is not None else None
    if data is None or settlement.stop is not Stop.HELD:
        return ()
    told = parse(data)
    assert isinstance(told, Mapping), "findings are an object"
    return tuple(str(finding["kind"]) for finding in _holding(told.get("findings", ())))


def _held_subjects(findings: Value) -> Iterator[str]:
    for finding in _holding(findings):
        yield from _words(finding.get("subjects", ()))


def _holding(findings: Value) -> Iterator[Mapping[str, Value]]:
    """Yield the findings that hold."""
    if isinstance(findings, list | tuple):
        for finding in findings:
            if isinstance(finding, Mapping) and finding.get("outcome") == Outcome.HOLD.word:
                yield finding


def _words(value: Value) -> Iterator[str]:
    if isinstance(value, list | tuple):
        yield from (one for one in value if isinstance(one, str))
