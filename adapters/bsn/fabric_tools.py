"""The programs of Hyperledger Fabric: found where they lie, or built once through Go's modules.

The release is a dependency declared in a go.mod; what was built is kept in the user's cache.
"""

import fcntl
import os
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Final

PROGRAMS: Final = ("configtxgen", "cryptogen", "orderer", "osnadmin", "peer")
VERSION: Final = "2.5.9"
OLDEST_GO: Final = (1, 26)
LONGEST_BUILD_S: Final = 1_200  # three minutes on two cores with nothing in any cache
_STAMP: Final = "github.com/hyperledger/fabric/common/metadata.Version"


class NoFabric(Exception):
    """Raised where there are no programs and none can be built; it says why."""


class RegistryRefused(NoFabric):
    """Raised where Go is there and the module registry would not serve the release."""


def cache_folder() -> Path:
    """Return where built programs are kept."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "lianqiao" / "fabric" / "bin"


def programs(module: Path) -> Path:
    """Return the folder of Fabric's programs: named, kept from before, or built now.

    `module` is the folder of the go.mod that declares the release.
    Errors: NoFabric, RegistryRefused.
    """
    if named := os.environ.get("LIANQIAO_FABRIC_BIN"):
        folder = Path(named)
        if not _whole(folder):
            raise NoFabric(f"LIANQIAO_FABRIC_BIN: {folder} lacks one of {', '.join(PROGRAMS)}")
        return folder
    folder = cache_folder()
    wanted = _declared(module)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # who comes second finds it built
        if not (_whole(folder) and _built_from(folder) == wanted):
            _build(module, folder)
            (folder / "built-from").write_text(wanted)
    return folder


def obtainable(module: Path) -> None:
    """See that `programs` would find them or could build them; nothing is built.

    Errors: NoFabric.
    """
    if os.environ.get("LIANQIAO_FABRIC_BIN"):
        programs(module)
    elif not (_whole(cache_folder()) and _built_from(cache_folder()) == _declared(module)):
        _go()


def _whole(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in PROGRAMS)


def _declared(module: Path) -> str:
    return sha256((module / "go.mod").read_bytes()).hexdigest()


def _built_from(folder: Path) -> str:
    kept = folder / "built-from"
    return kept.read_text() if kept.exists() else ""


def _build(module: Path, folder: Path) -> None:
    go = _go()
    try:
        made = subprocess.run(  # noqa: S603 the user's own Go
            [go, "install", "-trimpath", f"-ldflags=-s -w -X {_STAMP}={VERSION}", "tool"],
            cwd=module,
            env=os.environ | {"GOBIN": str(folder), "GOFLAGS": "-buildvcs=false"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_BUILD_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NoFabric(f"the build took longer than {LONGEST_BUILD_S} s") from error
    if made.returncode:
        last = made.stderr.strip().splitlines()[-1:] or ["no word"]
        refused = re.search(r"reading https?://|dial tcp|403|404 Not Found|410 Gone", made.stderr)
        raise (RegistryRefused if refused else NoFabric)(f"go install: {last[0][:300]}")


def _go() -> str:
    """Return the Go that can build them. Errors: NoFabric."""
    go = shutil.which("go")
    if go is None or _go_version(go) < OLDEST_GO:
        raise NoFabric("no binaries and no Go >= 1.26")
    return go


def _go_version(go: str) -> tuple[int, int]:
    said = subprocess.run(  # noqa: S603 the same
        [go, "version"], capture_output=True, text=True, timeout=60, check=False
    )
    found = re.search(r"go(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)
