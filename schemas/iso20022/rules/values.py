"""Values that a schema lets pass: currencies, check digits, times, characters nobody sees."""

from collections.abc import Iterator

from schemas.iso20022 import codes, external, values
from schemas.iso20022.findings import Case, Chapter, Mark
from schemas.iso20022.tree import Node
from schemas.iso20022.weights import Severity

CHAPTER = Chapter()
rule = CHAPTER.rule

_CURRENCIES = (
    "ActiveCurrencyAndAmount",
    "ActiveCurrencyCode",
    "ActiveOrHistoricCurrencyAndAmount",
    "ActiveOrHistoricCurrencyAnd13DecimalAmount",
    "ActiveOrHistoricCurrencyCode",
    "CurrencyCode",
)
_AMOUNTS = ("ActiveCurrencyAndAmount", "ActiveOrHistoricCurrencyAndAmount")
_BICS = (
    "AnyBICDec2014Identifier",
    "AnyBICIdentifier",
    "BICFIDec2014Identifier",
    "BICFIIdentifier",
    "BICIdentifier",
)
_CHECKED = (
    ("IBAN2007Identifier", values.is_iban),
    ("IBANIdentifier", values.is_iban),
    ("LEIIdentifier", values.is_lei),
    *((kind, values.is_bic) for kind in _BICS),
    ("CountryCode", codes.COUNTRIES.__contains__),
)
_DATES = ("ISODate",)
SETTLED = (
    "IntrBkSttlmAmt",
    "TtlIntrBkSttlmAmt",
    "RtrdIntrBkSttlmAmt",
    "TtlRtrdIntrBkSttlmAmt",
    "OrgnlIntrBkSttlmAmt",
    "InstdAmt",
    "RtrdInstdAmt",
)
_MONEY = ("pacs.", "pain.", "camt.")


@rule("ISO-VAL-001", "R", Mark.B, of_codes=True)
def currencies(case: Case) -> Iterator[Node]:
    """A currency is in use on the day."""
    index = case.index
    for at in index.shape.typed(_CURRENCIES):
        currency = index.currencies.get(at) or index.texts[at].strip()
        if not codes.is_active(currency, case.on):
            yield index.node(at)


@rule("ISO-VAL-001", "R", Mark.B, types=_AMOUNTS)
def minor_units(case: Case) -> Iterator[Node]:
    """An amount has no more digits than the minor unit of its currency."""
    index = case.index
    for at in index.shape.typed(_AMOUNTS):
        most = codes.digits(index.currencies[at])
        fraction = index.texts[at].partition(".")[2]
        if len(fraction) > most and values.fraction_digits(index.texts[at]) > most:
            yield index.node(at)


@rule("ISO-VAL-002", "O", Mark.D)
def above_zero(case: Case) -> Iterator[Node]:
    """An amount that is settled is above zero."""
    index = case.index
    for at in index.shape.tagged(SETTLED):
        if at in index.currencies and values.is_zero(index.texts[at]):
            yield index.node(at)
    for node in case.tagged("SttlmAmt", "SttldAmt"):  # of a delivery against payment
        amount = node.first("Amt")
        if amount is not None and amount.currency and values.is_zero(amount.text):
            yield amount


@rule("ISO-VAL-003", "R", Mark.B, of_header=True)
def check_digits(case: Case) -> Iterator[Node]:
    """IBAN, LEI, BIC and country hold what their standards compute or list."""
    for index in (case.header_index, case.index):
        by_kind, texts = index.shape.by_kind, index.texts
        for kind, is_right in _CHECKED:
            if kind in by_kind:
                for at in by_kind[kind]:
                    if not is_right(texts[at].strip()):
                        yield index.node(at)


@rule("ISO-VAL-005", "O", Mark.D, of_header=True)
def sound_text(case: Case) -> Iterator[Node]:
    """A text says something, and holds no character that is invisible or assigned to nothing."""
    for index in (case.header_index, case.index):
        if not values.are_plain(index.strings, index.whole):
            yield from (one for one in index.spelt() if not values.is_sound(one.text))


@rule("ISO-VAL-006", "X", Mark.B, Severity.HOLD, types=tuple(external.statuses()), of_codes=True)
def known_statuses(case: Case) -> Iterator[Node]:
    """A status is one of the external code set."""
    for kind, known in external.statuses().items():
        for node in case.index.typed(kind):
            if node.text.strip() not in known:
                yield node


@rule("ISO-VAL-006", "X", Mark.B, Severity.WARN, types=tuple(external.others()), of_codes=True)
def known_codes(case: Case) -> Iterator[Node]:
    """A code is one of its external code set."""
    others = external.others()
    for kind in case.index.shape.by_kind:
        if kind in others:
            for node in case.index.typed(kind):
                if node.text.strip() not in others[kind]:
                    yield node


@rule("ISO-VAL-007", "O", Mark.D)
def plain_dates(case: Case) -> Iterator[Node]:
    """A date in a message about money is a day of the calendar, without a zone."""
    if case.kind.startswith(_MONEY):
        index = case.index
        for at in index.shape.typed(_DATES):
            if not values.is_plain_date(index.texts[at]):
                yield index.node(at)


@rule("ISO-VAL-008", "O", Mark.D, Severity.WARN, when=("ClrSysMmbId",))
def routing_numbers(case: Case) -> Iterator[Node]:
    """A routing number of the United States holds its check digit."""
    for node in case.tagged("ClrSysMmbId"):
        if node.value("ClrSysId/Cd").strip() == "USABA":
            number = node.first("MmbId")
            if number is not None and not values.is_routing_number(number.text.strip()):
                yield number
