"""The counterparty bank: its books, its letters by the official schema, its faults, its death."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from adapters.iso20022 import writing
from adapters.iso20022.adapter import ADAPTER
from adapters.iso20022.agreement import Agreement, Instruct
from adapters.iso20022.bank import House, WallClock, desk_of
from adapters.iso20022.bank_desk import Desk
from adapters.iso20022.bank_hours import hours_of
from adapters.iso20022.bank_ledger import Books, Overdrawn
from adapters.iso20022.bank_paper import Unreadable, read
from adapters.iso20022.bank_words import DAY_MS, Fate, Hours, Letter, State, Word
from adapters.iso20022.client import headers
from adapters.iso20022.inquiry import question, recall
from adapters.iso20022.rail import IsoRail
from bridge.core.effects import InstructPayment
from bridge.core.ids import Instant
from bridge.core.money import Money, currency
from bridge.ports import Landed, Unknown
from tests.adapters.iso20022.script import NOW, Script, StillClock
from tests.adapters.iso20022.teller import (
    ACCOUNTS,
    OURS,
    THEIRS,
    Journalled,
    Ledger,
    agreed,
    counter,
    desk,
    ed25519,
)
from tests.adapters.iso20022.test_codec import is_valid_officially, one, recall_of

BANK, CUSTOMER = Instruct.PACS_008, Instruct.PAIN_001


def instructed(agreement: Agreement, fate: Fate, word: Word = Word.ACCEPT) -> Desk:
    """A bank that was instructed, told, recalled and asked."""
    made = desk(agreement)
    made.fates["*"], made.words["*"] = fate, word
    asked = one(agreement)
    made.open_account("HK00123", "HKD", 10**9)
    made.open_account("DE89370400440532013000", "HKD", 0)
    at = Instant(asked.created)
    for raw in dict(writing.items(agreement, asked)).values():
        assert made.receive(OURS.sign(raw), at) == "taken"
    assert made.receive(OURS.sign(recall(agreement, recall_of(asked))), at) == "taken"
    if not agreement.is_customer:
        assert made.receive(OURS.sign(question(agreement, asked, "Q1", at)), at) == "taken"
        made.recall_it(asked.uetr, at)
        made.ask_it(asked.uetr, at)
    return made


@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("instruct", [BANK, CUSTOMER])
def test_every_letter_of_the_bank_is_valid_by_the_official_schema(
    data_dir: Path, instruct: Instruct, fate: Fate
) -> None:
    seen = set()
    for word in Word if fate in {Fate.WAIT, Fate.SETTLE} else (Word.ACCEPT,):
        for letter in instructed(agreed(instruct), fate, word).letters:
            assert is_valid_officially(data_dir, letter.signed.raw), letter.signed.raw
            seen.add(letter.signed.raw[:20])
    assert seen or fate is Fate.SILENT


@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("word", Word)
@pytest.mark.parametrize("instruct", [BANK, CUSTOMER])
def test_money_neither_appears_nor_disappears(instruct: Instruct, fate: Fate, word: Word) -> None:
    made = instructed(agreed(instruct), fate, word)
    assert made.books.total == 0
    assert min(minor for (name, _), minor in made.books.balances.items() if name != "vault") >= 0
    (payment,) = made.payments.values()
    moved = made.books.moved(payment.about.uetr, payment.taker)
    if payment.state in {State.PENDING, State.REJECTED, State.BLOCKED}:
        assert moved == 0
    if payment.state is State.SETTLED and fate is not Fate.PARTIAL:
        assert moved == payment.amount.minor


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.integers(-5, 60))))
def test_the_books_balance_whatever_is_asked(moves: list[tuple[str, str, int]]) -> None:
    hkd = currency("HKD")
    books = Books()
    for name in "abc":
        books.open(name, hkd, 50)
    for giver, taker, minor in moves:
        before = dict(books.balances)
        try:
            books.move(giver, taker, Money(minor, hkd), "test")
        except Overdrawn:
            assert books.balances == before
        assert books.total == 0
        assert all(books.balances[name, "HKD"] >= 0 for name in "abc")


def test_one_uetr_is_booked_once_however_often_it_is_asked_for() -> None:
    agreement = agreed(BANK)
    made = instructed(agreement, Fate.SETTLE, Word.REFUSE)
    asked = one(agreement)
    lines = len(made.books.lines)

    again = replace(asked, message_id=asked.message_id[:-1] + "2")
    for raw in dict(writing.items(agreement, again)).values():
        assert made.receive(OURS.sign(raw), Instant(asked.created)) == "taken"
    assert len(made.books.lines) == lines
    assert b"DU03" in made.letters[-1].signed.raw


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<a>",
        b"<a/>",
        b"\xff\xfe<\x00a\x00/\x00>\x00",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"/>',
    ],
)
def test_what_the_bank_cannot_read_it_refuses(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read(raw)
    assert desk(agreed(BANK)).receive(OURS.sign(raw), NOW) == "refused"


def test_after_the_cut_off_and_on_a_holiday_it_settles_on_the_next_business_day() -> None:
    monday = 20_783  # 26 November 2026 is a Thursday: day 20783 since the epoch
    hours = Hours(
        cut_off_ms=17 * 3_600_000, zone_ms=8 * 3_600_000,
        holidays=frozenset({monday + 1}), weekend=False,
    )  # fmt: skip
    noon = Instant(monday * DAY_MS + 4 * 3_600_000)  # noon there
    assert hours.opens(noon) == noon
    evening = Instant(monday * DAY_MS + 10 * 3_600_000)  # six in the evening there
    opened = hours.opens(evening)
    assert (opened + hours.zone_ms) // DAY_MS == monday + 4  # Friday is a holiday, then a weekend
    assert (opened + hours.zone_ms) % DAY_MS == 0


def test_hours_are_what_its_configuration_says(tmp_path: Path) -> None:
    _, config = written_down(tmp_path, 1, 2)
    words = json.loads(config.read_text())
    assert desk_of(words, tmp_path).hours == Hours()
    words["hours"] = {
        "cut_off": "17:30", "zone": "-05:30", "holidays": ["1970-01-03", "2026-11-27"],
        "weekend": False,
    }  # fmt: skip
    assert desk_of(words, tmp_path).hours == Hours(
        cut_off_ms=63_000_000, zone_ms=-19_800_000, holidays=frozenset({2, 20_784}), weekend=False
    )
    assert hours_of({"cut_off": "24:00", "zone": "+08:00"}) == Hours(zone_ms=28_800_000)


@pytest.mark.parametrize(
    ("words", "member"),
    [
        (["17:00"], "hours"),
        ({"cutoff": "17:00"}, "hours.cutoff"),
        ({"cut_off": "5 pm"}, "hours.cut_off"),
        ({"cut_off": "24:01"}, "hours.cut_off"),
        ({"zone": "Asia/Hong_Kong"}, "hours.zone"),
        ({"holidays": "2026-12-25"}, "hours.holidays"),
        ({"holidays": ["25.12.2026"]}, "hours.holidays"),
        ({"weekend": "no"}, "hours.weekend"),
    ],
)
def test_hours_it_cannot_keep_are_named(words: object, member: str) -> None:
    with pytest.raises(ValueError, match=f"^{member}:"):
        hours_of(words)


async def test_a_payment_after_the_cut_off_is_settled_when_the_bank_opens() -> None:
    script = Script(agreed(CUSTOMER))
    order, _ = await script.pay()
    made = desk(script.agreement)
    made.hours = Hours(cut_off_ms=1)
    made.receive(script.wire.sent[0], script.clock.now() + 1000)  # type: ignore[arg-type]
    assert made.payments[order.uetr].state is State.PENDING
    due = made.due()
    assert due is not None
    made.turn(due)
    assert made.payments[order.uetr].state is State.SETTLED


async def test_no_letter_about_a_payment_overtakes_another_that_is_due() -> None:
    agreement = agreed(CUSTOMER, life_ms=10**9)
    order = one(agreement)
    fresh = desk(agreement)
    house = House(fresh, StillClock(Instant(order.created)), "")
    house.tell({"do": "open", "account": "HK00123", "currency": "HKD", "minor": "1000000"})
    house.tell({"do": "open", "account": "DE89370400440532013000", "currency": "HKD", "minor": "0"})
    house.tell({"do": "fate", "is": "reject_booked"})
    for raw in dict(writing.items(agreement, order)).values():
        house.receive(OURS.sign(raw))
    came, all_came = list[int](), asyncio.Event()

    async def carry(letter: Letter) -> bool:
        came.append(letter.number)
        if len(came) == 2 * len(fresh.letters):
            all_came.set()
        return came.count(letter.number) > 1  # nobody answers the first time

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        mail = group.create_task(house.deliver(carry))
        await all_came.wait()
        mail.cancel()
    assert came == sorted(came)
    assert set(came) == {letter.number for letter in fresh.letters}


ENDS = {
    Fate.STATUS_ONLY: [],
    Fate.BOOKING_ONLY: [],
    Fate.WRONG_UETR: [],
    Fate.WRONG_AMOUNT: ["PaymentDisputed"],
    Fate.PARTIAL: ["PaymentDisputed"],
    Fate.PARTIAL_RETURN: ["PaymentSettled", "PaymentDisputed"],
    Fate.RETURN: ["PaymentSettled", "PaymentReturned"],
    Fate.BOOKING_FIRST: ["PaymentSettled"],
    Fate.TWICE: ["PaymentSettled"],
    Fate.REJECT_BOOKED: ["PaymentRejected"],
    Fate.BLOCK: [],
}


@pytest.mark.parametrize("fate", ENDS)
async def test_a_bank_that_errs_is_believed_as_far_as_it_proves(fate: Fate) -> None:
    async with counter(agreed(BANK)) as made:
        bench = made.bench()
        order = await bench.new_order()
        made.tell("fate", uetr=order.uetr, **{"is": fate.value})
        prepared = await bench.prepare(InstructPayment(order))
        await bench.rail.submit(prepared)
        assert await bench.names(order) == ENDS[fate]


async def test_letters_that_are_late_or_lost_prove_nothing_until_they_come() -> None:
    async with counter(agreed(BANK)) as made:
        bench = made.bench()
        order = await bench.new_order()
        made.tell("lose", uetr=order.uetr, letters="1")
        made.tell("delay", uetr=order.uetr, ms="600")
        prepared = await bench.prepare(InstructPayment(order))
        await bench.rail.submit(prepared)
        assert await bench.names(order) == []
        assert isinstance(await bench.rail.look(prepared), Unknown)


@asynccontextmanager
async def process(
    config: Path, state: Path
) -> AsyncGenerator[tuple[str, asyncio.subprocess.Process]]:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "adapters.iso20022.bank", "--config", str(config),
        "--state", str(state), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert running.stdout is not None
        async with asyncio.timeout(30):
            line = await running.stdout.readline()
        yield str(json.loads(line)["listen"]), running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


def key_file(path: Path, name: str) -> str:
    path.write_bytes(
        ed25519(name).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(path)


def written_down(folder: Path, bank_port: int, own_port: int) -> tuple[dict[str, object], Path]:
    """What an operator writes for the rail, and for the bank beside it."""
    bank_key = key_file(folder / "bank.pem", "bank process")
    table: dict[str, object] = {
        "network": "rail:iso",
        "instruct": "pain.001",
        "own_bic": "LIANHKHH",
        "bank_bic": "BKCHCNBJ",
        "key_name": "gateway-1",
        "signing_key": key_file(folder / "own.pem", "gateway"),
        "bank_keys": {
            "bank-1": f"ed25519:{ed25519('bank process').public_key().public_bytes_raw().hex()}"
        },
        "channel": "http",
        "address": f"http://127.0.0.1:{bank_port}",
        "listen": f"tcp:127.0.0.1:{own_port}",
        "message_life_ms": 60_000,
    }
    config = folder / "bank.json"
    config.write_text(
        json.dumps(
            {
                "bic": "BKCHCNBJ", "partner_bic": "LIANHKHH", "customer": True,
                "key_name": "bank-1", "signing_key": bank_key,
                "partner_keys": {"gateway-1": OURS.public},
                "partner": f"http://127.0.0.1:{own_port}", "port": bank_port, "life_ms": 60_000,
            }
        )
    )  # fmt: skip
    return table, config


async def test_a_rail_as_settings_have_it_and_a_bank_that_is_killed(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    """The whole thing from a table of settings; the bank dies after it booked and comes back."""
    table, config = written_down(tmp_path, unused_tcp_port_factory(), unused_tcp_port_factory())
    settings = ADAPTER.settings(table)
    ledger = Ledger()

    async with ADAPTER.open(settings, WallClock(), ledger) as door:
        assert isinstance(door, IsoRail)
        journalled = Journalled(door, ledger)
        async with counter(agreed(CUSTOMER)) as other:
            bench = other.bench()
        bench.rail = journalled
        order = await bench.new_order()
        async with process(config, tmp_path / "state") as (address, running):
            async with aiohttp.ClientSession() as session:
                for account, minor in (
                    (ACCOUNTS.debtor_account, "100000"),
                    (ACCOUNTS.creditor_account, "0"),
                ):
                    words = {"do": "open", "account": account, "currency": "HKD", "minor": minor}
                    async with session.post(f"{address}/panel", json=words) as said:
                        assert said.status == 204
            prepared = await bench.prepare(InstructPayment(order))
            await door.submit(prepared)
            running.kill()
            await running.wait()
        async with process(config, tmp_path / "state") as (address, _):
            assert isinstance(await bench.decided(prepared), Landed)
            async with asyncio.timeout(20):
                async for page in journalled.observe(bench.since):
                    told = [type(one.subject).__name__ for one in page]
                    if "PaymentSettled" in told:
                        break
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"{address}/books") as said,
            ):
                books = await said.json()
            assert books["accounts"][f"{ACCOUNTS.creditor_account}/HKD"] == "1000"
            assert books["accounts"][f"{ACCOUNTS.debtor_account}/HKD"] == "99000"


async def test_the_bank_believes_only_its_partner() -> None:
    async with counter(agreed(CUSTOMER)) as made, aiohttp.ClientSession() as session:
        raw = dict(writing.items(made.agreement, one(made.agreement))).popitem()[1]
        forged = THEIRS.sign(raw)
        async with session.post(
            f"{made.bank_address}/messages", data=raw, headers=headers(forged)
        ) as answer:
            assert answer.status == 422
        assert made.desk.payments == {}
