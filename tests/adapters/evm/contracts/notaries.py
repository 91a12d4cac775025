"""A set of notaries on a chain of its own, and what is signed for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from eth_abi.abi import encode
from eth_hash.auto import keccak

from adapters.evm import calls
from adapters.evm.abi import Word
from adapters.evm.ticket import Domain
from tests.adapters.evm.chain import GENESIS, GOVERNOR, GUARDIAN, NOBODY, Chain, Party, in_order

HOUR, DAY = 3_600, 86_400
GRACE, NOTICE, SILENCE = 24 * HOUR, 48 * HOUR, 30 * DAY
ACT = keccak(b"some act")
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
ORDER = 2 * HALF_ORDER + 1
ROTATE = keccak(
    b"Rotate(uint64 newEpoch,bytes32 signersHash,uint16 threshold,uint64 activeFrom,"
    b"uint64 closingSize,uint64 epoch)"
)
PEOPLE = in_order(Party(f"notary {n}") for n in range(40))


def answering(word: int) -> bytes:
    """The creation code of a contract that answers one word, and 0 to `supportsInterface`."""
    asked = bytes.fromhex("60003560e01c6301ffc9a7141502")  # times: is it another selector?
    runtime = b"\x7f" + word.to_bytes(32, "big") + asked + bytes.fromhex("60005260206000f3")
    size = len(runtime)
    return bytes([0x60, size, 0x60, 12, 0x60, 0, 0x39, 0x60, size, 0x60, 0, 0xF3]) + runtime


@dataclass
class Notaries:
    """A set in force: five of whom three, unless said otherwise."""

    chain: Chain
    people: tuple[Party, ...] = PEOPLE[:5]
    threshold: int = 3
    anchored: int | None = None  # when the ledger was last anchored; None: no anchor
    at: str = ""  # a set that is there already

    def __post_init__(self) -> None:
        if self.at:
            return
        anchor = NOBODY
        if self.anchored is not None:
            anchor = self.chain.deploy_code(answering(self.anchored))
        words = (GOVERNOR.address, GUARDIAN.address, anchor, GENESIS)
        named: list[Word] = [one.address for one in self.people]
        self.at = self.chain.deploy("NotarySet", *words, named, self.threshold)

    def signed(self, people: Sequence[Party], digest: bytes = ACT) -> bytes:
        return b"".join(one.sign(digest) for one in people)

    def verify(
        self, sigs: bytes, *, epoch: int = 1, digest: bytes = ACT, current: bool = False
    ) -> None:
        """Errors: Reverted."""
        self.chain.view(self.at, "verify", epoch, digest, sigs, current)

    def rotation(
        self,
        new: Sequence[Party],
        *,
        number: int,
        threshold: int,
        begins: int,
        closing: int,
        by: int,
    ) -> bytes:
        """What the set of epoch `by` signs for the set of epoch `number`."""
        named = keccak(encode(["address[]"], [[one.address for one in new]]))
        words = [ROTATE, number, named, threshold, begins, closing, by]
        types = ["bytes32", "uint64", "bytes32", "uint16", "uint64", "uint64", "uint64"]
        domain = Domain(
            self.chain.chain_id, bytes.fromhex(self.at[2:]), GENESIS, "Lianqiao Notaries"
        )
        return keccak(b"\x19\x01" + domain.separator() + keccak(encode(types, words)))

    def rotate(
        self,
        new: Sequence[Party],
        *,
        threshold: int = 3,
        ahead: int = NOTICE,
        closing: int = 0,
        number: int = 2,
        by: int = 1,
        signers: Sequence[Party] | None = None,
        told: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Bring a rotation that was signed as said; `told` replaces words that are brought."""
        begins = self.chain.now + ahead
        signed = {"threshold": threshold, "begins": begins, "closing": closing}
        digest = self.rotation(new, number=number, by=by, **signed)
        sigs = self.signed(self.people[: self.threshold] if signers is None else signers, digest)
        brought = {**signed, **told}
        words = (brought["threshold"], brought["begins"], brought["closing"], sigs)
        named: list[Word] = [one.address for one in new]
        self.chain.send(GOVERNOR, self.at, calls.call("NotarySet", "rotate", named, *words))

    def veto(self, epoch: int, by: Party = GUARDIAN) -> None:
        self.chain.send(by, self.at, calls.call("NotarySet", "veto", epoch))

    def recover(self, new: Sequence[Party], threshold: int = 3, by: Party = GOVERNOR) -> None:
        named: list[Word] = [one.address for one in new]
        self.chain.send(by, self.at, calls.call("NotarySet", "recover", named, threshold))

    def epoch(self, number: int) -> tuple[int, ...]:
        """activeFrom, retiredAt, closingSize, threshold, size, vetoed."""
        words = self.chain.view(self.at, "epochs", number)
        return tuple(int(word) if isinstance(word, bool) else int(str(word)) for word in words)

    def number(self, name: str) -> int:
        (word,) = self.chain.view(self.at, name)
        return int(str(word))
