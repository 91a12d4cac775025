"""The line to the daemon: one question, one answer, over a Unix socket or TCP.

Which daemon and who speaks comes from the options, else from `client.json` of the installation's
folder, which `init` and `demo` write.
"""

import fcntl
import http.client
import json
import os
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from shlex import quote as quoted
from typing import Concatenate, ParamSpec, cast
from urllib.parse import quote, urlsplit

import click

from bridge.cli.manners import (
    DOWN,
    FAILED,
    FORMS,
    NOT_FOUND,
    REFUSED,
    USAGE,
    Json,
    Stopped,
    typed,
)
from bridge.cli.overriding import override

P = ParamSpec("P")
WAIT_S = 30
HOME = "LIANQIAO_HOME"
NOWHERE = "this is not the folder of an installation"
ELSEWHERE = f"the same with --folder DIR, or {HOME}=DIR; lianqiao init DIR makes one"
DEMO = ".lianqiao-demo"  # the mark of a demo's folder; it is locked while that demo runs
_EXITS = {
    400: USAGE,
    401: REFUSED,
    403: REFUSED,
    404: NOT_FOUND,
    422: REFUSED,
    429: DOWN,
    503: DOWN,
}
_BY_CODE = {"LQ-BODY": USAGE, "LQ-TIME": USAGE, "LQ-JSON": USAGE}


class Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._socket = path

    @override
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._socket)


@dataclass(frozen=True, slots=True)
class Doc:
    """A JSON object as the daemon wrote it; a member that is missing is a bug of one of us."""

    raw: Mapping[str, Json]

    def text(self, name: str) -> str:
        """Return a member that is text."""
        value = self.raw[name]
        assert isinstance(value, str), f"{name} is no text"
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a member that is a list of texts."""
        value = self.raw[name]
        assert isinstance(value, list), f"{name} is no list"
        return tuple(str(one) for one in value)

    def all(self, name: str) -> tuple["Doc", ...]:
        """Return a member that is a list of objects."""
        value = self.raw[name]
        assert isinstance(value, list), f"{name} is no list"
        return tuple(Doc(cast("dict[str, Json]", one)) for one in value)

    def one(self, name: str) -> "Doc":
        """Return a member that is an object."""
        value = self.raw[name]
        assert isinstance(value, dict), f"{name} is no object"
        return Doc(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """How this command speaks, and in which form it answers."""

    folder: Path
    form: str
    quiet: bool
    person: str
    url: str | None
    token_file: Path | None

    def get(self, path: str, query: Mapping[str, str | None] | None = None) -> Doc:
        """Return what the daemon answers. Errors: Stopped."""
        return self._ask("GET", addressed(path, query or {}))

    def post(self, path: str, body: Mapping[str, Json], key: str = "") -> Doc:
        """Return what a write is answered with; asked twice, it is done once. Errors: Stopped."""
        return self._ask("POST", path, body, key or secrets.token_hex(16))

    def _ask(
        self, method: str, path: str, body: Mapping[str, Json] | None = None, key: str = ""
    ) -> Doc:
        for last in (False, True):
            try:
                status, raw = self._once(method, path, body, key)
                break
            except (http.client.HTTPException, ConnectionResetError, BrokenPipeError) as error:
                if last:
                    raise self._down(error) from error
            except OSError as error:
                raise self._down(error) from error
        else:  # pragma: no cover  # the loop breaks or raises
            raise AssertionError
        return _read(status, raw)

    def _once(
        self, method: str, path: str, body: Mapping[str, Json] | None, key: str
    ) -> tuple[int, bytes]:
        line = self.connect(WAIT_S)
        headers = {"Authorization": f"Bearer {self.token()}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        try:
            line.request(method, path, None if body is None else json.dumps(body), headers)
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def lines(self, path: str, since: str | None) -> Iterator[str]:
        """Yield the lines of a stream until the daemon ends it. Errors: Stopped."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        if since is not None:
            headers["Last-Event-ID"] = since
        line = self.connect(2 * WAIT_S)
        try:
            line.request("GET", path, headers=headers)
            answer = line.getresponse()
            if answer.status != 200:
                _read(answer.status, answer.read())
            while (text := answer.readline()).endswith(b"\n"):  # half a line was never told
                yield text.decode().rstrip("\n")
        except (OSError, http.client.HTTPException) as error:
            raise self._down(error) from error
        finally:
            line.close()

    def events(
        self, path: str, since: str | None, read: Callable[[str], None] = lambda _: None
    ) -> Iterator[Doc]:
        """Yield the events of a stream until the daemon ends it. Errors: Stopped.

        `read` hears the cursor that goes on behind what was told, also where no event was.
        """
        at = ""
        for line in self.lines(path, since):
            if line.startswith("id: "):
                at = line.removeprefix("id: ")
            elif line.startswith("data: "):
                yield Doc(json.loads(line.removeprefix("data: ")))
            elif not line and at:
                read(at)
                at = ""

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """Return a line to the daemon, not open yet."""
        url = self.address()
        if url.startswith("unix:"):
            path = Path(url.removeprefix("unix:"))
            return Unix(str(self.folder / path), timeout)
        parts = urlsplit(url)
        if parts.scheme == "https":
            safe = ssl.create_default_context()
            return http.client.HTTPSConnection(parts.netloc, timeout=timeout, context=safe)
        return http.client.HTTPConnection(parts.netloc, timeout=timeout)

    def address(self) -> str:
        """Return where the daemon listens. Errors: Stopped."""
        if self.url is not None:
            return self.url
        known = self.client().get("url")
        assert isinstance(known, str), "client.json: url is text"
        return known

    def client(self) -> Mapping[str, Json]:
        """Return `client.json` of the installation's folder. Errors: Stopped."""
        for place in (self.folder, self.folder / "data"):
            file = place / "client.json"
            if file.is_file():
                return cast("Mapping[str, Json]", json.loads(file.read_text("utf-8")))
        raise Stopped(
            USAGE,
            "LQ-NO-CLIENT",
            f"{self.folder}: no client.json says where the daemon is and who you are",
            cause=NOWHERE,
            following=ELSEWHERE,
        )

    def speaker(self) -> str:
        """Return the person who speaks: as chosen, else the one `client.json` names."""
        client = self.client()
        return self.person or str(client.get("as") or next(iter(_table(client, "tokens"))))

    def token(self) -> str:
        """Return the token to speak with. Errors: Stopped."""
        if self.token_file is not None:
            return self._secret(self.token_file)
        return self._secret(self._file_of("tokens", "a token"))

    def key_file(self, given: Path | None) -> Path:
        """Return the key file of the person who speaks. Errors: Stopped."""
        return given if given is not None else self._file_of("keys", "a key")

    def _file_of(self, member: str, what: str) -> Path:
        held, person = _table(self.client(), member), self.speaker()
        name = held.get(person)
        if not isinstance(name, str):
            raise Stopped(
                USAGE,
                "LQ-NO-PERSON",
                f"client.json knows {what} of {', '.join(held) or 'nobody'}, not of {person}",
                cause="another person works at this folder",
                following=f"--as {next(iter(held), 'PERSON')}",
            )
        beside = self.folder / name
        return beside if beside.exists() else Path(name)

    @staticmethod
    def _secret(file: Path) -> str:
        try:
            return file.read_text("utf-8").strip()
        except OSError as error:
            raise Stopped(
                USAGE,
                "LQ-TOKEN-FILE",
                f"{file}: {error.strerror}",
                cause="the token was moved, or never written to this file",
                following="lianqiao token create --person PERSON",
            ) from error

    def _down(self, error: Exception) -> Stopped:
        return Stopped(
            DOWN,
            "LQ-DOWN",
            f"no daemon answers at {self.address()}",
            cause=str(error) or type(error).__name__,
            following=self._up(),
        )

    def _up(self) -> str:
        return "lianqiao up" if self.url is not None else starts(self.folder)


def addressed(path: str, query: Mapping[str, str | None]) -> str:
    """Return an address with the parameters that are given."""
    given = {name: value for name, value in query.items() if value is not None}
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
    return f"{path}?{asked}" if asked else path


def starts(folder: Path) -> str:
    """Return what to type so that the daemon of this folder runs: a demo's, with its networks."""
    if _is_locked(folder / DEMO):
        return "the same again in a second: a demo runs there, and starts its daemon again"
    way = "demo --keep" if (folder / DEMO).is_file() else "up --folder"
    return f"lianqiao {way} {quoted(str(folder))}"


def _is_locked(mark: Path) -> bool:
    try:
        with mark.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # nothing of that name lies there
    return False


def _table(client: Mapping[str, Json], member: str) -> Mapping[str, Json]:
    held = client.get(member)
    assert isinstance(held, Mapping), f"client.json: {member} is an object"
    return held


def _read(status: int, raw: bytes) -> Doc:
    try:
        document = json.loads(raw)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Stopped(
            FAILED,
            "LQ-ANSWER",
            f"the daemon's answer ({status}) is no JSON object",
            cause="something else answers at that address, such as a proxy",
            following="lianqiao doctor",
        )
    if status < 400:
        return Doc(document)
    code = str(document.get("code", f"LQ-HTTP-{status}"))
    places = [".".join(flaw["loc"]) for flaw in document.get("errors", ())]
    cause = f"at {', '.join(places)}" if places else str(document.get("title", ""))
    raise Stopped(
        _BY_CODE.get(code, _EXITS.get(status, FAILED)),
        code,
        str(document.get("detail", "")),
        cause="it is misspelled, or another installation's" if status == 404 else cause,
        following=str(document.get("remedy", "")),
        document=document,
    )


def spoken(command: Callable[Concatenate[Talk, P], None]) -> Callable[P, None]:
    """Return a command with the options every command has; it gets them as its first argument."""

    def run(**words: object) -> None:
        person = words.pop("speaker")
        talk = Talk(
            folder=Path(str(words.pop("folder"))),
            form=str(words.pop("output")),
            quiet=bool(words.pop("quiet")),
            person=str(person) if person else "",
            url=cast("str | None", words.pop("url")),
            token_file=cast("Path | None", words.pop("token_file")),
        )
        try:
            command(talk, **words)  # type: ignore[arg-type,call-arg]  # click gives the other words
        except Stopped as stopped:
            stopped.following = typed(stopped.following)  # while it is known what was typed
            raise

    options = (
        click.option("--output", "-o", type=click.Choice(FORMS), default="table", help="Form."),
        click.option("--as", "speaker", metavar="PERSON", help="Who speaks."),
        click.option(
            "--folder",
            type=click.Path(file_okay=False),
            default=lambda: os.environ.get(HOME, "."),
            help=f"Folder of the installation; else {HOME}, else here.",
        ),
        click.option("--url", help="Where the daemon listens."),
        click.option("--token-file", type=click.Path(path_type=Path), help="File of a token."),
        click.option("--quiet", "-q", is_flag=True, help="Results and errors only."),
    )
    named = update_wrapper(run, command)
    for option in reversed(options):
        named = option(named)
    return cast("Callable[P, None]", named)
