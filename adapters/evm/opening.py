"""Before a chain is used, what its nodes show is compared with what the settings pin.

A difference refuses to open and names both values; there is no weaker way in.
Source: ERC-5267; ERC-1967 (a proxy's slots are empty where none may be); CAIP-2.
"""

from collections.abc import Mapping, Sequence

from eth_hash.auto import keccak

from adapters.evm import calls
from adapters.evm.abi import Word
from adapters.evm.addresses import told
from adapters.evm.client import Answer, Call, NodeError
from adapters.evm.contracts.code import artifact
from adapters.evm.finality import shown
from adapters.evm.nodes import Nodes
from adapters.evm.ticket import Domain
from adapters.evm.tries import BadProof
from bridge.ports import Refused, Unavailable
from schemas.contracts import typed

FIELDS = b"\x1f"  # ERC-5267: name, version, chain, contract and salt are in force
PROXY = (  # ERC-1967's places: implementation, beacon
    0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC,
    0xA3F0AD74E5423AEBFD80D3EF4346578335A9A72AEAEE59FF6CB3582B35133D50,
)


async def checked(
    nodes: Nodes, domain: Domain, code_hash: bytes, others: Sequence[tuple[str, str, bytes]]
) -> None:
    """Return where chain, block 0, codes and domain are the pinned ones.

    `others` are name, address and code hash of the contracts beside the escrow.
    Errors: Refused, naming both values; Unavailable.
    """
    head, escrow = hex(await nodes.head()), f"0x{domain.contract.hex()}"
    asked = {"to": escrow, "data": f"0x{calls.call('Escrow', 'eip712Domain').hex()}"}
    questions: list[Call] = [
        ("eth_chainId", ()),
        ("eth_getBlockByNumber", ("0x0", False)),
        ("eth_call", (asked, head)),
        *(("eth_getStorageAt", (escrow, hex(place), head)) for place in PROXY),
        ("eth_getCode", (escrow, head)),
        *(("eth_getCode", (address, head)) for _, address, _ in others),
    ]
    chain, genesis, said, implementation, beacon, code, *codes = await nodes.agreed(questions)
    _same("network", f"eip155:{number(chain)}", f"eip155:{domain.chain_id}")
    _same("genesis_hash", _genesis(genesis), f"0x{domain.genesis.hex()}")
    found = raw(code)
    _same("escrow_code_hash", f"0x{keccak(found).hex()}", f"0x{code_hash.hex()}")
    if not artifact("Escrow").is_code(found):
        raise Refused("escrow: its code is not this release's, whatever its settings pin")
    for place in (implementation, beacon):
        _same("escrow: a proxy's slot", hex(int.from_bytes(raw(place), "big")), "0x0")
    for (name, _, pinned), other in zip(others, codes, strict=True):
        hashed = f"0x{keccak(raw(other)).hex()}"
        _same(f"contracts.{name}.code_hash", hashed, f"0x{pinned.hex()}")
    _same_domain(said, domain)


def _same_domain(said: Answer, domain: Domain) -> None:
    try:
        words = calls.result("Escrow", "eip712Domain", raw(said))
    except ValueError as error:
        raise Refused(f"escrow: its eip712Domain is none: {error}") from error
    ours: tuple[Word, ...] = (
        FIELDS,
        domain.name,
        typed.VERSION,
        domain.chain_id,
        f"0x{domain.contract.hex()}",
        domain.genesis,
    )
    names = ("fields", "name", "version", "chain id", "contract", "salt")
    for name, theirs, our in zip(names, words[:6], ours, strict=True):
        _same(f"domain: {name}", _text(theirs), _text(our))


def _same(what: str, theirs: str, ours: str) -> None:
    if theirs != ours:
        raise Refused(f"{what}: the chain says {theirs}, settings {ours}")


def _text(word: Word) -> str:
    if isinstance(word, bytes):
        return f"0x{word.hex()}"
    return told(str(word))


def _genesis(answer: Answer) -> str:
    if not isinstance(answer, Mapping):
        raise Unavailable("no node shows block 0")
    try:
        return f"0x{shown(answer).hash.hex()}"
    except BadProof as error:
        raise Refused(f"genesis_hash: block 0 is no block: {error}") from error


def number(answer: Answer) -> int:
    """Return a quantity. Errors: Unavailable."""
    return int.from_bytes(raw(answer), "big")


def raw(answer: Answer) -> bytes:
    """Return bytes that were answered. Errors: Unavailable."""
    if isinstance(answer, NodeError):
        raise Unavailable(f"the nodes refuse: {answer.message[:200]}")
    if not isinstance(answer, str) or not answer.startswith("0x"):
        raise Unavailable("the nodes answer something else")
    digits = answer[2:]
    try:
        return bytes.fromhex(digits if len(digits) % 2 == 0 else f"0{digits}")
    except ValueError as error:
        raise Unavailable("the nodes answer no hex") from error
