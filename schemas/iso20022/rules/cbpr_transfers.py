"""CBPR+: credit transfers, their ids, charges, remittance, agents and parties."""

from collections import Counter
from collections.abc import Iterator

from schemas.iso20022 import codes
from schemas.iso20022.findings import Case, Chapter, Mark
from schemas.iso20022.rules.header import CBPR
from schemas.iso20022.rules.transfers import CT, customer_transfers, settlement
from schemas.iso20022.tree import Node
from schemas.iso20022.values import amount
from schemas.iso20022.weights import Severity

CHAPTER = Chapter()
rule = CHAPTER.rule

_ONE = ("pacs.008", "pacs.009", "pacs.010", "pacs.004", "pacs.002", "pacs.028", "camt.056")
_ORIGINALS = ("pacs.002", "pacs.004", "pacs.028", "camt.056", "camt.029")
_NOTHING = frozenset(("NOT PROVIDED", "NOT-PROVIDED", "NONE", "NOREF", "N/A"))
_NO_SERVICE = frozenset(("G002", "G003", "G004", "G005", "G006", "G007", "G009"))
_INSTRUCTION_IDS = ("InstrId", "OrgnlInstrId")
_PARTIES = ("pacs.008", "pacs.009", "pacs.004", "pacs.002", "camt.056", "camt.029")


@rule("CBPR-001", "F", Mark.C, profiles=CBPR, messages=_ONE, of_codes=True)
def one_transaction(case: Case) -> Iterator[Node]:
    """There is one transaction, and the number says one."""
    for node in case.body.all("GrpHdr/NbOfTxs"):
        if int(node.text) != 1:
            yield node
    yield from case.transactions[1:]


@rule(
    "CBPR-002", "U", Mark.C, profiles=CBPR, messages=(*CT, "pacs.010", *_ORIGINALS), of_shape=True
)
def uetr_is_there(case: Case) -> Iterator[Node]:
    """A transaction carries its UETR, an answer that of its original."""
    path = "OrgnlUETR" if case.kind in _ORIGINALS else "PmtId/UETR"
    for one in case.transactions:
        if not one.has(path):
            yield one


@rule("CBPR-003", "F", Mark.C, Severity.WARN, profiles=CBPR, messages=CT)
def instruction_id(case: Case) -> Iterator[Node]:
    """The instruction id is there, with at most 16 characters."""
    for one in case.transactions:
        given = one.first("PmtId/InstrId")
        if given is None or len(given.text) > 16:
            yield given or one


@rule("CBPR-003", "U", Mark.C, profiles=CBPR)
def instruction_id_slashes(case: Case) -> Iterator[Node]:
    """An instruction id neither begins nor ends with a slash, and has no two together."""
    index = case.index
    for at in index.shape.tagged(_INSTRUCTION_IDS):
        text = index.texts[at]
        if "/" in text and (text[0] == "/" or text[-1] == "/" or "//" in text):
            yield index.node(at)


@rule("CBPR-004", "U", Mark.C, Severity.WARN, profiles=CBPR, messages=CT)
def no_end_to_end_id(case: Case) -> Iterator[Node]:
    """Where the debtor gave no end-to-end id it is NOTPROVIDED, and nothing else that means it."""
    index = case.index
    for at in index.shape.by_tag.get("EndToEndId", ()):
        text = index.texts[at].strip().upper()
        if text in _NOTHING or (text == "NOTPROVIDED" and index.texts[at] != text):
            yield index.node(at)


@rule("CBPR-005", "F", Mark.C, Severity.WARN, profiles=CBPR, messages=CT, of_codes=True)
def settlement_method(case: Case) -> Iterator[Node]:
    """Settled on an account of one of the two, or by cover; between banks by cover in advice."""
    how = settlement(case).first("SttlmMtd")
    assert how is not None, "a settlement has a method"
    method = how.text.strip()
    is_advice = case.header is not None and ".adv." in case.header.value("BizSvc")
    if method == "CLRG" or (method == "COVE" and case.kind == "pacs.009" and not is_advice):
        yield how


@rule("CBPR-006", "F", Mark.C, Severity.WARN, profiles=CBPR, messages=CT, of_shape=True)
def agents_of_a_transaction(case: Case) -> Iterator[Node]:
    """Instructing and instructed agent stand in the transaction, by BIC."""
    for one in case.transactions:
        if not (one.has("InstgAgt/FinInstnId/BICFI") and one.has("InstdAgt/FinInstnId/BICFI")):
            yield one


@rule("CBPR-007", "U", Mark.C, profiles=CBPR, of_codes=True)
def no_metals(case: Case) -> Iterator[Node]:
    """Nothing is settled or returned in gold, silver, palladium or platinum."""
    if codes.METALS.isdisjoint(case.index.currencies.values()):
        return
    for node in case.tagged(
        "IntrBkSttlmAmt", "RtrdIntrBkSttlmAmt", "OrgnlIntrBkSttlmAmt", "TtlIntrBkSttlmAmt"
    ):
        if node.currency in codes.METALS:
            yield node


def _charged(case: Case, bearer: str) -> Iterator[tuple[Node, list[Node], int]]:
    """Transactions with that bearer, their charges, and where the settled amount stands.

    It is 1 above the instructed amount of the same currency, -1 below, else 0.
    """
    for one in case.transactions:
        if one.value("ChrgBr").strip() != bearer:
            continue
        asked, paid = one.first("InstdAmt"), one.first("IntrBkSttlmAmt")
        side = 0
        if (
            asked is not None
            and paid is not None
            and asked.text != paid.text
            and asked.currency == paid.currency
        ):
            more, less = amount(paid.text), amount(asked.text)
            side = (more > less) - (more < less)
        yield one, one.all("ChrgsInf"), side


@rule(
    "CBPR-008",
    "U",
    Mark.C,
    Severity.WARN,
    profiles=CBPR,
    messages=("pacs.008",),
    when=("InstdAmt", "ChrgsInf"),
)
def borne_by_debtor(case: Case) -> Iterator[Node]:
    """Borne by the debtor: charges once at most; once, above zero, where more is settled."""
    for one, charges, side in _charged(case, "DEBT"):
        if len(charges) > 1:
            yield charges[1]
        elif side > 0 and (not charges or not amount(charges[0].value("Amt"))):
            yield charges[0] if charges else one


@rule(
    "CBPR-009",
    "U",
    Mark.C,
    Severity.WARN,
    profiles=CBPR,
    messages=("pacs.008",),
    when=("InstdAmt",),
)
def borne_by_both(case: Case) -> Iterator[Node]:
    """Shared: charges are told where less is settled."""
    for one, charges, side in _charged(case, "SHAR"):
        if side < 0 and not charges:
            yield one


@rule("CBPR-009", "U", Mark.C, Severity.WARN, profiles=CBPR, messages=("pacs.008",), of_codes=True)
def borne_by_no_service_level(case: Case) -> Iterator[Node]:
    """A service level says nothing of who bears charges here."""
    for one in case.transactions:
        for node in one.all("ChrgBr"):
            if node.text.strip() == "SLEV":
                yield node


@rule("CBPR-010", "U", Mark.C, Severity.WARN, profiles=CBPR, of_shape=True)
def one_kind_of_remittance(case: Case) -> Iterator[Node]:
    """Remittance is unstructured once, or structured, or told elsewhere."""
    for node in case.tagged("RmtInf"):
        free = node.all("Ustrd")
        assert node.parent is not None
        elsewhere = node.parent.has("RltdRmtInf")
        if len(free) > 1 or (free and node.has("Strd")) or elsewhere:
            yield node


@rule("CBPR-010", "U", Mark.C, Severity.WARN, profiles=CBPR, when=("Strd",))
def structured_remittance_fits(case: Case) -> Iterator[Node]:
    """Structured remittance has up to 9,000 characters."""
    for node in case.tagged("RmtInf"):
        parts = (one for part in node.all("Strd") for one in part.walk())
        if sum(len(one.text) for one in parts) > 9_000:
            yield node


@rule(
    "CBPR-011",
    "U",
    Mark.C,
    Severity.WARN,
    profiles=CBPR,
    messages=CT,
    when=("InstrForCdtrAgt",),
    of_codes=True,
)
def instructions_agree(case: Case) -> Iterator[Node]:
    """Codes for the creditor's agent come once, and none against another."""
    for one in (*case.transactions, *_underlying(case)):
        given = one.all("InstrForCdtrAgt/Cd")
        said = Counter(node.text.strip() for node in given)
        against = {"PHOB", "TELB"} <= set(said) or {"CHQB", "HOLD"} <= set(said)
        if given and (against or max(said.values()) > 1):
            yield given[-1]


def _underlying(case: Case) -> list[Node]:
    return customer_transfers(case) if case.kind == "pacs.009" else []


@rule(
    "CBPR-012",
    "U",
    Mark.C,
    Severity.WARN,
    profiles=CBPR,
    messages=CT,
    when=("SvcLvl",),
    of_codes=True,
)
def no_tracker_service(case: Case) -> Iterator[Node]:
    """A customer's transfer or its cover asks for no service kept for others."""
    for one in case.transactions:
        if case.kind == "pacs.008" or one.has("UndrlygCstmrCdtTrf"):
            for node in one.all("PmtTpInf/SvcLvl/Cd"):
                if node.text.strip() in _NO_SERVICE:
                    yield node


def _country(agent: Node) -> str:
    """Where an agent is, as far as it says."""
    return (
        agent.value("BICFI").strip()[4:6]
        or agent.value("PstlAdr/Ctry").strip()
        or agent.value("ClrSysMmbId/ClrSysId/Cd").strip()[:2]
    )


@rule("CBPR-013", "U", Mark.C, Severity.WARN, profiles=CBPR, messages=_PARTIES, of_shape=True)
def agents_are_named(case: Case) -> Iterator[Node]:
    """An agent has a BIC or a clearing code, or name and address, which come together."""
    for one in case.tagged("FinInstnId"):
        has_name = one.has("Nm")
        if has_name != one.has("PstlAdr") or not (has_name or one.has("BICFI", "ClrSysMmbId")):
            yield one


@rule(
    "CBPR-013",
    "U",
    Mark.C,
    Severity.WARN,
    profiles=CBPR,
    messages=_PARTIES,
    when=("ClrSysMmbId",),
)
def clearing_code_at_home(case: Case) -> Iterator[Node]:
    """An agent has a clearing code alone only where all agents are in one country."""
    agents = case.tagged("FinInstnId")
    if len({_country(one) for one in agents} - {""}) > 1:
        for one in agents:
            if one.has("ClrSysMmbId") and not one.has("Nm", "PstlAdr", "BICFI"):
                yield one


def _people(case: Case) -> Iterator[tuple[Node, str]]:
    """Parties that are no agents, and the role each has."""
    for kind in case.index.shape.by_kind:
        if kind.startswith("PartyIdentification"):
            for node in case.index.typed(kind):
                parent = node.parent
                is_choice = node.tag == "Pty" and parent is not None
                yield node, parent.tag if is_choice and parent is not None else node.tag


@rule("CBPR-014", "U", Mark.C, Severity.WARN, profiles=CBPR, messages=_PARTIES, of_shape=True)
def parties_are_named(case: Case) -> Iterator[Node]:
    """An address has a name; a BIC stands alone; a debtor, creditor or originator has either."""
    for node, role in _people(case):
        has_name, has_address = node.has("Nm"), node.has("PstlAdr")
        has_bic = node.has("Id/OrgId/AnyBIC")
        is_anonymous = role in ("Dbtr", "Cdtr", "Orgtr") and not (has_name or has_bic)
        is_twice = has_bic and (has_name or has_address)
        if (has_address and not has_name) or is_anonymous or is_twice:
            yield node


@rule("CBPR-015", "U", Mark.C, Severity.WARN, profiles=CBPR, messages=CT, of_shape=True)
def parties_are_identified(case: Case) -> Iterator[Node]:
    """Debtor and creditor have an account or an id, beside a BIC or name and address."""
    for one in customer_transfers(case):
        for tag in ("Dbtr", "Cdtr"):
            for node in one.all(tag):
                has_bic = node.has("Id/OrgId/AnyBIC")
                is_named = has_bic or (node.has("Nm") and node.has("PstlAdr"))
                has_id = node.has("Id/OrgId/LEI", "Id/OrgId/Othr", "Id/PrvtId")
                if not is_named or not (one.has(f"{tag}Acct") or has_id):
                    yield node


@rule(
    "CBPR-016",
    "U",
    Mark.C,
    Severity.WARN,
    profiles=CBPR,
    messages=("pacs.009",),
    when=("UndrlygCstmrCdtTrf", "InstrForNxtAgt"),
)
def ids_of_a_cover(case: Case) -> Iterator[Node]:
    """A cover's end-to-end id fits the instruction it covers; an advice's mark comes last."""
    for one in case.transactions:
        if one.has("UndrlygCstmrCdtTrf"):
            for node in one.all("PmtId/EndToEndId"):
                first = node.text[:16]
                if first[:1] == "/" or first[15:] == "/" or "//" in first:
                    yield node
        for node in one.all("InstrForNxtAgt/InstrInf")[:-1]:
            if node.text.startswith("/UDLC/"):
                yield node
