"""What an account's storage holds in a block, proved from its state root; also that it is empty.

Source: EIP-1186; Yellow Paper 4.1 (accounts, storage: the key is hashed, the value is RLP).
"""

from collections.abc import Sequence

from adapters.evm.keccak import keccak
from adapters.evm.tries import EMPTY, BadProof, rlp_decoded, walk

WORD = 32


def storage_root(state_root: bytes, address: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root of an account's storage; of one that is proved missing, the empty root.

    Errors: BadProof.
    """
    found = walk(state_root, keccak(address), proof)
    if found is None:
        return EMPTY
    account = rlp_decoded(found, "the account")
    if isinstance(account, bytes) or len(account) != 4:
        raise BadProof("an account has four members")
    root = account[2]
    if not isinstance(root, bytes) or len(root) != WORD:
        raise BadProof("an account's storage root is no hash")
    return root


def word_at(root: bytes, place: int, proof: Sequence[bytes]) -> int:
    """Return the word an account keeps at a place; 0 where the trie proves that it keeps none.

    Errors: BadProof.
    """
    found = walk(root, keccak(place.to_bytes(WORD, "big")), proof)
    if found is None:
        return 0
    word = rlp_decoded(found, "the word")
    if not isinstance(word, bytes) or not 0 < len(word) <= WORD or word[0] == 0:
        raise BadProof("a stored word is not minimal")
    return int.from_bytes(word, "big")
