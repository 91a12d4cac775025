"""The core's acts as calldata of the escrow, and back: the same words, nothing beside them.

Source: Solidity documentation, Contract ABI Specification; EIP-712.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from adapters.evm import calls
from adapters.evm.abi import Word
from adapters.evm.addresses import spelled, to_checksum_address
from adapters.evm.signatures import BadSignature, plain
from adapters.evm.ticket import Domain, Ticket, digest, network_word
from bridge.core.act import Act, Signature
from bridge.core.effects import Verb
from bridge.core.ids import ulid_bytes
from schemas.contracts import typed
from schemas.contracts.interface import interface

SECOND = 1_000  # ms; the escrow counts seconds, part of one is left out
VERBS = {
    Verb.LOCK: "lock",
    Verb.RELEASE: "release",
    Verb.BURN: "burn",
    Verb.HOLD: "hold",
    Verb.MINT: "mint",
    Verb.UNMINT: "unmint",
    Verb.ASSIGN: "assign",
}
DELIVERY = ("confirm", "deliver")  # how a title's assignment goes on: by anyone, unsigned
ORIGIN = frozenset({"lock", "release", "burn", "hold"})
NOTARISED = "secp256k1"
CONSENTS = frozenset({"eip712", "erc1271"})
_HASH = re.compile("[0-9a-f]{64}")


class BadWords(ValueError):
    """Raised for what the escrow has no form for; the sentence names the word and the rule."""


@dataclass(frozen=True, slots=True)
class Call:
    """One verb as the escrow is asked it. `words` are the verb's own, by name."""

    verb: str
    ticket: Ticket
    words: dict[str, bytes | int]
    signatures: bytes

    @property
    def data(self) -> bytes:
        """The calldata."""
        words = () if self.verb in DELIVERY else (*self.words.values(), self.signatures)
        return _calldata(self.verb, self.ticket, words)

    def digest(self, domain: Domain) -> bytes:
        """Return what stands signed under it."""
        return digest(domain, self.verb.capitalize(), self.ticket, self.words)


@lru_cache(256)  # who tries a call, who writes it and who sends it ask for the same bytes
def _calldata(verb: str, ticket: Ticket, words: tuple[bytes | int, ...]) -> bytes:
    return calls.call("Escrow", verb, ticket.words(), *words)


def ticket_of(act: Act) -> Ticket:
    """Return the ticket of an act. Errors: BadWords."""
    try:
        return Ticket(
            settlement=ulid_bytes(act.settlement) + bytes(16),
            terms=_hash(act.terms, "terms"),
            asset=address(act.asset, "asset"),
            token_id=int.from_bytes(_hash(act.part, "part"), "big") if act.part else 0,
            amount=act.units,
            party=address(act.party, "party"),
            counterpart=network_word(act.counterpart),
        )
    except ValueError as error:
        raise BadWords(str(error)) from error


def call_of(act: Act, signatures: Sequence[Signature]) -> Call:
    """Return the escrow's call that carries an act. Errors: BadWords."""
    verb = VERBS.get(act.verb)
    if verb is None:
        raise BadWords(f"verb: {act.verb.value} is none of the escrow's")
    known: dict[str, bytes | int] = {
        "epoch": act.epoch,
        "notAfter": act.not_after // SECOND,
        "until": act.until // SECOND,
    }
    words: dict[str, bytes | int] = {}
    for name, _ in typed.VERBS[verb.capitalize()][1:]:
        hashed = {"evidence": act.evidence, "verdict": act.verdict}
        words[name] = _hash(hashed[name], name) if name in hashed else known[name]
    return Call(verb, ticket_of(act), words, _signatures(act, signatures))


def _signatures(act: Act, signatures: Sequence[Signature]) -> bytes:
    if act.verb is Verb.LOCK:
        if len(signatures) != 1 or signatures[0].kind not in CONSENTS:
            raise BadWords("signatures: a lock takes its holder's consent, one eip712 or erc1271")
        given = signatures[0]
        try:
            return plain(given.signature) if given.kind == "eip712" else given.signature
        except BadSignature as error:
            raise BadWords(f"signatures: {error}") from error
    if any(one.kind != NOTARISED for one in signatures):
        raise BadWords(f"signatures: notaries sign for an escrow with {NOTARISED}")
    return b"".join(one.signature for one in sorted(signatures, key=lambda one: one.signer.lower()))


def call_in(data: bytes) -> Call:
    """Return the verb that calldata asks. Errors: BadWords."""
    for verb in (*VERBS.values(), *DELIVERY):
        entry = interface("Escrow").functions[verb]
        if data[:4] == entry.id:
            return _decoded(verb, [one.type for one in entry.inputs], data[4:])
    raise BadWords("the calldata is no verb of the escrow")


def _decoded(verb: str, kinds: list[str], data: bytes) -> Call:
    try:
        ticket, *words = calls.decoded(kinds, data)
        signatures = b"" if verb in DELIVERY else words.pop()
    except ValueError as error:
        raise BadWords(f"{verb}: {error}") from error
    assert isinstance(ticket, tuple), "a ticket is a tuple"
    assert isinstance(signatures, bytes), "signatures are bytes"
    settlement, terms, asset, token_id, amount, party, counterpart = ticket
    named = typed.VERBS[verb.capitalize()][1:] if verb not in DELIVERY else ()
    names = [name for name, _ in named]
    try:
        made = Ticket(
            settlement=_raw(settlement),
            terms=_raw(terms),
            asset=bytes.fromhex(str(asset)[2:]),
            token_id=_whole(token_id),
            amount=_whole(amount),
            party=bytes.fromhex(str(party)[2:]),
            counterpart=_raw(counterpart),
        )
    except ValueError as error:
        raise BadWords(f"{verb}: {error}") from error
    said = {
        name: word for name, word in zip(names, words, strict=True) if isinstance(word, bytes | int)
    }
    return Call(verb, made, said, signatures)


def typed_data(domain: Domain, ticket: Ticket, not_after: int) -> bytes:
    """Return what a wallet shows and signs before a lock, as JSON. Units: seconds."""
    message = {
        name: _shown(value) for (name, _), value in zip(typed.TICKET, ticket.words(), strict=True)
    }
    said = {
        "types": {
            "EIP712Domain": [_field(one) for one in typed.DOMAIN],
            "Lock": [_field(one) for one in typed.VERBS["Lock"]],
            "Ticket": [_field(one) for one in typed.TICKET],
        },
        "primaryType": "Lock",
        "domain": {
            "name": domain.name,
            "version": typed.VERSION,
            "chainId": domain.chain_id,
            "verifyingContract": to_checksum_address(domain.contract),
            "salt": f"0x{domain.genesis.hex()}",
        },
        "message": {"ticket": message, "notAfter": str(not_after)},
    }
    return json.dumps(said, separators=(",", ":")).encode()


def _field(field: tuple[str, str]) -> dict[str, str]:
    return {"name": field[0], "type": field[1]}


def _shown(value: bytes | int) -> str:
    if isinstance(value, int):
        return str(value)
    return to_checksum_address(value) if len(value) == 20 else f"0x{value.hex()}"


def address(text: str, what: str) -> bytes:
    """Return the twenty bytes of an address in its one spelling. Errors: BadWords."""
    if re.fullmatch("0x[0-9a-fA-F]{40}", text) is None:
        raise BadWords(f"{what}: {text[:80]!r} is no address")
    try:
        return bytes.fromhex(spelled(text)[2:])
    except ValueError as error:
        raise BadWords(f"{what}: {error}") from error


def _hash(text: str, what: str) -> bytes:
    if _HASH.fullmatch(text) is None:
        raise BadWords(f"{what}: {text[:80]!r} is no hash in lower hex")
    return bytes.fromhex(text)


def _raw(value: Word) -> bytes:
    assert isinstance(value, bytes), "a word is bytes"
    return value


def _whole(value: Word) -> int:
    assert isinstance(value, int), "a number is one"
    return value
