"""The artifacts are what the pinned compiler makes of the sources beside this file.

`python3 -m adapters.evm.contracts.build` writes them; `--check` builds again and exits 1 naming
every file that differs. Node.js is needed here and nowhere else: users of the bridge install by
pip alone and read the artifacts that are committed.

Every source goes inline into one standard-JSON input under a name relative to its root, so that
the result depends on no path of the machine. The compiler reads and writes files: its JavaScript
loses long output in a pipe.
Source: Solidity documentation, Compiler Input and Output JSON Description.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import click
from eth_hash.auto import keccak

HERE = Path(__file__).parent
ABI_FOLDER = HERE.parents[2] / "schemas" / "contracts" / "abi"
TOOLCHAIN = HERE / "toolchain"
EVM_VERSION = "cancun"
CONTRACTS = (
    "Escrow",
    "NotarySet",
    "Vault",
    "TitleVault",
    "TwinVault",
    "RepresentationToken",
    "RepresentationTitle",
)
SETTINGS: dict[str, Any] = {
    "evmVersion": EVM_VERSION,
    "metadata": {"bytecodeHash": "none"},
    "optimizer": {"enabled": True, "runs": 200},
    "viaIR": True,
}
OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode", "storageLayout"]
IMPORT = re.compile(r'^import\s+(?:[^"]*\s+from\s+)?"([^"]+)";', re.MULTILINE)
COMPILE_S = 300  # twelve seconds on two cores; a shared machine may be slow


class BuildFailed(Exception):
    """Raise when the toolchain or the sources are not in order; the command line shows it."""


def toolchain() -> Path:
    """Return the node_modules of the compiler and the library the contracts are built with."""
    return installed(TOOLCHAIN)


def installed(folder: Path) -> Path:
    """Return the node_modules of what a folder's lock file pins, installed once per lock file.

    They lie in the user's cache under the hash of the lock, never in the tree. Nothing of them is
    run to install them, and two who install at once do not see each other's half.
    Errors: BuildFailed.
    """
    lock = (folder / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "lianqiao-contracts" / hashlib.sha256(lock).hexdigest()[:16]
    if (home / "complete").exists():
        return home / "node_modules"
    npm = shutil.which("npm")
    if npm is None:
        raise BuildFailed("npm is not installed: the contract toolchain comes from there")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as made:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(folder / name, Path(made) / name)
        done = subprocess.run(  # noqa: S603 - the program is looked up, the arguments are ours
            [npm, "ci", "--ignore-scripts"], cwd=made, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BuildFailed(f"npm ci failed: {done.stderr.strip()}")
        (Path(made) / "complete").touch()
        whole = Path(made) / "whole"
        whole.mkdir()
        for name in ("node_modules", "complete"):
            (Path(made) / name).rename(whole / name)
        try:
            whole.rename(home)
        except OSError as error:
            if not (home / "complete").exists():
                raise BuildFailed(f"{home} is in the way: delete it") from error
    return home / "node_modules"


def sources(modules: Path, entry: Path = HERE) -> dict[str, str]:
    """Return every source by its root-relative name: those of `entry` and all they import."""
    found: dict[str, str] = {}
    wanted = [f"lianqiao/{path.name}" for path in sorted(entry.glob("*.sol"))]
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        root, _, rest = name.partition("/")
        path = entry / rest if root == "lianqiao" else modules / name
        text = path.read_text("utf-8")
        found[name] = text
        for target in IMPORT.findall(text):
            if target.startswith("."):
                joined = PurePosixPath(name).parent / target
                target = os.path.normpath(joined).replace(os.sep, "/")  # noqa: PLW2901
            wanted.append(target)
    return dict(sorted(found.items()))


def compile_all(modules: Path, texts: dict[str, str]) -> dict[str, Any]:
    """Return the compiler's output for `texts`.

    Errors: BuildFailed with the compiler's own words, warnings included.
    """
    asked = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in texts.items()},
        "settings": {**SETTINGS, "outputSelection": {"*": {"*": OUTPUTS, "": ["ast"]}}},
    }
    node = shutil.which("node")
    if node is None:
        raise BuildFailed("node is not installed: the compiler is JavaScript")
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "in.json", Path(folder) / "out.json"
        question.write_text(json.dumps(asked, sort_keys=True), "utf-8")
        with question.open("rb") as stdin, answer.open("wb") as stdout:
            subprocess.run(  # noqa: S603 - the program is looked up, the arguments are ours
                [node, str(modules / "solc" / "solc.js"), "--standard-json"],
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.DEVNULL,
                timeout=COMPILE_S,
                check=False,
            )
        said = answer.read_text("utf-8")
    begin = said.find("{")
    if begin < 0:
        raise BuildFailed("the compiler said nothing")
    out: dict[str, Any] = json.loads(said[begin:])
    trouble = [e["formattedMessage"] for e in out.get("errors", ()) if e.get("severity") != "info"]
    if trouble:
        raise BuildFailed("\n".join(trouble))
    return out


def _immutables(out: dict[str, Any]) -> dict[str, str]:
    """Return the name of each state variable by its id in the syntax tree."""
    names: dict[str, str] = {}
    for source in out["sources"].values():
        for unit in source["ast"]["nodes"]:
            for node in unit.get("nodes", ()):
                if node["nodeType"] == "VariableDeclaration":
                    names[str(node["id"])] = node["name"]
    return names


def _signature(item: dict[str, Any]) -> str:
    def kind(of: dict[str, Any]) -> str:
        text: str = of["type"]
        if text.startswith("tuple"):
            return "(" + ",".join(kind(c) for c in of["components"]) + ")" + text[5:]
        return text

    name: str = item["name"]
    return name + "(" + ",".join(kind(i) for i in item["inputs"]) + ")"


def _abi(name: str, abi: list[dict[str, Any]]) -> dict[str, Any]:
    def of(kind: str) -> list[str]:
        return sorted(_signature(item) for item in abi if item["type"] == kind)

    return {
        "contract": name,
        "abi": abi,
        "functions": {s: "0x" + keccak(s.encode())[:4].hex() for s in of("function")},
        "events": {s: "0x" + keccak(s.encode()).hex() for s in of("event")},
        "errors": {s: "0x" + keccak(s.encode())[:4].hex() for s in of("error")},
    }


def _artifact(name: str, made: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    deployed = made["evm"]["deployedBytecode"]
    places: dict[str, list[dict[str, int]]] = {
        names[node]: where for node, where in deployed.get("immutableReferences", {}).items()
    }
    storage = [
        {key: item[key] for key in ("label", "offset", "slot")}
        for item in made["storageLayout"]["storage"]
    ]
    return {
        "contract": name,
        "evmVersion": EVM_VERSION,
        "bytecode": "0x" + made["evm"]["bytecode"]["object"],
        "deployedBytecode": "0x" + deployed["object"],
        "immutableReferences": places,
        "storage": storage,
    }


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def build() -> dict[Path, bytes]:
    """Return every generated file and its bytes; nothing is written.

    Errors: BuildFailed.
    """
    modules = toolchain()
    texts = sources(modules)
    out = compile_all(modules, texts)
    names = _immutables(out)
    files: dict[Path, bytes] = {}
    hashes: dict[str, dict[str, str]] = {}
    for name in CONTRACTS:
        made = out["contracts"][f"lianqiao/{name}.sol"][name]
        artifact = _artifact(name, made, names)
        files[HERE / "artifacts" / EVM_VERSION / f"{name}.json"] = _json(artifact)
        files[ABI_FOLDER / f"{name}.json"] = _json(_abi(name, made["abi"]))
        hashes[name] = {
            "bytecode": _sha256(bytes.fromhex(artifact["bytecode"][2:])),
            "deployedBytecode": _sha256(bytes.fromhex(artifact["deployedBytecode"][2:])),
        }
    manifest = {
        "compiler": {
            "package": "solc",
            "version": json.loads((modules / "solc" / "package.json").read_text())["version"],
            "sha256": _sha256((modules / "solc" / "soljson.js").read_bytes()),
        },
        "settings": SETTINGS,
        "sources": {name: _sha256(text.encode("utf-8")) for name, text in texts.items()},
        "contracts": hashes,
    }
    files[HERE / "artifacts" / EVM_VERSION / "manifest.json"] = _json(manifest)
    return files


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode("utf-8")


def stale(files: dict[Path, bytes]) -> list[str]:
    """Return the names of generated files that differ, are missing, or have no source any more."""
    wrong = [p.name for p, data in files.items() if not p.exists() or p.read_bytes() != data]
    for folder in {path.parent for path in files}:
        wrong += [path.name for path in folder.glob("*.json") if path not in files]
    return sorted(wrong)


@click.command()
@click.option("--check", is_flag=True, help="Build again and compare; write nothing.")
def main(*, check: bool) -> None:
    """Build the contracts' artifacts and ABIs from their sources."""
    try:
        files = build()
    except BuildFailed as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    wrong = stale(files)
    if check:
        for name in wrong:
            click.echo(f"differs: {name}", err=True)
        click.echo(f"{len(files) - len(wrong)} of {len(files)} files are what the sources make")
        sys.exit(1 if wrong else 0)
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    click.echo(f"{len(files)} files written")


if __name__ == "__main__":
    main()
