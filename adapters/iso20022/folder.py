"""The folder channel: a message is a file, taken by rename, acknowledged after the ledger has it.

A folder has `in work done bad ack`. Who sends writes into the other side's `in`: a hidden file,
synced, linked under its name, and the folder synced. Who reads renames into its own `work`, so one
file has one reader; a restart reads `work` again. `ack/DIGEST.json` is written, signed, only after
the commit; an existing name with other bytes is an alarm and never overwritten.
"""

import asyncio
import errno
import json
import os
import re
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import mkstemp

from adapters.iso20022.client import Door, Receipt, receipt_of
from adapters.iso20022.inbox import Answer, Inbox, Taken
from adapters.iso20022.signed import BadSignature, Signed, Signer, signature_of, unframe
from bridge.core.canonical import canonical
from bridge.ports import Clock, Unavailable, Uncertain
from schemas.xml import MAX_BYTES

PARTS = ("in", "work", "done", "bad", "ack")
POLL_S = 0.2  # between two looks into `in`
AT_ONCE = 64  # files under way to the ledger
HEAD_MAX = 4 * 1024  # bytes of a signature's file, or of an acknowledgement's
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")  # any other stays where it is
_DOORS = {
    Taken.COMMITTED: Door.TAKEN,
    Taken.REPEATED: Door.TAKEN,
    Taken.CONFLICT: Door.CONFLICT,
    Taken.REFUSED: Door.REFUSED,
    Taken.UNSIGNED: Door.REFUSED,
}


def lay_out(folder: Path) -> None:
    """Make the parts of a folder that are not there yet."""
    for part in PARTS:
        (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)


def write(target: Path, raw: bytes, *, over: bool = False) -> None:
    """Write a file that is there whole or not at all, also after the power failed.

    Errors: FileExistsError where the name stands for other bytes, unless it is written over.
    """
    handle, name = mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        try:
            if over:
                Path(name).replace(target)
            else:
                os.link(name, target)  # as a rename, but never over another file
        except FileExistsError:
            if not _is(target, raw):
                raise
        except OSError:  # a file system without links
            if target.exists():
                raise
            Path(name).rename(target)
    finally:
        Path(name).unlink(missing_ok=True)
    sync(target.parent)


def _is(target: Path, raw: bytes) -> bool:
    """Whether a file holds these bytes, or was taken meanwhile by who reads it."""
    try:
        return target.read_bytes() == raw
    except FileNotFoundError:
        return True


def bounded(path: Path, most: int) -> bytes:
    """Return the first bytes of a file that is one; links, pipes and folders are not read.

    Errors: OSError.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a file", str(path))
        return file.read(most)


def sync(folder: Path) -> None:
    """Make what was renamed in a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put(outbox: Path, signed: Signed) -> None:
    """Write a message and its signature into the other side's `in`, under its digest.

    Errors: OSError; FileExistsError where the name stands for other bytes.
    """
    name = signed.digest
    if any((outbox / part / f"{name}.xml").exists() for part in ("work", "done", "bad")):
        return  # it was taken: the same bytes again are nothing new
    head, _, _ = signed.frame.partition(b"\n")
    write(outbox / "in" / f"{name}.sig", head)
    write(outbox / "in" / f"{name}.xml", signed.raw)


class FolderChannel:
    """The way to a bank that reads and writes files."""

    def __init__(self, outbox: Path, bank_keys: Mapping[str, str], clock: Clock) -> None:
        self._clock = clock
        self._outbox = outbox
        self._bank_keys = bank_keys

    async def put(self, signed: Signed, name: str) -> None:
        """Hand a message over. Errors: Unavailable, Uncertain."""
        del name
        try:
            await asyncio.to_thread(put, self._outbox, signed)
        except FileExistsError as error:
            raise Uncertain("the name stands for other bytes") from error
        except FileNotFoundError as error:
            raise Unavailable("the bank's folder is not there") from error
        except OSError as error:
            raise Uncertain(f"the folder: {type(error).__name__}") from error

    async def receipt(self, digest: str) -> Receipt | None:
        """Return what the bank's acknowledgement says; None while the file is under way."""
        return await asyncio.to_thread(self._acknowledged, digest)

    def _acknowledged(self, digest: str) -> Receipt | None:
        """Files only move forward, so one that is in none of these places was never there."""
        under_way = any((self._outbox / part / f"{digest}.xml").exists() for part in PARTS[:2])
        try:
            frame = bounded(self._outbox / "ack" / f"{digest}.json", HEAD_MAX)
        except FileNotFoundError:
            if under_way or not (self._outbox / "ack").is_dir():
                return None
            return Receipt(digest, Door.UNKNOWN, self._clock.now())
        except OSError as error:
            raise Unavailable(f"the folder: {type(error).__name__}") from error
        try:
            return receipt_of(unframe(frame), digest, self._bank_keys)
        except BadSignature as error:
            raise Unavailable(f"the acknowledgement is not the bank's: {error}") from error


class FolderReader:
    """Takes files from a folder's `in`, one reader a folder, and acknowledges them."""

    def __init__(
        self,
        folder: Path,
        signer: Signer,
        clock: Clock,
        receive: Callable[[Signed], Awaitable[tuple[Door | None, Mapping[str, object]]]],
    ) -> None:
        self._folder = folder
        self._signer = signer
        self._clock = clock
        self._receive = receive

    async def run(self) -> None:
        """Read for ever; what an earlier life left in `work` comes first."""
        await asyncio.to_thread(lay_out, self._folder)
        room = asyncio.Semaphore(AT_ONCE)
        under_way: set[str] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                for name in await asyncio.to_thread(self._names):
                    if name not in under_way:
                        await room.acquire()
                        try:
                            signed = await asyncio.to_thread(self._read, name)
                        except FileNotFoundError:  # it was finished since we looked
                            room.release()
                            continue
                        under_way.add(name)
                        tasks.create_task(self._one(name, signed, room, under_way))
                await asyncio.sleep(POLL_S)

    def _names(self) -> list[str]:
        """What waits: first what was taken and not acknowledged, then what arrived, by age."""
        for arrived in sorted((self._folder / "in").glob("*.xml"), key=_age):
            if not _NAME.fullmatch(arrived.stem):
                continue
            signature = arrived.with_suffix(".sig")
            taken = self._folder / "work" / signature.name
            with suppress(FileNotFoundError):
                signature.rename(taken)
            if os.path.lexists(taken):  # it is written first: without it the file is not whole yet
                with suppress(FileNotFoundError):
                    arrived.rename(self._folder / "work" / arrived.name)
        return [path.stem for path in sorted((self._folder / "work").glob("*.xml"), key=_age)]

    async def _one(
        self, name: str, signed: Signed | None, room: asyncio.Semaphore, under_way: set[str]
    ) -> None:
        """Hand over one file; they are begun in the order they came, and end as they may."""
        try:
            if signed is None:
                said: Door | None = Door.REFUSED
                digest = name
                more: Mapping[str, object] = {"findings": ["signature: none that can be read"]}
            else:
                digest = signed.digest
                said, more = await self._receive(signed)
            if said is not None:
                await asyncio.to_thread(self._acknowledge, name, digest, said, more)
        finally:
            under_way.discard(name)
            room.release()

    def _read(self, name: str) -> Signed | None:
        """What was taken; None where it is nothing that could have been signed."""
        work = self._folder / "work"
        try:
            raw = bounded(work / f"{name}.xml", MAX_BYTES + 1)
        except FileNotFoundError:
            raise
        except OSError:
            return None
        try:
            head = json.loads(bounded(work / f"{name}.sig", HEAD_MAX))
            return Signed(raw, str(head["alg"]), str(head["key"]), signature_of(head["signature"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _acknowledge(self, name: str, digest: str, said: Door, more: Mapping[str, object]) -> None:
        """Write the acknowledgement, then move the file where its verdict belongs."""
        receipt = {
            "schema": "lianqiao.receipt/1",
            "digest": digest,
            "door": said.value,
            "now": str(self._clock.now()),
        }
        # what was acknowledged before stands; but nothing may deny what the ledger has, as a
        # refusal of the same bytes under a signature nobody could read would
        with suppress(FileExistsError):
            write(
                self._folder / "ack" / f"{digest}.json",
                self._signer.sign(canonical(receipt)).frame,
                over=said is Door.TAKEN,
            )
        part = "done" if said is Door.TAKEN else "bad"
        if more:
            with suppress(FileExistsError):
                write(self._folder / part / f"{name}.why", json.dumps(more).encode())
        for suffix in ("xml", "sig"):
            with suppress(FileNotFoundError):
                (self._folder / "work" / f"{name}.{suffix}").rename(
                    self._folder / part / f"{name}.{suffix}"
                )
        sync(self._folder / part)


def _age(path: Path) -> tuple[int, str]:
    try:
        return path.lstat().st_mtime_ns, path.name
    except FileNotFoundError:
        return 0, path.name


@asynccontextmanager
async def watching(
    inbox: Inbox, folder: Path, signer: Signer, clock: Clock
) -> AsyncGenerator[None]:
    """Read our own folder into an inbox while the body runs."""

    async def receive(signed: Signed) -> tuple[Door | None, Mapping[str, object]]:
        answer: Answer = await inbox.receive(signed)
        if answer.taken is Taken.BUSY:
            return None, {}  # it stays in `work` and is brought again
        more: dict[str, object] = {"entry": answer.entry, "findings": list(answer.findings)}
        return _DOORS[answer.taken], {name: value for name, value in more.items() if value}

    reader = FolderReader(folder, signer, clock, receive)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(reader.run())
        try:
            yield
        finally:
            inbox.close()
            reading.cancel()
