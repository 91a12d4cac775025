"""An act and its signatures in two envelopes: canonical bytes, and EIP-712 for Ethereum's chains.

A signer is handed the act's words and makes the bytes itself; it never signs a digest.
Source: EIP-712, hashStruct and domainSeparator; EIP-2, low s.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from coincurve import PrivateKey, PublicKey
from eth_hash.auto import keccak

from bridge.core.act import Act, Signature
from bridge.core.effects import Verb
from bridge.core.ids import NetworkId, ulid_bytes
from bridge.notary.keys import Ed25519Key, verify_ed25519

ED25519: Final = "ed25519"
SECP256K1: Final = "secp256k1"
_TICKET: Final = (
    b"Ticket(bytes32 settlement,bytes32 terms,address asset,uint256 tokenId,uint256 amount,"
    b"address party,bytes32 counterpart)"
)
_MEMBERS: Final = {
    Verb.LOCK: "Lock(Ticket ticket,uint64 notAfter)",
    Verb.MINT: "Mint(Ticket ticket,bytes32 evidence,bytes32 verdict,uint64 epoch,uint64 notAfter)",
    Verb.BURN: "Burn(Ticket ticket,bytes32 evidence,bytes32 verdict,uint64 epoch)",
    Verb.ASSIGN: "Assign(Ticket ticket,bytes32 evidence,uint64 epoch)",
    Verb.UNMINT: "Unmint(Ticket ticket,bytes32 evidence,uint64 epoch)",
    Verb.RELEASE: "Release(Ticket ticket,bytes32 evidence,uint64 epoch)",
    Verb.HOLD: "Hold(Ticket ticket,uint64 until,bytes32 evidence,uint64 epoch)",
}
_TICKET_HASH: Final = keccak(_TICKET)
_VERB_HASH: Final = {verb: keccak(said.encode() + _TICKET) for verb, said in _MEMBERS.items()}
_DOMAIN: Final = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,"
    b"bytes32 salt)"
)
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")
_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


class CanonicalSigner:
    """Signs the canonical bytes of an act, under the prefix of acts."""

    def __init__(self, key: Ed25519Key) -> None:
        self._key = key

    def sign(self, act: Act) -> Signature:
        """Return this notary's signature over the act."""
        return Signature(
            kind=ED25519, signer=self._key.public, signature=self._key.sign(act.message())
        )


def attested(
    act: Act, signatures: tuple[Signature, ...], notaries: frozenset[str], quorum: int
) -> str:
    """Return why `signatures` do not attest `act`, or nothing where they do.

    1 every signature is of our kind; 2 every signer is a notary of this epoch; 3 no signer counts
    twice; 4 there are enough; 5 each signature is over these very words.
    """
    if any(signature.kind != ED25519 for signature in signatures):
        return "1: a signature of another kind"
    signers = [signature.signer for signature in signatures]
    if not notaries.issuperset(signers):
        return "2: a signer is no notary of this epoch"
    if len(set(signers)) != len(signers):
        return "3: a signer stands twice"
    if len(signers) < quorum:
        return f"4: {len(signers)} of {quorum} signatures"
    message = act.message()
    if not all(verify_ed25519(one.signer, message, one.signature) for one in signatures):
        return "5: a signature is not over this act"
    return ""


class BadAct(ValueError):
    """Raised for an act that has no exact form in the escrow's types; the sentence says which."""


def _number(value: int, bits: int, what: str) -> bytes:
    if not 0 <= value < 1 << bits:
        raise BadAct(f"{what} {value} does not fit {bits} bits")
    return value.to_bytes(32, "big")


def _hash(text: str, what: str) -> bytes:
    if re.fullmatch("[0-9a-f]{64}", text) is None:
        raise BadAct(f"{what} {text[:80]!r} is not a hash")
    return bytes.fromhex(text)


def _address(text: str, what: str) -> bytes:
    if _ADDRESS.fullmatch(text) is None:
        raise BadAct(f"{what} {text[:80]!r} is not an address")
    return bytes(12) + bytes.fromhex(text[2:])


def ticket_hash(act: Act) -> bytes:
    """Return the hash of what the verb acts on: the content of the escrow's slot.

    Errors: BadAct.
    """
    if act.units <= 0:
        raise BadAct("an act moves at least one unit")
    words = (
        ulid_bytes(act.settlement) + bytes(16),
        _hash(act.terms, "terms"),
        _address(act.asset, "asset"),
        _hash(act.part, "part") if act.part else bytes(32),
        _number(act.units, 128, "units"),
        _address(act.party, "party"),
        _network_word(act.counterpart),
    )
    return keccak(_TICKET_HASH + b"".join(words))


@lru_cache(maxsize=256)  # as many networks and escrows as one notary ever signs for
def _network_word(network: str) -> bytes:
    return keccak(network.encode())


@lru_cache(maxsize=256)
def _separator(chain: str, escrow: str, genesis: bytes) -> bytes:
    return keccak(
        _DOMAIN
        + keccak(b"Lianqiao Escrow")
        + keccak(b"1")
        + _number(int(chain), 256, "chain id")
        + _address(escrow, "escrow")
        + genesis
    )


def eip712_digest(act: Act, genesis: bytes) -> bytes:
    """Return what a notary signs for the escrow of a chain whose block 0 has this hash.

    Units: the contract counts seconds; part of one is left out.
    Errors: BadAct.
    """
    namespace, _, chain = act.network.partition(":")
    if namespace != "eip155" or not (chain.isascii() and chain.isdigit()) or len(genesis) != 32:
        raise BadAct(f"{act.network} is no chain of Ethereum's kind with a known block 0")
    said = _MEMBERS.get(act.verb)
    if said is None:
        raise BadAct(f"{act.verb.value} is no verb of an escrow")
    struct = _VERB_HASH[act.verb] + ticket_hash(act)
    for member in said.partition("(Ticket ticket,")[2].removesuffix(")").split(","):
        match member.partition(" ")[2]:
            case "evidence":
                struct += _hash(act.evidence, "evidence")
            case "verdict":
                struct += _hash(act.verdict, "verdict")
            case "epoch":
                struct += _number(act.epoch, 64, "epoch")
            case "until":
                struct += _number(act.until // 1_000, 64, "until")
            case _:
                struct += _number(act.not_after // 1_000, 64, "not_after")
    domain = _separator(chain, act.escrow, genesis)
    return keccak(b"\x19\x01" + domain + keccak(struct))


def _address_of(key: PublicKey) -> str:
    return "0x" + keccak(key.format(compressed=False)[1:])[-20:].hex()


class Eip712Signer:
    """Signs the typed form of an act, for chains whose block 0 it was told. `address` is its own.

    Addresses are in lower case, so their order as text is the contract's order.
    """

    def __init__(self, secret: bytes, genesis: Mapping[NetworkId, bytes]) -> None:
        self._key = PrivateKey(secret)
        self._genesis = genesis
        self.address = _address_of(self._key.public_key)

    def sign(self, act: Act) -> Signature:
        """Return this notary's signature, r, s and v. Errors: BadAct."""
        digest = eip712_digest(act, self._genesis.get(act.network, b""))
        raw: bytes = self._key.sign_recoverable(digest, hasher=None)  # pyright: ignore[reportUnknownMemberType]
        return Signature(
            kind=SECP256K1, signer=self.address, signature=raw[:64] + bytes([27 + raw[64]])
        )


def recovered(digest: bytes, signature: bytes) -> str:
    """Return the address that signed `digest`, or nothing: s is low and v is 27 or 28."""
    low = int.from_bytes(signature[32:64], "big") <= _HALF_ORDER
    if len(signature) != 65 or signature[64] not in {27, 28} or not low:
        return ""
    raw = signature[:64] + bytes([signature[64] - 27])
    try:
        return _address_of(PublicKey.from_signature_and_message(raw, digest, hasher=None))
    except ValueError:
        return ""
