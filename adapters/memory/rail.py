"""The memory bank as a payment rail: money by message, known by its UETR."""

from collections.abc import AsyncGenerator

from adapters.memory.client import Client
from adapters.memory.codec import BadWire, booking_fact, text, tx_ref, unsealed, whole
from adapters.memory.reading import pages
from bridge.core.canonical import Value, canonical, parse
from bridge.core.effects import InstructPayment, PaymentEffect, RecallPayment, attempt_of, verb_of
from bridge.core.ids import Cursor, Instant, NetworkId, SettlementId, TxRef
from bridge.core.order import Payment, SettlementOrder
from bridge.ports import (
    Again,
    Answered,
    Check,
    Clock,
    Disclosed,
    Key,
    Landed,
    Never,
    Notice,
    Observation,
    Page,
    Prepared,
    Refused,
    Sight,
    Unknown,
)


class MemoryRail:
    """The door of one memory bank. It keeps nothing: every answer is read from the bank."""

    def __init__(
        self,
        rail: NetworkId,
        client: Client,
        clock: Clock,
        *,
        finality_ms: int = 0,
        message_life_ms: int = 30_000,
    ) -> None:
        self._id = rail
        self._client = client
        self._clock = clock
        self._finality_ms = finality_ms
        self._life_ms = message_life_ms

    @property
    def id(self) -> NetworkId:
        """The rail's id, `rail:` and its name."""
        return self._id

    @property
    def finality_ms(self) -> int:
        """How long the bank takes to decide a payment, as the settings say."""
        return self._finality_ms

    async def preflight(self, order: SettlementOrder, disclosed: Disclosed) -> tuple[Check, ...]:
        """Return whether the bank knows both accounts and the debtor's covers the payment."""
        payment = order.payment
        if payment is None or payment.rail != self._id:
            return (Check("payment is on this rail", Answered.NO, self._id),)
        try:
            said = _opened(payment, disclosed)
        except Refused as error:
            return (Check("payment is disclosed", Answered.UNKNOWN, str(error)),)
        checks: list[Check] = []
        for role in ("debtor", "creditor"):
            asked: dict[str, Value] = {
                "ask": "account",
                "account": said[f"{role}_account"],
                "currency": payment.amount.currency.code,
            }
            try:
                answer = await self._client.ask(asked)
                covered = role == "creditor" or whole(answer, "minor") >= payment.amount.minor
            except BadWire as error:
                return (Check("bank answers", Answered.UNKNOWN, str(error)),)
            known = Answered.YES if answer.get("known") is True else Answered.NO
            checks.append(Check(f"{role}'s account is known", known, self._id))
            if role == "debtor":
                money = Answered.YES if covered else Answered.NO
                checks.append(Check("debtor's account covers it", money, self._id))
        return tuple(checks)

    async def prepare(
        self, effect: PaymentEffect, disclosed: Disclosed, replaces: TxRef | None = None
    ) -> Prepared:
        """Return the one message of an instruction or a recall.

        Errors: Refused where the order has no payment here, or its names are no longer disclosed.
        """
        order, payment = effect.order, effect.order.payment
        if payment is None or payment.rail != self._id:
            raise Refused(f"{order.id} has no payment on {self._id}")
        expires = Instant(self._clock.now() + self._life_ms)
        body: dict[str, Value] = {
            "settlement": order.id,
            "uetr": order.uetr,
            "minor": str(payment.amount.minor),
            "currency": payment.amount.currency.code,
            "expires": str(expires),
            "replaces": replaces or "",
        }
        match effect:
            case InstructPayment():
                body |= {"kind": "instruct", **_opened(payment, disclosed)}
            case RecallPayment(number=number):
                body |= {"kind": "recall", "recall": str(number)}
        raw = canonical(body)
        return Prepared(
            key=Key(order.id, verb_of(effect), attempt_of(effect)),
            network=self._id,
            tx=tx_ref(raw),
            items=(raw,),
            expires=expires,
            replaces=replaces,
        )

    async def submit(self, prepared: Prepared) -> None:
        """Hand the message over. Errors: Unavailable, Refused, Uncertain."""
        await self._client.send(prepared.items[-1])

    async def look(self, prepared: Prepared) -> Sight:
        """Return what became of the payment, or of this attempt to recall it."""
        body = parse(prepared.items[-1])
        recall = text(body, "recall") if text(body, "kind") == "recall" else ""
        asked: dict[str, Value] = {"ask": "status", "uetr": text(body, "uetr"), "recall": recall}
        answer = await self._client.ask(asked)
        match text(answer, "status"):
            case "unknown" if whole(answer, "now") > whole(body, "expires"):
                return Again("the bank never saw it, and takes it no more")
            case "unknown":
                return Unknown("the bank has not seen it yet")
            case "pending" | "silent":
                return Unknown("the bank has not decided")
            case "rejected":
                return Never("the bank rejected it")
            case _:
                return Landed()

    def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield pages of bookings after `since`, for ever; an acceptance is only a notice."""
        return pages(self._client, since, self._told)

    def _told(self, evidence: bytes, cursor: Cursor) -> Observation:
        body = unsealed(evidence)
        fact = booking_fact(body)
        if fact is not None:
            return Observation(subject=fact, cursor=cursor, evidence=evidence)
        about = SettlementId(text(body, "settlement"))
        notice = Notice(network=self._id, what="payment.accepted", settlement=about)
        return Observation(subject=notice, cursor=cursor)


def _opened(payment: Payment, disclosed: Disclosed) -> dict[str, str]:
    """Return names and accounts in the clear, each the one its commitment in the order is of.

    Errors: Refused.
    """
    promised = {
        "debtor": payment.debtor,
        "debtor_account": payment.debtor_account,
        "creditor": payment.creditor,
        "creditor_account": payment.creditor_account,
    }
    said: dict[str, str] = {}
    for name, commitment in promised.items():
        found = disclosed.get(f"payment.{name}")
        if found is None or found.commitment != commitment:
            raise Refused(f"payment.{name} is not disclosed")
        said[name] = found.value
    return said
