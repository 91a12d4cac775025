"""The machine of a figure: processor, cores, system, Python; nothing that names its owner."""

import os
import platform
import re
import time
from pathlib import Path

PROCESSORS = Path("/proc/cpuinfo")
TURNS = 1_000_000


def newcomers() -> dict[str, str]:
    """The environment of a process that is started as in a shell where nobody has set up Python.

    Each of its variables would make a start another: without PYTHONDONTWRITEBYTECODE what was
    compiled once is kept, without PYTHONPYCACHEPREFIX it lies beside its source, as everywhere.
    """
    return {name: held for name, held in os.environ.items() if not name.startswith("PYTHON")}


def machine() -> str:
    """One line for every figure: without it a figure means nothing elsewhere."""
    model = platform.processor() or platform.machine()
    if PROCESSORS.exists():
        found = re.search(r"^model name\s*: (.+)$", PROCESSORS.read_text(), re.MULTILINE)
        model = found.group(1).strip() if found else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{model}, {cores} cores, {platform.system()} {platform.machine()}, {python}"


def pace() -> str:
    """How fast this machine is now, in words: a shared one may be three times slower tomorrow."""
    best = min(_turned() for _ in range(3))
    return f"{best * 1e3:.0f} ms CPU a million turns of a loop"


def _turned() -> float:
    """Seconds of CPU that a loop takes which only adds."""
    began, held = time.process_time(), 0
    for turn in range(TURNS):
        held += turn
    assert held
    return time.process_time() - began
