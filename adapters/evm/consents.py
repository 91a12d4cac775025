"""A holder's word for a lock: in which forms it is taken, and what differs where it is not theirs.

Source: EIP-712; ERC-1271; EIP-191 (a personal message).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from adapters.evm import calls
from adapters.evm.addresses import to_checksum_address
from adapters.evm.client import Call, Json, NodeError
from adapters.evm.keccak import keccak
from adapters.evm.nodes import Nodes
from adapters.evm.opening import raw
from adapters.evm.preflight import NOTHING, TITLE, TOKEN, read
from adapters.evm.questions import Question
from adapters.evm.signatures import BadSignature, plain, signer
from adapters.evm.ticket import Domain, Ticket, digest, word
from adapters.evm.titles import contract_of, remark
from bridge.ports import Answered, Check, Unavailable
from schemas.contracts import typed

MAGIC = bytes.fromhex("1626ba7e")  # ERC-1271: the contract stands by the signature
CONSENTS = "holder consents"
PUSH = "transferOwners(address,address,bytes)"  # TradeTrust's title, version 5
_TITLES = 4_096  # whose contracts are remembered
_PERSONAL = b"\x19Ethereum Signed Message:\n32"
_UNSALTED = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)


async def key_signed(
    nodes: Nodes, domain: Domain, ticket: Ticket, not_after: int, signature: bytes
) -> Check:
    """Tell whether the holder's key signed a lock, and what differs where it did not."""
    holder = to_checksum_address(ticket.party)
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
    return raw(told)


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


class Allowances:
    """What a holder does, beside the consent, so that the custody may take what is locked.

    Which custody an asset has is the escrow's word, so it is exact once it was learned.
    """

    def __init__(self, nodes: Nodes, escrow: str) -> None:
        self._nodes = nodes
        self._escrow = escrow
        self._custodies: dict[str, str] = {}  # by asset, as the escrow listed them when asked
        self._titles: dict[tuple[str, int], str] = {}  # a contract each; none where it has none

    async def learn(self, assets: Sequence[str]) -> None:
        """Keep the custody of each asset that the escrow lists. Errors: Unavailable."""
        unknown = [one for one in assets if one not in self._custodies]
        if not unknown:
            return
        head = hex(await self._nodes.head())
        questions: list[Call] = [
            ("eth_call", ({"to": self._escrow, "data": _hex(data)}, head))
            for data in (calls.call("Escrow", "assets", one) for one in unknown)
        ]
        told = await self._nodes.agreed(questions)
        for asset, row in zip(unknown, told, strict=True):
            rule = read("Escrow", "assets", row)
            if rule is not None and rule[0] != NOTHING:
                self._custodies[asset] = to_checksum_address(str(rule[0]))

    async def learn_of(self, asset: str, ticket: Ticket) -> None:
        """Keep the custody of one asset and, of a title, its contract. Errors: Unavailable."""
        await self.learn((asset,))
        custody, which = self._custodies.get(asset), (asset, ticket.token_id)
        if not ticket.token_id or custody is None or which in self._titles:
            return
        at = await contract_of(self._nodes, hex(await self._nodes.head()), custody, ticket)
        if len(self._titles) >= _TITLES:
            del self._titles[next(iter(self._titles))]
        self._titles[which] = at

    def owed(self, asset: str, ticket: Ticket) -> str:
        """Return what the holder does: the exact call, once custody and title were learned."""
        custody, part = self._custodies.get(asset), ticket.token_id
        what = f"part {part:064x}" if part else f"{ticket.amount} units"
        title = self._titles.get((asset, part))
        if part and (custody is None or title is None):
            to = custody or "its custody, which is Escrow.assets of it,"
            push = f"transferOwners on its contract, to {to} both, remark {_hex(remark(ticket))}"
            return f"{asset}: {what}: a title with a contract: {push}; a token: approve {to}"
        if custody is None:
            return f"{asset}: approve its custody, which is Escrow.assets of it, for {what}"
        if title:
            data = Question(title, PUSH, "", (custody, custody, remark(ticket))).data()
            push = f"give it to {custody}, as beneficiary and holder"
            return f"{asset}: {what}: {push}; to {title} data {_hex(data)}"
        data = calls.call(TITLE if part else TOKEN, "approve", custody, part or ticket.amount)
        return f"{asset}: approve {custody} for {what}; to {asset} data {_hex(data)}"


def _hex(data: bytes) -> str:
    return f"0x{data.hex()}"
