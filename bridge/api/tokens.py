"""Tokens carry a person's words; only their SHA-256 is kept, in a file of the owner's alone.

A token can be narrower than its person, never wider: its roles count only while the person of the
register holds them too.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from bridge.core.ids import Instant, PersonId
from bridge.notary.keys import write_durably

PREFIX = "lq_"  # so that scanners of leaked secrets find ours
BYTES = 32


class NoToken(LookupError):
    """Raised where a token's name is not in the file; the sentence names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token. `id`: the first 12 digits of its hash, which is no secret."""

    id: str
    sha256: str
    person: PersonId
    roles: tuple[str, ...]  # empty: all its person has
    expires: Instant | None = None


class Tokens:
    """The tokens of one daemon, in one file; changes of several processes come one by one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = (-1, -1)
        self._tokens: dict[str, Token] = {}
        self._secret = b""
        self._load()

    def create(
        self, person: PersonId, roles: Sequence[str] = (), expires: Instant | None = None
    ) -> str:
        """Keep a new token's hash and return the token; it is shown this once."""
        text = PREFIX + secrets.token_urlsafe(BYTES)
        held = sha256(text.encode()).hexdigest()
        with self._alone():
            self._tokens[held] = Token(
                id=held[:12], sha256=held, person=person, roles=tuple(roles), expires=expires
            )
            self._store()
        return text

    def revoke(self, name: str) -> Token:
        """Forget a token by its id. Errors: NoToken."""
        with self._alone():
            for held, token in self._tokens.items():
                if token.id == name:
                    del self._tokens[held]
                    self._store()
                    return token
        raise NoToken(f"there is no token {name}")

    def listed(self) -> tuple[Token, ...]:
        """Return every token, by person."""
        self._load()
        return tuple(sorted(self._tokens.values(), key=lambda token: (token.person, token.id)))

    def find(self, text: str, now: Instant) -> Token | None:
        """Return the token of a secret, unless it has expired."""
        self._load()
        if not text.isascii():  # nothing we made, and a header may hold what UTF-8 cannot say
            return None
        token = self._tokens.get(sha256(text.encode()).hexdigest())
        if token is None or (token.expires is not None and token.expires <= now):
            return None
        return token

    @property
    def secret(self) -> bytes:
        """What cursors are signed with: kept with the tokens, so that it outlives a start."""
        return self._secret

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Change what is in the file now, and let nobody else change it meanwhile."""
        lock = self._path.with_name(f"{self._path.name}.lock")
        handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._seen = (-1, -1)  # two changes of one moment may look alike from outside
            self._load()
            yield
        finally:
            os.close(handle)

    def _load(self) -> None:
        try:
            state = self._path.stat()
        except FileNotFoundError:
            self._tokens, self._seen = {}, (-1, -1)  # a file that is gone knows nobody
            self._secret = self._secret or secrets.token_bytes(BYTES)
            return
        seen = (state.st_mtime_ns, state.st_ino)
        if seen == self._seen:
            return
        kept = json.loads(self._path.read_text("utf-8"))
        self._secret = bytes.fromhex(kept["secret"])
        self._tokens = {
            one["sha256"]: Token(
                id=one["id"],
                sha256=one["sha256"],
                person=PersonId(one["person"]),
                roles=tuple(one["roles"]),
                expires=None if one["expires"] is None else Instant(int(one["expires"])),
            )
            for one in kept["tokens"]
        }
        self._seen = seen

    def _store(self) -> None:
        kept = {
            "secret": self._secret.hex(),
            "tokens": [asdict(token) for token in self._tokens.values()],
        }
        write_durably(self._path, json.dumps(kept, indent=1).encode())
        state = self._path.stat()
        self._seen = (state.st_mtime_ns, state.st_ino)
