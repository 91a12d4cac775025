"""Why the first step cannot go on: one sentence and the next command.

Standard library only, and no syntax newer than Python 3.6: the first step of the program reads it.
"""

import platform
import re
import sysconfig
import time
from pathlib import Path

ROOM = "set LIANQIAO_CACHE to a folder you may write, with 500 MB free"


class Stopped(Exception):
    """Raised where the first step cannot go on; caught in `main`, which prints it and exits.

    Units: `code` is an exit code of the command line: 1 failed, 2 usage, 6 a dependency is down.
    """

    def __init__(self, code: int, sentence: str, remedy: str) -> None:
        super().__init__(f"{sentence}\nnext: {remedy}")
        self.code = code


def last(told: str) -> str:
    """The last line a tool said that says anything."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def why_not(told: str, lock: Path) -> Stopped:
    """The sentence for a failed installation: no network, no wheel for this machine, or pip's."""
    retry = "the same command once more"
    age = re.search(r"certificate is not yet valid|certificate has expired", told)
    if age:
        now = time.strftime("%Y-%m-%d %H:%M")
        why = f"This machine's clock says {now}, and then the package index has no good certificate"
        set_it = "set the clock, by timedatectl set-ntp true or date --set, then " + retry
        return Stopped(6, f"{why}: {age.group()}.", set_it)
    if re.search(r"CERTIFICATE_VERIFY_FAILED|SSLError", told):
        return Stopped(
            6,
            "The package index shows a certificate this machine does not trust.",
            "set PIP_CERT to your organisation's certificate, then " + retry,
        )
    full = re.search(r"No space left on device|Disk quota exceeded", told)
    if full:
        return Stopped(
            1,
            f"The environment does not fit: {full.group()}.",
            f"{ROOM}; TMPDIR too where /tmp is full",
        )
    away = re.search(
        r"Temporary failure[^'\")]*|Name or service not known|Network is unreachable"
        r"|Connection refused|timed out",
        told,
    ) or re.search(r"ProxyError|NewConnectionError", told)
    if away:
        return Stopped(
            6,
            f"The package index cannot be reached: {away.group()}.",
            "check the network or PIP_INDEX_URL, or add --offline --wheels DIR",
        )
    match = re.search(r"No matching distribution found for ([A-Za-z0-9._-]+)==(\S+)", told)
    if match is None:
        return Stopped(1, f"pip could not install the locked packages: {last(told)}", retry)
    name, version = match.groups()
    known = (lock.parent / "wheels.tsv").read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(name.lower())}\t(.*)$", known, re.MULTILINE)
    return Stopped(
        1,
        f"{name} {version} has no wheel for {sysconfig.get_platform()} and Python "
        f"{platform.python_version()}. It has one for: {found.group(1) if found else 'any'}.",
        "use such a machine, or --wheels DIR with a wheel of your own whose hash is in the lock",
    )
