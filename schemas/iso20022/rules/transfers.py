"""Credit transfers under the base standard: numbers, sums, levels, settlement, chains of agents."""

from collections.abc import Iterator
from decimal import Decimal

from schemas.iso20022.findings import Case, Chapter, Mark
from schemas.iso20022.tree import Node
from schemas.iso20022.values import amount
from schemas.iso20022.weights import Severity

CHAPTER = Chapter()
rule = CHAPTER.rule

CT = ("pacs.008", "pacs.009")
_SETTLED = ("pacs.008", "pacs.009", "pacs.004")
REIMBURSING = ("InstgRmbrsmntAgt", "InstdRmbrsmntAgt", "ThrdRmbrsmntAgt")
_ACCOUNTS = tuple(
    (f"{agent}Acct", agent)
    for agent in (
        *REIMBURSING,
        *(f"PrvsInstgAgt{number}" for number in (1, 2, 3)),
        *(f"IntrmyAgt{number}" for number in (1, 2, 3)),
        "DbtrAgt",
        "CdtrAgt",
    )
)
_GROUP = ("PmtTpInf", "InstgAgt", "InstdAgt")


def group(case: Case) -> Node:
    """The group header."""
    found = case.body.first("GrpHdr")
    assert found is not None, "rules of a group header are asked of messages that have one"
    return found


def settlement(case: Case) -> Node:
    """The settlement instruction of the group header."""
    found = case.body.first("GrpHdr/SttlmInf")
    assert found is not None, "rules of settlement are asked of messages that settle"
    return found


def total(nodes: list[Node]) -> Decimal:
    """The exact sum of amounts, whatever their currencies."""
    return sum((amount(node.text) for node in nodes), Decimal(0))


@rule("ISO-CT-001", "R", Mark.B, messages=(*CT, "pain.001"), of_codes=True)
def number_of_transactions(case: Case) -> Iterator[Node]:
    """The number of transactions given is the number there are."""
    counted = [(group(case), len(case.transactions))]
    counted += [(one, len(one.all("CdtTrfTxInf"))) for one in case.body.all("PmtInf")]
    for node, number in counted:
        given = node.first("NbOfTxs")
        if given is not None and int(given.text) != number:
            yield given


@rule("ISO-CT-002", "R", Mark.B, messages=(*CT, "pain.001"), when=("TtlIntrBkSttlmAmt", "CtrlSum"))
def sums(case: Case) -> Iterator[Node]:
    """The total is the sum of the amounts in one currency; the control sum is the bare sum."""
    header = group(case)
    given = header.first("TtlIntrBkSttlmAmt")
    if given is not None:
        amounts = [node for one in case.transactions for node in one.all("IntrBkSttlmAmt")]
        currencies = {node.currency for node in amounts}
        if currencies != {given.currency} or total(amounts) != amount(given.text):
            yield given
    yield from _control_sum(header, list(case.transactions))
    for one in case.body.all("PmtInf"):
        yield from _control_sum(one, one.all("CdtTrfTxInf"))


def _control_sum(header: Node, transactions: list[Node]) -> Iterator[Node]:
    given = header.first("CtrlSum")
    if given is None:
        return
    bare = [
        node
        for one in transactions
        for path in ("IntrBkSttlmAmt", "Amt/InstdAmt", "Amt/EqvtAmt/Amt")
        for node in one.all(path)
    ]
    if total(bare) != amount(given.text):
        yield given


@rule("ISO-CT-003", "R", Mark.B, messages=CT, of_shape=True)
def one_settlement_date(case: Case) -> Iterator[Node]:
    """The settlement date stands in the header, or in every transaction, not in both."""
    in_header = group(case).first("IntrBkSttlmDt")
    for one in case.transactions:
        date = one.first("IntrBkSttlmDt")
        if in_header is not None and date is not None:
            yield date
        elif in_header is None and date is None:
            yield one


@rule("ISO-CT-004", "R", Mark.B, messages=CT, of_shape=True)
def one_level(case: Case) -> Iterator[Node]:
    """Payment type and instructing and instructed agent stand in one level only."""
    header = group(case)
    for tag in _GROUP:
        if header.has(tag):
            for one in case.transactions:
                yield from one.all(tag)


@rule("ISO-CT-005", "R", Mark.B, messages=_SETTLED, when=(*REIMBURSING, "ClrSys"), of_codes=True)
def by_account(case: Case) -> Iterator[Node]:
    """Settled on an account with one of the two: no reimbursement agent, no clearing system."""
    how = settlement(case)
    if how.value("SttlmMtd").strip() in ("INDA", "INGA"):
        yield from _present(how, *REIMBURSING, "ClrSys")


@rule("ISO-CT-006", "R", Mark.B, messages=_SETTLED, when=("SttlmAcct", *REIMBURSING), of_codes=True)
def by_clearing(case: Case) -> Iterator[Node]:
    """Settled by a clearing system: no settlement account, no reimbursement agent."""
    how = settlement(case)
    if how.value("SttlmMtd").strip() == "CLRG":
        yield from _present(how, "SttlmAcct", *REIMBURSING)


@rule("ISO-CT-007", "R", Mark.B, messages=_SETTLED, of_codes=True)
def by_cover(case: Case) -> Iterator[Node]:
    """Settled by a cover: a reimbursement agent, no settlement account, no clearing system."""
    how = settlement(case)
    if how.value("SttlmMtd").strip() == "COVE":
        if not how.has("InstgRmbrsmntAgt", "InstdRmbrsmntAgt"):
            yield how
        yield from _present(how, "SttlmAcct", "ClrSys")


def _present(node: Node, *tags: str) -> Iterator[Node]:
    for child in node.children:
        if child.tag in tags:
            yield child


@rule("ISO-CT-008", "R", Mark.B, messages=(*_SETTLED, "pacs.010", "pain.001"), of_shape=True)
def agents_of_accounts(case: Case) -> Iterator[Node]:
    """A third reimbursement agent needs both others, an agent's account its agent."""
    for third in case.tagged("ThrdRmbrsmntAgt"):
        how = third.parent
        assert how is not None
        if not (how.has("InstgRmbrsmntAgt") and how.has("InstdRmbrsmntAgt")):
            yield third
    for account, agent in _ACCOUNTS:
        for node in case.index.tagged(account):
            if node.parent is not None and not node.parent.has(agent):
                yield node


@rule("ISO-CT-009", "R", Mark.B, messages=CT, of_shape=True)
def chains_without_gaps(case: Case) -> Iterator[Node]:
    """Intermediary and previous instructing agents are numbered without a gap."""
    for tag in ("IntrmyAgt", "PrvsInstgAgt"):
        for number in ("2", "3"):
            for node in case.index.tagged(tag + number):
                assert node.parent is not None
                if not node.parent.has(f"{tag}{int(number) - 1}"):
                    yield node
    if case.kind == "pacs.009":
        for one in case.transactions:
            if one.has("IntrmyAgt1") and not one.has("CdtrAgt"):
                yield from one.all("IntrmyAgt1")


def customer_transfers(case: Case) -> list[Node]:
    """The transactions of a pacs.008, or those a cover underlies."""
    if case.kind == "pacs.008":
        return list(case.transactions)
    return [node for one in case.transactions for node in one.all("UndrlygCstmrCdtTrf")]


@rule("ISO-PACS008-001", "R", Mark.B, messages=("pacs.008",), of_codes=True)
def exchange_rate(case: Case) -> Iterator[Node]:
    """A rate of exchange stands there exactly when the instructed currency is another."""
    for one in case.transactions:
        yield from rate_where_none_belongs(one, "InstdAmt", "IntrBkSttlmAmt")


def rate_where_none_belongs(one: Node, instructed: str, settled: str) -> Iterator[Node]:
    """The rate that is there for nothing, or the instructed amount that lacks one."""
    asked, paid, rate = one.first(instructed), one.first(settled), one.first("XchgRate")
    differs = asked is not None and paid is not None and asked.currency != paid.currency
    if rate is not None and not differs:
        yield rate
    elif differs and rate is None:
        assert asked is not None
        yield asked


@rule("ISO-PACS008-002", "R", Mark.B, messages=("pacs.008",), of_shape=True)
def charges_and_instructed_amount(case: Case) -> Iterator[Node]:
    """Charges need an instructed amount."""
    for one in case.transactions:
        if not one.has("InstdAmt"):
            yield from one.all("ChrgsInf")[:1]


@rule("ISO-PACS008-002", "R", Mark.B, messages=("pacs.008",), when=("ChrgBr",), of_codes=True)
def charges_of_the_creditor(case: Case) -> Iterator[Node]:
    """Charges borne by the creditor are told."""
    for one in case.transactions:
        if one.value("ChrgBr").strip() == "CRED" and not one.has("ChrgsInf"):
            yield from one.all("ChrgBr")


@rule(
    "ISO-PACS008-003", "R", Mark.B, messages=("pacs.008",), when=("InstrForCdtrAgt",), of_codes=True
)
def cheque_without_account(case: Case) -> Iterator[Node]:
    """Paid by cheque: no account of the creditor."""
    for one in case.transactions:
        if any(code.text.strip() == "CHQB" for code in one.all("InstrForCdtrAgt/Cd")):
            yield from one.all("CdtrAcct")


@rule(
    "ISO-PACS008-004",
    "R",
    Mark.B,
    Severity.WARN,
    messages=("pacs.008",),
    when=("UltmtDbtr", "UltmtCdtr"),
)
def ultimate_parties_differ(case: Case) -> Iterator[Node]:
    """The ultimate debtor is another than the debtor, the ultimate creditor than the creditor."""
    for one in case.transactions:
        for tag in ("Dbtr", "Cdtr"):
            party, ultimate = one.first(tag), one.first(f"Ultmt{tag}")
            if party is not None and ultimate is not None and same(party, ultimate):
                yield ultimate


def same(one: Node, other: Node) -> bool:
    """Whether two trees say the same below their roots."""
    return len(one.children) == len(other.children) and all(
        mine.tag == theirs.tag
        and mine.text.strip() == theirs.text.strip()
        and mine.currency == theirs.currency
        and same(mine, theirs)
        for mine, theirs in zip(one.children, other.children, strict=True)
    )
