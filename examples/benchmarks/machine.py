"""The machine of a figure: processor, cores, system, Python; nothing that names its owner."""

import os
import platform
import re
from pathlib import Path

PROCESSORS = Path("/proc/cpuinfo")


def machine() -> str:
    """One line for every figure: without it a figure means nothing elsewhere."""
    model = platform.processor() or platform.machine()
    if PROCESSORS.exists():
        found = re.search(r"^model name\s*: (.+)$", PROCESSORS.read_text(), re.MULTILINE)
        model = found.group(1).strip() if found else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{model}, {cores} cores, {platform.system()} {platform.machine()}, {python}"
