"""Bytes, a profile and a day: what is wrong with the message, and what becomes of it.

Everything that decides is an argument, so that a verdict can be run again years later.
"""

from datetime import date
from hashlib import sha256

from schemas.iso20022.envelope import Envelope, Flaw, read
from schemas.iso20022.findings import (
    NOTHING_AGREED,
    TRANSACTIONS,
    Agreement,
    Case,
    Finding,
    Verdict,
)
from schemas.iso20022.known import Known
from schemas.iso20022.profiles import Profile
from schemas.iso20022.rules.catalogue import MOST_FINDINGS, RULES, RuleSet
from schemas.iso20022.softening import softened
from schemas.iso20022.tree import Node, lone

_NO_DOCUMENT = lone("Document")


def judge(
    raw: bytes,
    profile: Profile,
    on: date,
    *,
    agreement: Agreement = NOTHING_AGREED,
    now_ms: int | None = None,
    known: Known | None = None,
    is_outbound: bool = False,
    rules: RuleSet = RULES,
) -> Verdict:
    """Return every finding in `raw`, in the order of the rules. It never raises for bytes.

    `on`: the day of receipt, or of emission, in the profile's zone.
    """
    envelope = read(raw, profile.accepted)
    case = _case(
        envelope,
        profile,
        on,
        agreement,
        now_ms=now_ms,
        known=known,
        digest=sha256(raw).hexdigest() if known is not None else "",
        is_outbound=is_outbound,
    )
    active = rules.in_force(profile.id, case.kind, on)
    findings: list[Finding] = []
    for rule, check, known_places in active.plan(case):
        most = len(findings) + MOST_FINDINGS
        for found in check(case) if known_places is None else known_places:
            if len(findings) == most:
                break
            weight = softened(
                rule.id, rule.weight(case), agreement.counterparty, on, agreement.softenings
            )
            if isinstance(found, Flaw):
                path = found.path
                title = f"{rule.title}; {found.detail}" if found.detail else rule.title
            else:
                path, title = found.path(), rule.title
            findings.append(Finding(rule.id, weight, path, title))
    return Verdict(
        message=envelope.message,
        findings=tuple(findings),
        ruleset=active.digest,
        envelope=envelope,
    )


def _case(
    envelope: Envelope,
    profile: Profile,
    on: date,
    agreement: Agreement,
    *,
    now_ms: int | None = None,
    known: Known | None = None,
    digest: str = "",
    is_outbound: bool,
) -> Case:
    transactions: list[Node] = []
    document = envelope.document
    body = _NO_DOCUMENT if document is None else envelope.index.node(1)
    where = TRANSACTIONS.get(envelope.message[:8])
    if document is not None and where is not None:
        transactions = body.all(where)
    return Case(
        message=envelope.message,
        header_id=envelope.header_id,
        header=envelope.header,
        document=document or _NO_DOCUMENT,
        body=body,
        flaws=envelope.flaws,
        header_index=envelope.header_index,
        index=envelope.index,
        transactions=tuple(transactions),
        profile=profile.id,
        agreement=agreement,
        on=on,
        now_ms=now_ms,
        known=known,
        digest=digest,
        is_outbound=is_outbound,
    )
