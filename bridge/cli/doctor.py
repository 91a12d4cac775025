"""What is broken, in one command: checks in the order they rest on each other.

A check whose ground failed is not asked, so what fails first is the cause. Nothing is mended here.
"""

import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bridge.cli.link import ELSEWHERE, Doc, Talk, spoken, starts
from bridge.cli.machine import half_made
from bridge.cli.manners import DOWN, FAILED, Json, Stopped, show
from bridge.cli.status import passed

if TYPE_CHECKING:
    from bridge.settings import Settings

OK, WARN, FAIL, SKIP = "ok", "warn", "fail", "skip"
PYTHON: Final = (3, 11)
FREE_LEAST: Final = 1 << 30  # bytes under which the disk is as good as full
FREE_WARN: Final = 15  # per cent
AHEAD_MS: Final = 5_000  # the ledger's last entry may be this far ahead of this clock
SEAL_WARN_S: Final = 60  # since the oldest entry no checkpoint covers
LIST_WARN_S: Final = 24 * 3_600
CERTIFICATE_WARN_S: Final = 14 * 24 * 3_600


@dataclass(frozen=True, slots=True)
class Found:
    """What one check saw: `ok`, `warn`, `fail` or `skip`, and what mends it."""

    result: str
    name: str
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the checks look at: this machine's files, and the daemon's own word if it gave one."""

    folder: Path
    settings: "Settings | None"
    unread: str  # why the settings could not be read
    status: Doc | None
    down: str  # why the daemon did not answer
    now_ms: int


Look = Callable[[Ground], Iterator[Found]]


@click.command()
@spoken
def doctor(talk: Talk) -> None:
    """Say what is broken, what that rests on, and what mends it."""
    found = examined(ground(talk))
    checks: list[Json] = [_row(one) for one in found]
    value: dict[str, Json] = {"checks": checks, "failed": _count(found, FAIL)}
    show(talk.form, "doctor", value, lambda: lines(found))
    broken = [one for one in found if one.result == FAIL]
    if broken:
        outside = all(one.name == "daemon" or one.name.startswith("wire ") for one in broken)
        raise Stopped(
            DOWN if outside else FAILED,
            "LQ-DOCTOR",
            f"{len(broken)} of {len(found)} checks failed, {broken[0].name} first",
            cause=broken[0].says,
            following=broken[0].remedy,
        )


def ground(talk: Talk) -> Ground:
    """Return what can be seen of this installation from here."""
    from bridge.clock import SystemClock  # noqa: PLC0415  loaded when needed
    from bridge.settings import BadSettings, load  # noqa: PLC0415

    settings, unread = None, ""
    try:
        settings = load(talk.folder / "lianqiao.toml")
    except BadSettings as error:
        unread = str(error)
    status, down = None, ""
    try:
        status = talk.get("/v1/status")
    except Stopped as stopped:
        down = stopped.sentence + (f": {stopped.cause}" if stopped.cause else "")
    return Ground(talk.folder, settings, unread, status, down, SystemClock().now())


def examined(seen: Ground) -> list[Found]:
    """Return every check's finding, in order; what rests on a failed one is skipped."""
    failed: set[str] = set()
    found: list[Found] = []
    for name, (rests_on, look) in CHECKS.items():
        cause = next((one for one in rests_on if one in failed), None)
        if cause is not None:
            failed.add(name)
            found.append(Found(SKIP, name, f"not asked: needs {cause}"))
            continue
        told = list(look(seen))
        if any(one.result == FAIL for one in told):
            failed.add(name)
        found += told
    return found


def lines(found: Sequence[Found]) -> list[str]:
    """Return the findings for people, and their sum."""
    wide = max(len(one.name) for one in found)
    rows = [
        f"{one.result:<4}  {one.name:<{wide}}  {one.says}"
        + (f"   fix: {one.remedy}" if one.remedy else "")
        for one in found
    ]
    failed, warned = _count(found, FAIL), _count(found, WARN)
    total = f"{failed} failed, {warned} warning{'' if warned == 1 else 's'}"
    return [*rows, total if failed or warned else "nothing is wrong"]


def _row(one: Found) -> Mapping[str, str]:
    return {"result": one.result, "name": one.name, "says": one.says, "remedy": one.remedy}


def _count(found: Sequence[Found], result: str) -> int:
    return sum(one.result == result for one in found)


def python(_: Ground) -> Iterator[Found]:
    """The interpreter is one we are tested on."""
    said = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info[:2] >= PYTHON
    yield Found(
        OK if good else FAIL, "python", said, "" if good else "install Python 3.11 or newer"
    )


def settings(seen: Ground) -> Iterator[Found]:
    """The settings load, and their folder is no half of one."""
    file = seen.folder / "lianqiao.toml"
    if (half := half_made(seen.folder)) is not None:
        yield Found(FAIL, "settings", half.sentence, half.following)
    elif seen.settings is None:
        fix = f"lianqiao config check {file}" if file.exists() else ELSEWHERE
        yield Found(FAIL, "settings", seen.unread, fix)
    else:
        yield Found(OK, "settings", f"profile {seen.settings.profile}")


def files(seen: Ground) -> Iterator[Found]:
    """Secrets are there, and only their owner reads them."""
    assert seen.settings is not None
    held = seen.settings
    names = [held.fingerprint_key, held.log_key]
    names += [file for one in held.notary.values() for file in (one.ed25519, one.secp256k1) if file]
    wrong: list[Found] = []
    for name in names:
        file = seen.folder / name
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
        except OSError as error:
            said = f"{name}: {error.strerror}"
            wrong.append(Found(FAIL, "files", said, "bring it back from where you keep it"))
            continue
        if mode & 0o077:
            wrong.append(
                Found(
                    FAIL, "files", f"{name}: others may read it ({mode:04o})", f"chmod 600 {file}"
                )
            )
    yield from wrong or [Found(OK, "files", f"{len(names)} keys, read by their owner only")]


def disk(seen: Ground) -> Iterator[Found]:
    """There is room for the ledger to grow."""
    assert seen.settings is not None
    data = seen.folder / seen.settings.data
    at = shutil.disk_usage(data if data.exists() else seen.folder)
    share = 100 * at.free // at.total
    said = f"{at.free / (1 << 30):.1f} GiB free ({share} %)"
    if at.free < FREE_LEAST:
        yield Found(FAIL, "disk", said, f"make room where {data} lies")
    else:
        low = share < FREE_WARN
        yield Found(WARN if low else OK, "disk", said, "make room soon" if low else "")


def daemon(seen: Ground) -> Iterator[Found]:
    """It answers."""
    if seen.status is None:
        yield Found(FAIL, "daemon", seen.down, starts(seen.folder))
    else:
        up_s = int(seen.status.text("up_s"))
        yield Found(OK, "daemon", f"{seen.status.text('version')}, up {passed(up_s)}")


def clock(seen: Ground) -> Iterator[Found]:
    """This clock is not behind what the ledger has already seen."""
    assert seen.status is not None
    last = int(datetime.fromisoformat(seen.status.text("last_entry")).timestamp() * 1000)
    behind = last - seen.now_ms
    if behind > AHEAD_MS:
        said = f"{behind // 1000} s behind the ledger's last entry"
        yield Found(FAIL, "clock", said, "timedatectl set-ntp true")
    else:
        yield Found(
            OK, "clock", datetime.fromtimestamp(seen.now_ms / 1000, UTC).isoformat()[:19] + "Z"
        )


def ledger(seen: Ground) -> Iterator[Found]:
    """It is written, and what is written is sealed."""
    assert seen.status is not None
    told = seen.status
    if not told.raw["ready"]:
        alarm = next((one for one in told.texts("alarms") if "ledger" in one), "it is only read")
        yield Found(FAIL, "ledger", alarm, "lianqiao ledger fsck, then restore what it names")
        return
    entries, sealed = int(told.text("entries")), int(told.text("sealed"))
    last = datetime.fromisoformat(told.text("last_entry")).timestamp()
    late = entries > sealed and seen.now_ms / 1000 - last > SEAL_WARN_S
    said = f"{entries} entries, {sealed} sealed"
    yield Found(
        WARN if late else OK, "ledger", said, "see the log for why none is signed" if late else ""
    )


def wires(seen: Ground) -> Iterator[Found]:
    """Every network and bank is there."""
    assert seen.status is not None
    doors = seen.status.all("doors")
    if not doors:
        yield Found(WARN, "wires", "no network is set", "write a [network.NAME] into lianqiao.toml")
    for one in doors:
        away = one.text("away")
        name = f"wire {one.text('id')}"
        fix = "see that it runs and can be reached; what waits goes on by itself"
        yield Found(FAIL if away else OK, name, away or "read", fix if away else "")


def lists(seen: Ground) -> Iterator[Found]:
    """The screening lists are young."""
    assert seen.status is not None
    for one in seen.status.all("lists"):
        age = int(one.text("age_s"))
        old = age > LIST_WARN_S
        fix = f"lianqiao lists release {one.text('name')} FILE proposes it" if old else ""
        yield Found(WARN if old else OK, f"list {one.text('name')}", f"{passed(age)} old", fix)


def lanes(seen: Ground) -> Iterator[Found]:
    """Lanes are open."""
    assert seen.status is not None
    for one in seen.status.all("lanes"):
        state = one.text("state")
        why, fix = one.text("why"), one.text("remedy")
        if state != "open" and not why:
            fix = f"lianqiao lane open {one.text('id')} proposes it"
        said = f"{state}: {why}" if why else state
        yield Found(OK if state == "open" else WARN, f"lane {one.text('id')}", said, fix)


def alarms(seen: Ground) -> Iterator[Found]:
    """Nothing has called for a person since the daemon began."""
    assert seen.status is not None
    told = seen.status.texts("alarms")
    for alarm in told:
        yield Found(WARN, "alarm", alarm, "lianqiao trace of the settlement it names")
    if not told:
        yield Found(OK, "alarms", "none")


def certificate(seen: Ground) -> Iterator[Found]:
    """The certificate of the API is there and not about to end."""
    assert seen.settings is not None
    name = seen.settings.api.tls_certificate
    if name is None:
        yield Found(OK, "certificate", "none: the API is on this machine only")
        return
    from cryptography import x509  # noqa: PLC0415  loaded when needed

    try:
        ends = x509.load_pem_x509_certificate((seen.folder / name).read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        yield Found(FAIL, "certificate", f"{name}: {error}", "bring a PEM certificate")
        return
    left = int(ends.timestamp() - seen.now_ms / 1000)
    said = f"{name} ends {ends:%Y-%m-%d}"
    if left <= 0:
        yield Found(FAIL, "certificate", said, "renew it, then start the daemon again")
    else:
        soon = left < CERTIFICATE_WARN_S
        yield Found(WARN if soon else OK, "certificate", said, "renew it" if soon else "")


CHECKS: Final[Mapping[str, tuple[tuple[str, ...], Look]]] = {  # name: what it rests on, how to look
    "python": ((), python),
    "settings": (("python",), settings),
    "files": (("settings",), files),
    "disk": (("settings",), disk),
    "certificate": (("settings",), certificate),
    "daemon": (("settings", "files", "disk"), daemon),
    "clock": (("daemon",), clock),
    "ledger": (("daemon",), ledger),
    "wires": (("daemon",), wires),
    "lists": (("daemon",), lists),
    "lanes": (("daemon",), lanes),
    "alarms": (("daemon",), alarms),
}
