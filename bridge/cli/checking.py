"""The ledger's files checked with what lies outside the database: the log's key and its mark."""

from pathlib import Path

from bridge.cli.manners import USAGE, Stopped
from bridge.notary.checkpoint import BadNote, VerifierKey, read_checkpoint, read_key
from bridge.notary.fsck import Finding, Verify, fsck
from bridge.notary.keys import BadKey, HighWater, load_ed25519
from bridge.notary.outcomes import LedgerError
from bridge.notary.store.sqlite import SqliteReader
from bridge.settings import BadSettings, load

UNSIGNED = "no checkpoint's signature was checked: name the log's key with --vkey FILE"


def log_key(folder: Path, vkey: Path | None) -> VerifierKey | None:
    """Return the key that checkpoints are verified with: of a vkey file, or of the settings.

    None where the folder has no settings, such as a copy of the database alone. Errors: Stopped.
    """
    try:
        if vkey is not None:
            return read_key(vkey.read_text("utf-8").strip())
        file = folder / "lianqiao.toml"
        if not file.is_file():
            return None
        settings = load(file)
        public = load_ed25519(folder / settings.log_key).public
        return VerifierKey(settings.ledger.origin, public)
    except (BadNote, BadSettings, BadKey, UnicodeDecodeError) as error:
        following = "--vkey FILE, as an export has it"
        cause = "the settings do not load, or the log's key is not where they or --vkey name it"
        raise Stopped(USAGE, "LQ-KEY", str(error), cause=cause, following=following) from error


def checked(database: Path, key: VerifierKey | None, mark: Path) -> tuple[int, tuple[Finding, ...]]:
    """Return how many entries a ledger's file holds, and everything that is wrong with it.

    `mark`: the file in which the log's key keeps what it last signed; it may be absent.
    """
    try:
        signed = HighWater(mark)  # read before the entries: a daemon may write meanwhile
    except ValueError as error:
        return 0, (Finding("head", -1, f"{mark.name} cannot be read: {error}"),)
    sealed = (signed.size, signed.root) if signed.root else None
    try:
        reader = SqliteReader(database)
    except LedgerError as error:
        return 0, (Finding("page", -1, str(error)),)
    try:
        with reader.standing():
            found = fsck(reader, None if key is None else _verify(key), sealed)
            entries = reader.head().seq
    except LedgerError as error:
        return 0, (Finding("page", -1, str(error)),)
    finally:
        reader.close()
    return entries, found


def _verify(key: VerifierKey) -> Verify:
    def verify(note: bytes) -> tuple[int, bytes]:
        checkpoint = read_checkpoint(note, key).checkpoint
        return checkpoint.size, checkpoint.root

    return verify
