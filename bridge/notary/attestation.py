"""An act and its signatures: the canonical envelope, signed with Ed25519, in numbered steps.

The signer is handed the act's words and makes the bytes itself; it never signs a digest.
"""

from bridge.core.act import Act, Signature
from bridge.notary.keys import Ed25519Key, verify_ed25519

ED25519 = "ed25519"


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
