"""The tokens of `sol`, compiled by the pinned compiler; once on a machine, for it takes seconds."""

import json
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from adapters.evm.contracts.build import SETTINGS, TOOLCHAIN, compile_all, sources, toolchain

SOURCES = Path(__file__).with_name("sol")


@cache
def tokens() -> dict[str, bytes]:
    """The creation code of every token by its name."""
    modules = toolchain()
    texts = sources(modules, SOURCES)
    lock = (TOOLCHAIN / "package-lock.json").read_text("utf-8")
    asked = json.dumps([texts, SETTINGS, lock], sort_keys=True).encode()
    kept = modules.parent.parent / f"tokens-{sha256(asked).hexdigest()[:16]}.json"
    if not kept.exists():
        out = compile_all(modules, texts)["contracts"]["lianqiao/Tokens.sol"]
        codes = {name: made["evm"]["bytecode"]["object"] for name, made in out.items()}
        with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False) as draft:
            json.dump(codes, draft)
        Path(draft.name).replace(kept)  # two who compile at once give the same
    found: dict[str, str] = json.loads(kept.read_text("utf-8"))
    return {name: bytes.fromhex(code) for name, code in found.items()}
