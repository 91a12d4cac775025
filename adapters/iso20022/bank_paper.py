"""The counterparty bank's own reading and writing of messages; it shares none with the rail.

Reading is a small tree built by expat, by local names, with a document type refused. Writing is
text. What both are held against is the schema, in tests.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.parsers import expat
from xml.sax.saxutils import escape

from bridge.core.ids import Instant
from bridge.core.money import Money, money

_SPACE = "urn:iso:std:iso:20022:tech:xsd:"
HEADER = "head.001.001.02"


class Unreadable(ValueError):
    """Raised for a paper this bank cannot read."""


@dataclass(slots=True)
class Leaf:
    """One element: local name, namespace, text, currency, children."""

    name: str
    space: str = ""
    text: str = ""
    currency: str = ""
    children: list["Leaf"] = field(default_factory=list)

    def at(self, path: str) -> "Leaf | None":
        """Return the first element at a path, or None."""
        found: Leaf | None = self
        for step in path.split("/"):
            if found is None:
                return None
            found = next((one for one in found.children if one.name == step), None)
        return found

    def say(self, *paths: str) -> str:
        """Return the text at the first of these paths that has one."""
        for path in paths:
            found = self.at(path)
            if found is not None and found.text.strip():
                return found.text.strip()
        return ""

    def find(self, name: str) -> "Leaf | None":
        """Return the first element of a name at any depth."""
        if self.name == name:
            return self
        hits = (one.find(name) for one in self.children)
        return next((one for one in hits if one is not None), None)

    def sum(self, path: str) -> Money:
        """Return the amount at a path. Errors: Unreadable."""
        found = self.at(path)
        try:
            assert found is not None
            return money(found.text.strip(), found.currency)
        except (AssertionError, ValueError) as error:
            raise Unreadable(f"{path}: no amount") from error


@dataclass(frozen=True, slots=True)
class Paper:
    """One message as this bank reads it."""

    kind: str
    head: Leaf | None
    body: Leaf

    @property
    def id(self) -> str:
        own = self.body.say("GrpHdr/MsgId", "Assgnmt/Id")
        return own or (self.head.say("BizMsgIdr") if self.head is not None else "")

    @property
    def created(self) -> Instant:
        text = self.body.say("GrpHdr/CreDtTm", "Assgnmt/CreDtTm", "Rsn/RjctnDtTm")
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise Unreadable("CreDtTm: no time") from error
        if at.tzinfo is None:
            raise Unreadable("CreDtTm: no zone")
        return Instant(round(at.timestamp() * 1000))


def read(raw: bytes) -> Paper:
    """Return a message. Errors: Unreadable."""
    root = _tree(raw)
    document = root.find("Document")
    if document is None or not document.space.startswith(_SPACE) or not document.children:
        raise Unreadable("no document of ISO 20022")
    return Paper(document.space.removeprefix(_SPACE), root.find("AppHdr"), document.children[0])


def _tree(raw: bytes) -> Leaf:
    top = Leaf("")
    stack = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        leaf = Leaf(local, space, currency=attributes.get("Ccy", ""))
        stack[-1].children.append(leaf)
        stack.append(leaf)

    def end(name: str) -> None:
        del name
        stack.pop()

    def text(data: str) -> None:
        stack[-1].text += data

    def doctype(*_: object) -> None:
        raise Unreadable("a document type")

    reader = expat.ParserCreate("utf-8", " ")
    reader.StartElementHandler = start
    reader.EndElementHandler = end
    reader.CharacterDataHandler = text
    reader.StartDoctypeDeclHandler = doctype
    try:
        reader.Parse(raw, True)  # noqa: FBT003 its own signature
    except expat.ExpatError as error:
        raise Unreadable("not well-formed") from error
    return top


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The references of a payment, as its instruction had them."""

    message: str
    kind: str
    batch: str  # PmtInfId of a pain.001
    instruction: str
    end_to_end: str
    transaction: str
    uetr: str

    def original(self, names: tuple[str, ...] = ("InstrId", "EndToEndId", "TxId", "UETR")) -> str:
        """Return the references as a status or an answer repeats them."""
        held = {
            "InstrId": self.instruction,
            "EndToEndId": self.end_to_end,
            "TxId": self.transaction,
            "UETR": self.uetr,
        }
        return "".join(tag(f"Orgnl{name}", held[name]) for name in names)

    @property
    def group(self) -> str:
        return tag("OrgnlMsgId", self.message) + tag("OrgnlMsgNmId", self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen:
    """How this bank writes: who it is, to whom, with or without a header."""

    bic: str
    partner: str
    header: bool
    service: str = ""

    def _assigned(self, name: str, at: Instant) -> str:
        return (
            f"<Assgnmt>{tag('Id', name)}<Assgnr><Agt>{_in(self.bic)}</Agt></Assgnr>"
            f"<Assgne><Agt>{_in(self.partner)}</Agt></Assgne>{tag('CreDtTm', moment(at))}</Assgnmt>"
        )

    def write(self, kind: str, name: str, at: Instant, body: str) -> bytes:
        """Return a whole message around the inside of its document."""
        document = f'<Document xmlns="{_SPACE}{kind}">{body}</Document>'
        if self.header:
            head = (
                f'<AppHdr xmlns="{_SPACE}{HEADER}"><Fr>{_fi(self.bic)}</Fr>'
                f"<To>{_fi(self.partner)}</To>{tag('BizMsgIdr', name)}{tag('MsgDefIdr', kind)}"
                f"{tag('BizSvc', self.service)}{tag('CreDt', moment(at))}</AppHdr>"
            )
            document = f'<Bundle xmlns="urn:bank:bundle">{head}{document}</Bundle>'
        return f'<?xml version="1.0" encoding="UTF-8"?>{document}'.encode()

    def status(
        self, name: str, at: Instant, about: About, code: str, reason: str = ""
    ) -> tuple[str, bytes]:
        """Return a pacs.002, or to a customer a pain.002."""
        why = f"<StsRsnInf><Rsn>{tag('Cd', reason)}</Rsn></StsRsnInf>" if reason else ""
        group = tag("MsgId", name) + tag("CreDtTm", moment(at))
        if about.batch:
            line = about.original(("InstrId", "EndToEndId", "UETR")) + tag("TxSts", code) + why
            body = (
                f"<CstmrPmtStsRpt><GrpHdr>{group}</GrpHdr>"
                f"<OrgnlGrpInfAndSts>{about.group}</OrgnlGrpInfAndSts>"
                f"<OrgnlPmtInfAndSts>{tag('OrgnlPmtInfId', about.batch)}"
                f"<TxInfAndSts>{line}</TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt>"
            )
            return name, self.write("pain.002.001.10", name, at, body)
        line = (
            f"<OrgnlGrpInf>{about.group}</OrgnlGrpInf>{about.original()}{tag('TxSts', code)}{why}"
        )
        line += f"<InstgAgt>{_in(self.bic)}</InstgAgt><InstdAgt>{_in(self.partner)}</InstdAgt>"
        body = (
            f"<FIToFIPmtStsRpt><GrpHdr>{group}</GrpHdr><TxInfAndSts>{line}</TxInfAndSts>"
            "</FIToFIPmtStsRpt>"
        )
        return name, self.write("pacs.002.001.10", name, at, body)

    def booking(self, name: str, at: Instant, entry: "Entry") -> tuple[str, bytes]:
        """Return a camt.054 with one entry."""
        about, side = entry.about, "CRDT" if entry.credit else "DBIT"
        refs = (
            tag("AcctSvcrRef", entry.reference)
            + tag("InstrId", about.instruction)
            + tag("EndToEndId", about.end_to_end)
            + tag("UETR", entry.uetr or about.uetr)
            + tag("TxId", about.transaction)
        )
        returned = f"<RtrInf><Rsn>{tag('Cd', entry.returned)}</Rsn></RtrInf>"
        line = (
            f"<Refs>{refs}</Refs>{_sum('Amt', entry.amount)}{tag('CdtDbtInd', side)}"
            f"{returned if entry.returned else ''}"
        )
        day = moment(at)[:10]
        inside = (
            f"{_sum('Amt', entry.amount)}{tag('CdtDbtInd', side)}"
            f"{'<RvslInd>true</RvslInd>' if entry.reversal else ''}"
            f"<Sts>{tag('Cd', entry.status)}</Sts><BookgDt>{tag('Dt', day)}</BookgDt>"
            f"<ValDt>{tag('Dt', day)}</ValDt>{tag('AcctSvcrRef', entry.reference)}"
            f"<BkTxCd><Prtry>{tag('Cd', 'PMNT')}</Prtry></BkTxCd>"
            f"<NtryDtls><TxDtls>{line}</TxDtls></NtryDtls>"
        )
        body = (
            f"<BkToCstmrDbtCdtNtfctn><GrpHdr>{tag('MsgId', name)}{tag('CreDtTm', moment(at))}"
            f"</GrpHdr><Ntfctn>{tag('Id', name)}<Acct><Id><Othr>{tag('Id', entry.account)}</Othr>"
            f"</Id></Acct><Ntry>{inside}</Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn>"
        )
        return name, self.write("camt.054.001.08", name, at, body)

    def answer(
        self, name: str, at: Instant, about: About, *, case: str, code: str, reason: str = ""
    ) -> tuple[str, bytes]:
        """Return a camt.029 to one recall."""
        one = {"CNCL": "ACCR", "RJCR": "RJCR", "PDCR": "PDCR"}.get(code, "")
        cased = (
            f"<RslvdCase>{tag('Id', case)}<Cretr><Agt>{_in(self.partner)}</Agt></Cretr></RslvdCase>"
        )
        why = f"<CxlStsRsnInf><Rsn>{tag('Cd', reason)}</Rsn></CxlStsRsnInf>" if reason else ""
        line = (
            f"{cased}<OrgnlGrpInf>{about.group}</OrgnlGrpInf>{about.original()}"
            f"{tag('TxCxlSts', one)}{why}"
        )
        body = (
            f"<RsltnOfInvstgtn>{self._assigned(name, at)}"
            f"<Sts>{tag('Conf', code)}</Sts>"
            f"<CxlDtls><TxInfAndSts>{line}</TxInfAndSts></CxlDtls></RsltnOfInvstgtn>"
        )
        return name, self.write("camt.029.001.09", name, at, body)

    def give_back(
        self, name: str, at: Instant, about: About, amount: Money, reason: str
    ) -> tuple[str, bytes]:
        """Return a pacs.004."""
        line = (
            f"<OrgnlGrpInf>{about.group}</OrgnlGrpInf>{about.original()}"
            f"{_sum('RtrdIntrBkSttlmAmt', amount)}{tag('IntrBkSttlmDt', moment(at)[:10])}"
            f"<InstgAgt>{_in(self.bic)}</InstgAgt><InstdAgt>{_in(self.partner)}</InstdAgt>"
            f"<RtrRsnInf><Rsn>{tag('Cd', reason)}</Rsn></RtrRsnInf>"
        )
        body = (
            f"<PmtRtr><GrpHdr>{tag('MsgId', name)}{tag('CreDtTm', moment(at))}"
            f"{tag('NbOfTxs', '1')}<SttlmInf>{tag('SttlmMtd', 'INDA')}</SttlmInf></GrpHdr>"
            f"<TxInf>{line}</TxInf></PmtRtr>"
        )
        return name, self.write("pacs.004.001.09", name, at, body)

    def recall(
        self, name: str, at: Instant, about: About, amount: Money, reason: str
    ) -> tuple[str, bytes]:
        """Return a camt.056 of this bank's own."""
        case = f"<Case>{tag('Id', name)}<Cretr><Agt>{_in(self.bic)}</Agt></Cretr></Case>"
        line = (
            f"{case}<OrgnlGrpInf>{about.group}</OrgnlGrpInf>{about.original()}"
            f"{_sum('OrgnlIntrBkSttlmAmt', amount)}"
            f"<CxlRsnInf><Rsn>{tag('Cd', reason)}</Rsn></CxlRsnInf>"
        )
        body = (
            f"<FIToFIPmtCxlReq>{self._assigned(name, at)}"
            f"<Undrlyg><TxInf>{line}</TxInf></Undrlyg></FIToFIPmtCxlReq>"
        )
        return name, self.write("camt.056.001.08", name, at, body)

    def ask(self, name: str, at: Instant, about: About) -> tuple[str, bytes]:
        """Return a pacs.028 of this bank's own."""
        line = f"<OrgnlGrpInf>{about.group}</OrgnlGrpInf>{about.original()}"
        body = (
            f"<FIToFIPmtStsReq><GrpHdr>{tag('MsgId', name)}{tag('CreDtTm', moment(at))}</GrpHdr>"
            f"<TxInf>{line}</TxInf></FIToFIPmtStsReq>"
        )
        return name, self.write("pacs.028.001.03", name, at, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a booking notice."""

    about: About
    account: str
    amount: Money
    credit: bool
    reference: str
    status: str = "BOOK"
    reversal: bool = False
    returned: str = ""  # the reason of a return
    uetr: str = ""  # another than the payment's, when it lies


def tag(name: str, text: str) -> str:
    """Return an element with a text, or nothing where there is no text."""
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def moment(at: Instant) -> str:
    """Return an instant as this bank writes it."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def _sum(name: str, amount: Money) -> str:
    return f'<{name} Ccy="{amount.currency.code}">{amount.text}</{name}>'


def _in(bic: str) -> str:
    return f"<FinInstnId>{tag('BICFI', bic)}</FinInstnId>"


def _fi(bic: str) -> str:
    return f"<FIId>{_in(bic)}</FIId>"
