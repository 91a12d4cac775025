"""A holder's word for a lock: in which forms it is taken, and what differs where it is not theirs.

Source: EIP-712; ERC-1271; EIP-191 (a personal message).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

from adapters.evm import calls
from adapters.evm.client import Call, Json, NodeError
from adapters.evm.nodes import Nodes
from adapters.evm.preflight import NOTHING, TITLE, TOKEN, read
from adapters.evm.signatures import BadSignature, plain, signer
from adapters.evm.ticket import Domain, Ticket, digest, word
from adapters.evm.titles import remark
from bridge.ports import Answered, Check, Unavailable
from schemas.contracts import typed

MAGIC = bytes.fromhex("1626ba7e")  # ERC-1271: the contract stands by the signature
CONSENTS = "holder consents"
_PERSONAL = b"\x19Ethereum Signed Message:\n32"
_UNSALTED = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)


async def key_signed(
    nodes: Nodes, domain: Domain, ticket: Ticket, not_after: int, signature: bytes
) -> Check:
    """Tell whether the holder's key signed a lock, and what differs where it did not."""
    holder = str(to_checksum_address(ticket.party))
    hashed = digest(domain, "Lock", ticket, {"notAfter": not_after})
    try:
        given = plain(signature)
    except BadSignature as error:
        return Check(CONSENTS, Answered.NO, f"{error}{await _if_contract(nodes, holder)}")
    who = signer(hashed, given)
    if who == holder:
        return Check(CONSENTS, Answered.YES, "by the holder's own key")
    if signer(keccak(_PERSONAL + hashed), given) == holder:
        why = "it is signed as a personal message: sign it as typed data, eth_signTypedData_v4"
    elif signer(_unsalted(domain, ticket, not_after), given) == holder:
        why = "its domain had no salt: sign all five members that consent show prints"
    else:
        why = f"signed by {who or 'nobody'}, the holder is {holder}: another key, or other words"
        why += " than consent show prints" + await _if_contract(nodes, holder)
    return Check(CONSENTS, Answered.NO, why)


async def _if_contract(nodes: Nodes, holder: str) -> str:
    try:
        is_contract = bool(await _code(nodes, holder))
    except Unavailable:
        return ""  # it is wrong all the same
    return "; the holder is a contract: bring it as erc1271" if is_contract else ""


async def _code(nodes: Nodes, account: str) -> bytes:
    (told,) = await nodes.agreed([("eth_getCode", (account, hex(await nodes.head())))])
    return bytes.fromhex(told[2:]) if isinstance(told, str) else b""


async def contract_stands(
    nodes: Nodes, escrow: str, hashed: bytes, holder: str, signature: bytes
) -> Check:
    """Tell whether the holder's contract stands by a signature, asked as the escrow would.

    The escrow tries the key first: an account under EIP-7702 has code and still signs with it.
    Errors: Unavailable.
    """
    with suppress(BadSignature):
        if plain(signature) == signature and signer(hashed, signature) == holder:
            return Check(CONSENTS, Answered.YES, "by the holder's own key")
    data = MAGIC + calls.encoded(["bytes32", "bytes"], hashed, signature)
    asked: Mapping[str, Json] = {"from": escrow, "to": holder, "data": f"0x{data.hex()}"}
    (told,) = await nodes.agreed([("eth_call", (asked, hex(await nodes.head())))])
    if told == f"0x{MAGIC.hex()}{'00' * 28}":
        return Check(CONSENTS, Answered.YES, "as the holder's contract says")
    if not await _code(nodes, holder):
        why = f"{holder} has no code: who has a key signs as eip712, a wallet is deployed first"
    elif isinstance(told, NodeError):
        why = f"the holder's contract refuses it: {calls.revert(told.data).name}"
    else:
        why = f"the holder's contract answers {str(told)[:10]}, not 0x{MAGIC.hex()}"
    return Check(CONSENTS, Answered.NO, f"{why}; its owners sign 0x{hashed.hex()}")


def _unsalted(domain: Domain, ticket: Ticket, not_after: int) -> bytes:
    """Return what a wallet signs that leaves the salt out of the domain."""
    names = keccak(domain.name.encode()) + keccak(typed.VERSION.encode())
    where = keccak(_UNSALTED + names + word(domain.chain_id) + word(domain.contract))
    lock = keccak(keccak(typed.encode_type("Lock").encode()) + ticket.hash() + word(not_after))
    return keccak(b"\x19\x01" + where + lock)


async def custodies(nodes: Nodes, escrow: str, assets: Sequence[str]) -> dict[str, str]:
    """Return the custody of each asset that the escrow lists. Errors: Unavailable."""
    head = hex(await nodes.head())
    questions: list[Call] = [
        ("eth_call", ({"to": escrow, "data": _hex(calls.call("Escrow", "assets", one))}, head))
        for one in assets
    ]
    told = await nodes.agreed(questions)
    found = ((one, read("Escrow", "assets", row)) for one, row in zip(assets, told, strict=True))
    return {
        one: str(to_checksum_address(str(row[0])))
        for one, row in found
        if row is not None and row[0] != NOTHING
    }


def allowance(asset: str, custody: str | None, ticket: Ticket) -> str:
    """Return the call by which the holder allows the custody to take what is locked."""
    title, number = ticket.token_id != 0, ticket.token_id or ticket.amount
    what = f"part {number:064x}" if title else f"{number} units"
    if custody is None:
        words = f"; a title with a contract: to it, {_said(ticket)}" if title else ""
        return f"{asset}: approve its custody, which is Escrow.assets of it, for {what}{words}"
    data = calls.call(TITLE if title else TOKEN, "approve", custody, number)
    allow = f"{asset}: approve {custody} for {what}; to {asset} data {_hex(data)}"
    if not title:
        return allow
    return f"{allow}; or, a title with a contract: its transferOwners to {custody}, {_said(ticket)}"


def _said(ticket: Ticket) -> str:
    return f"both, remark {_hex(remark(ticket))}"


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"
