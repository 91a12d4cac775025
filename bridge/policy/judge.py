"""The judge: every rule speaks, the strictest decides, what is unknown is held."""

from bridge.core.order import SettlementOrder
from bridge.policy.dossier import RECHECKING, SCREENING, Dossier
from bridge.policy.packs import Pack
from bridge.policy.verdict import (
    Finding,
    Outcome,
    Result,
    Rule,
    Said,
    Verdict,
    not_applicable,
    passes,
    unknown,
    violated,
)

TRIES = 3  # judged again so often when a reservation no longer fits, then held


def judge(order: SettlementOrder, dossier: Dossier, pack: Pack) -> Verdict:
    """Run every rule, keep every finding; the strictest one decides.

    A reject is carried out only if every rule that could block has a definite answer: giving an
    asset back to somebody who may be on a list can itself be the offence.
    Errors: an empty pack is a bug: AssertionError.
    """
    assert pack.rules, "judged by no rule is not judged"
    spoken = [
        (rule, spoke(rule, order, dossier))
        for rule in pack.rules
        if rule.in_force(dossier.date, dossier.direction)
    ]
    findings = [_finding(rule, said, dossier) for rule, said in spoken]
    findings += _house(dossier, pack)
    open_question = any(
        rule.could_block and said.result is Result.UNKNOWN for rule, said in spoken
    ) or not any(rule.could_block for rule, _ in spoken)
    outcome = max(finding.outcome for finding in findings)
    if outcome is Outcome.REJECT and open_question:
        outcome = Outcome.HOLD
    clear = outcome is Outcome.CLEAR
    reserved = [held for _, said in spoken for held in said.reservations]
    return Verdict(
        outcome=outcome,
        findings=tuple(findings),
        reservations=tuple(sorted(reserved, key=lambda held: held.account)) if clear else (),
        reports=tuple(sorted({report for _, said in spoken for report in said.reports})),
        valid_until=dossier.valid_until,
    )


def spoke(rule: Rule, order: SettlementOrder, dossier: Dossier) -> Said:
    """Return what one rule says: its guard first, then its test."""
    if dossier.point not in rule.points:
        return not_applicable(f"looked at elsewhere than in {dossier.point}")
    applies = rule.when.holds(dossier.facts)
    if applies is None:
        return unknown("whether this rule applies is unknown")
    return rule.test(order, dossier) if applies else not_applicable("does not apply")


def _finding(rule: Rule, said: Said, dossier: Dossier) -> Finding:
    """People's decision lifts a hold by what they saw, never a block, never what is unknown."""
    lifted = (
        said.outcome is Outcome.HOLD
        and said.result is Result.VIOLATED
        and bool(said.subjects)
        and dossier.cleared.issuperset(said.subjects)
    )
    return Finding(
        rule=rule.name,
        kind=rule.kind,
        result=said.result,
        outcome=Outcome.CLEAR if lifted else said.outcome,
        why=f"{said.why}; people saw it and cleared it" if lifted else said.why,
        reason=rule.reason,
        article=rule.article,
        values=said.values,
        subjects=said.subjects,
        cleared=lifted,
    )


def _house(dossier: Dossier, pack: Pack) -> list[Finding]:
    """What the house itself asks of every order, whatever the pack."""
    asked = [("corridor", _corridor(dossier, pack)), ("freezes", _freezes(dossier))]
    if dossier.point == SCREENING:
        asked += [("preflight", _preflight(dossier)), ("reservation", _reservation(dossier))]
    return [
        Finding(
            rule=f"{name}@house",
            kind=name,
            result=said.result,
            outcome=said.outcome,
            why=said.why,
            values=said.values,
        )
        for name, said in asked
    ]


def _corridor(dossier: Dossier, pack: Pack) -> Said:
    if dossier.direction in pack.directions or "*" in pack.directions:
        return passes("the pack covers this direction")
    return unknown("the lane's pack does not cover this direction", ("is", dossier.direction))


def _freezes(dossier: Dossier) -> Said:
    """Nothing frozen moves; what is given back goes to the originator, so that side counts."""
    scopes = dossier.freezes
    if scopes:
        where = "given back" if dossier.point == RECHECKING else "moved"
        return violated(Outcome.BLOCK, f"frozen, so not {where}", ("scopes", " ".join(scopes)))
    return passes("nothing of it is frozen")


def _preflight(dossier: Dossier) -> Said:
    """Every door of the lane was asked, reading only, whether the order could land there."""
    if not dossier.checks:
        return unknown("no door was asked")
    said = {answer: [c for c in dossier.checks if c.answer == answer] for answer in ("no", "yes")}
    if said["no"]:
        one = said["no"][0]
        return violated(
            Outcome.REJECT, f"{one.what}: no", ("door", one.door), ("why", one.why[:200])
        )
    for one in dossier.checks:
        if one.answer != "yes":
            return unknown(f"{one.what}: unknown", ("door", one.door), ("why", one.why[:200]))
    return passes("it could land at every door")


def _reservation(dossier: Dossier) -> Said:
    if dossier.tries >= TRIES:
        return unknown("its reservation did not fit when it was written", ("tries", f"{TRIES}"))
    return passes("nothing it reserves has failed to fit")
