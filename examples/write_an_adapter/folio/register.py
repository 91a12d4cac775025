"""The folio register: requests wait, pages are closed and signed twice, and only then are final.

The registrar closes a page and signs it. The supervisor reads it later and signs beneath; until
then a page may be torn out, and what stood on it has never been. Final pages lie in one SQLite
file, and the book is folded from them: nothing else is kept.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from folio.escrow import Book, Line, Refusal, Slot, words_of

PAGE_PREFIX = b"folio page v1\n"
SEAL_PREFIX = b"folio request v1\n"
BEFORE_ALL = "0" * 64  # what the first page names as the one before


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a gateway asks for, read and not yet believed."""

    id: str
    act: str  # the very text that holders and notaries signed
    signatures: tuple[tuple[str, bytes], ...]  # signer and signature
    gateway: str
    expires: int
    seal: bytes
    sealed: bytes


@dataclass(slots=True, kw_only=True)
class Page:
    """A closed page. It is final once `supervisor` is there."""

    number: int
    text: str
    hash: str
    time: int
    lines: tuple[Line, ...]
    registrar: str
    supervisor: str = ""
    failed: dict[str, str] = field(default_factory=dict)  # request to why
    requests: tuple[str, ...] = ()

    def form(self) -> dict[str, str]:
        """Return what the node tells of a final page."""
        return {"page": self.text, "registrar": self.registrar, "supervisor": self.supervisor}


class Register:
    """One register. Time comes with the clock; `turn` does what was due until now."""

    def __init__(
        self,
        name: str,
        escrow: str,
        file: Path,
        *,
        registrar: Ed25519PrivateKey,
        supervisor: Ed25519PrivateKey,
        clock: Callable[[], int],
        page_ms: int,
        review_ms: int,
    ) -> None:
        self.name, self.escrow = name, escrow
        self.clock = clock
        self.final = Book()  # of the pages that are signed twice
        self.pages: list[Page] = []
        self._book = Book()  # of all pages
        self._pool: dict[str, tuple[int, Request]] = {}
        self._registrar, self._supervisor = registrar, supervisor
        self._page_ms, self._review_ms = page_ms, review_ms
        self._file = file
        self._load()

    def administer(self, *lines: Line) -> None:
        """Write lines of the registrar's own on a page that is signed twice at once."""
        self._close([dict(line) for line in lines], {}, ())
        while self._unsigned():
            self._review(self._unsigned()[0])

    def receive(self, raw: bytes, *, is_trial: bool = False) -> None:
        """Take a request, or only say whether it would be taken. Twice is once.

        Errors: Refusal.
        """
        self.turn()
        asked = request_of(raw)
        self._authentic(asked)
        if asked.id in self._pool or self._book.has_landed(asked.act):
            return
        self._judge(asked)
        if not is_trial:
            self._pool[asked.id] = (self.clock(), asked)

    def turn(self) -> None:
        """Close the page and sign the pages that were due until now."""
        now = self.clock()
        if self._pool and next(iter(self._pool.values()))[0] + self._page_ms <= now:
            self.close_page()
        for page in self._unsigned():
            if page.time + self._review_ms <= now:
                self._review(page)

    def close_page(self) -> None:
        """Enter what waits, in the order it came; what can no longer land is left out."""
        if not self._pool:
            return
        lines: list[Line] = []
        failed: dict[str, str] = {}
        for _, asked in self._pool.values():
            if self._book.has_landed(asked.act):
                continue
            try:
                self._judge(asked)
            except Refusal as refusal:
                failed[asked.id] = str(refusal)
            else:
                lines.append(self._book.enter(asked.act))
        taken = tuple(self._pool)
        self._pool.clear()
        self._close(lines, failed, taken, is_entered=True)

    def tear_out(self, *, even_final: bool = False) -> None:
        """Tear the last page out. Of a final one that breaks every promise of the register."""
        page = self.pages.pop()
        assert even_final or not page.supervisor, "a final page stays"
        if page.supervisor:
            self.final = Book()
            for kept in self.pages:
                for line in kept.lines:
                    self.final.fold(line)
        self._book = deepcopy(self.final)
        for kept in self._unsigned():
            for line in kept.lines:
                self._book.fold(line)

    def standing(self, request: str, slot: str) -> dict[str, Any]:
        """Return what became of a request, and the slot as final pages have it."""
        self.turn()
        state, why = ("waiting", "") if request in self._pool else ("unknown", "")
        for page in reversed(self.pages):
            if request in page.requests:
                why = page.failed.get(request, "")
                state = "open" if not page.supervisor else "failed" if why else "entered"
                break
        final = self.final.slots.get(slot, Slot())
        return {
            "now": self.clock(),
            "request": state,
            "why": why,
            "slot": final.form(),
            "moving": final != self._book.slots.get(slot, Slot()),
        }

    def told(self, after: int, limit: int) -> list[dict[str, str]]:
        """Return the final pages after that number."""
        self.turn()
        return [page.form() for page in self.pages[after : after + limit] if page.supervisor]

    def head(self, number: int) -> str:
        """Return the hash of the final page of that number; of 0, what the first one names."""
        if number == 0:
            return BEFORE_ALL
        there = number <= len(self.pages) and self.pages[number - 1].supervisor
        return self.pages[number - 1].hash if there else ""

    def _unsigned(self) -> list[Page]:
        return [page for page in self.pages if not page.supervisor]

    def _judge(self, asked: Request) -> None:
        now = self.clock()
        if now > asked.expires:
            raise Refusal("the request has expired")
        self._book.judge(asked.act, self.name, self.escrow, now)

    def _authentic(self, asked: Request) -> None:
        """Let pass what the right people signed. Errors: Refusal."""
        act = words_of(asked.act)
        sealed = is_signed(asked.gateway, asked.seal, SEAL_PREFIX + asked.sealed)
        if asked.gateway not in self._book.gateways or not sealed:
            raise Refusal("a request is sealed by a gateway that is known here")
        true = {
            signer
            for signer, signature in asked.signatures
            if is_signed(signer, signature, asked.act.encode())
        }
        if act["verb"] == "lock":
            if act["party"] not in true:
                raise Refusal("the holder has not signed")
            return
        keys, threshold = self._book.epochs.get(int(act["epoch"]), (frozenset(), 1))
        if len(true & keys) < threshold:
            raise Refusal(f"{len(true & keys)} of {threshold} notaries have signed")

    def _close(
        self,
        lines: list[Line],
        failed: dict[str, str],
        requests: tuple[str, ...],
        *,
        is_entered: bool = False,
    ) -> None:
        number, time = len(self.pages) + 1, self.clock()
        text = json.dumps(
            {
                "register": self.name,
                "number": number,
                "before": self.pages[-1].hash if self.pages else BEFORE_ALL,
                "time": time,
                "lines": lines,
            }
        )
        page = Page(
            number=number,
            text=text,
            hash=sha256(text.encode()).hexdigest(),
            time=time,
            lines=tuple(lines),
            registrar=self._registrar.sign(PAGE_PREFIX + text.encode()).hex(),
            failed=failed,
            requests=requests,
        )
        if not is_entered:
            for line in lines:
                self._book.fold(line)
        self.pages.append(page)

    def _review(self, page: Page) -> None:
        """Sign a page as supervisor, keep it, and fold it: now it is final."""
        signature = self._supervisor.sign(PAGE_PREFIX + page.text.encode()).hex()
        with closing(sqlite3.connect(self._file)) as database, database:
            row = (page.number, page.text, page.registrar, signature)
            database.execute("INSERT OR REPLACE INTO page VALUES (?, ?, ?, ?)", row)
        page.supervisor = signature
        for line in page.lines:
            self.final.fold(line)

    def _load(self) -> None:
        with closing(sqlite3.connect(self._file)) as database, database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS page"
                " (number INTEGER PRIMARY KEY, text TEXT, registrar TEXT, supervisor TEXT)"
            )
            rows = database.execute("SELECT * FROM page ORDER BY number").fetchall()
        for number, text, registrar, supervisor in rows:
            body = json.loads(text)
            page = Page(
                number=number,
                text=text,
                hash=sha256(text.encode()).hexdigest(),
                time=body["time"],
                lines=tuple(body["lines"]),
                registrar=registrar,
                supervisor=supervisor,
            )
            self.pages.append(page)
            for line in page.lines:
                self.final.fold(line)
        self._book = deepcopy(self.final)


def request_of(raw: bytes) -> Request:
    """Return what a request says: 64 bytes of the gateway's seal, then JSON. Errors: Refusal."""
    try:
        body = json.loads(raw[64:])
        return Request(
            id=sha256(raw).hexdigest(),
            act=str(body["act"]),
            signatures=tuple((str(who), bytes.fromhex(what)) for who, what in body["signatures"]),
            gateway=str(body["gateway"]),
            expires=int(body["expires"]),
            seal=raw[:64],
            sealed=raw[64:],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal("this is no request") from error


def is_signed(key: str, signature: bytes, message: bytes) -> bool:
    """Tell whether a signature is that key's under a message."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
