"""Registers, accounts and entries, page by page; a register is changed by a proposal only."""

from collections.abc import Sequence

from bridge.api.problems import Trouble
from bridge.api.routes import NAME, NUMBER, PAGED, READERS, Answer, Call, Route
from bridge.api.shown import account_view, entry_view, list_view, register_view
from bridge.core.registers import Asset, Lane, Party, Person
from bridge.notary.state.rows import AccountRow, ListRow, PackRow
from schemas.answers import (
    AccountPage,
    AccountView,
    EntryPage,
    EntryView,
    ListPage,
    PackPage,
    PackView,
    RegisterPage,
    RegisterView,
)

KINDS = {"parties": "party", "assets": "asset", "lanes": "lane", "persons": "person"}
ACCOUNT = "[A-Za-z0-9][A-Za-z0-9:._/-]{0,255}"


async def listed(call: Call) -> Answer:
    """List a register's rows, by id."""
    kind, limit = KINDS[call.path["register"]], call.limit
    rows = call.room.ring.journal.view.scan(kind, call.after(), limit + 1)
    more = call.next(rows[limit - 1][0]) if len(rows) > limit else None
    shown = tuple(
        register_view(kind, row)
        for _, row in rows[:limit]
        if isinstance(row, Party | Asset | Lane | Person)
    )
    return RegisterPage(items=shown, next=more)


async def one(call: Call) -> Answer:
    """Show a register's row."""
    kind = KINDS[call.path["register"]]
    row = call.room.ring.journal.view.get(kind, call.id)
    if not isinstance(row, Party | Asset | Lane | Person):
        raise missing(f"there is no {kind} {call.id}", f"lianqiao ls {call.path['register']}")
    return register_view(kind, row)


async def lists(call: Call) -> Answer:
    """List the screening lists in force."""
    limit = call.limit
    rows = call.room.ring.journal.view.scan("list", call.after(), limit + 1)
    more = call.next(rows[limit - 1][0]) if len(rows) > limit else None
    shown = tuple(list_view(name, row) for name, row in rows[:limit] if isinstance(row, ListRow))
    return ListPage(items=shown, next=more)


async def packs(call: Call) -> Answer:
    """List the rule packs."""
    limit = call.limit
    rows = call.room.ring.journal.view.scan("pack", call.after(), limit + 1)
    more = call.next(rows[limit - 1][0]) if len(rows) > limit else None
    shown = tuple(
        PackView(name=name, pack=row.pack, state=row.state, n=str(row.n))
        for name, row in rows[:limit]
        if isinstance(row, PackRow)
    )
    return PackPage(items=shown, next=more)


async def accounts(call: Call) -> Answer:
    """List the ledger's accounts with their counters: a trial balance, page by page."""
    limit = call.limit
    rows: Sequence[tuple[str, object]] = call.room.ring.journal.view.scan(
        "account", call.after(), limit + 1
    )
    more = call.next(rows[limit - 1][0]) if len(rows) > limit else None
    shown = tuple(account_view(row) for _, row in rows[:limit] if isinstance(row, AccountRow))
    return AccountPage(items=shown, next=more)


async def account(call: Call) -> Answer:
    """Show an account."""
    row = call.room.ring.journal.view.account(call.id)
    if row is None:
        raise missing(f"there is no account {call.id}", "lianqiao ledger balance")
    return account_view(row)


async def entries(call: Call) -> Answer:
    """List entries of the ledger, in order, after a number."""
    journal = call.room.ring.journal
    given = call.query.get("after")
    found = journal.entries(-1 if given is None else int(given), call.limit)
    return EntryPage(items=tuple(map(entry_view, found)), head=str(journal.head.seq))


async def entry(call: Call) -> Answer:
    """Show an entry of the ledger."""
    found = call.room.ring.journal.entry(int(call.path["n"]))
    if found is None:
        raise missing(f"there is no entry {call.path['n']} yet", "GET /v1/entries")
    return entry_view(found)


def missing(what: str, remedy: str) -> Trouble:
    """Return the problem of what is not there."""
    return Trouble(404, "LQ-NOT-FOUND", what, remedy=remedy)


_REGISTER = "{register:parties|assets|lanes|persons}"

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET", path=f"/v1/{_REGISTER}", name="listRegister", says="A register, by id.",
        answer=listed, roles=READERS, gives=RegisterPage, query=PAGED,
    ),
    Route(
        method="GET", path=f"/v1/{_REGISTER}/{{id:{NAME}}}", name="readRegister",
        says="One row of a register.", answer=one, roles=READERS, gives=RegisterView,
    ),
    Route(
        method="GET", path="/v1/lists", name="listLists", says="Screening lists in force.",
        answer=lists, roles=READERS, gives=ListPage, query=PAGED,
    ),
    Route(
        method="GET", path="/v1/packs", name="listPacks", says="Rule packs.",
        answer=packs, roles=READERS, gives=PackPage, query=PAGED,
    ),
    Route(
        method="GET", path="/v1/accounts", name="listAccounts", says="The trial balance.",
        answer=accounts, roles=READERS, gives=AccountPage, query=PAGED,
    ),
    Route(
        method="GET", path=f"/v1/accounts/{{id:{ACCOUNT}}}", name="readAccount",
        says="An account.", answer=account, roles=READERS, gives=AccountView,
    ),
    Route(
        method="GET", path="/v1/entries", name="listEntries",
        says="Entries of the ledger, after a number.", answer=entries,
        roles=frozenset({"auditor", "compliance"}), gives=EntryPage,
        query={"limit": PAGED["limit"], "after": NUMBER},
    ),
    Route(
        method="GET", path=f"/v1/entries/{{n:{NUMBER}}}", name="readEntry",
        says="An entry of the ledger.", answer=entry,
        roles=frozenset({"auditor", "compliance"}), gives=EntryView,
    ),
)  # fmt: skip
