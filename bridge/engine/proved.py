"""What evidence proves, remembered for a while: the reader proves it first, the notaries again."""

from hashlib import sha256

from bridge.core.events import Fact
from bridge.engine.watch import Verify


def remembering(verify: Verify, most: int) -> Verify:
    """Return a `verify` that knows what the last `most` evidences proved, by their hashes.

    The evidence itself, often ten times what it proves, is not held.
    """
    known: dict[bytes, tuple[Fact, ...]] = {}

    def verified(evidence: bytes) -> tuple[Fact, ...]:
        name = sha256(evidence).digest()
        facts = known.pop(name, None)
        if facts is None:
            facts = verify(evidence)
        known[name] = facts
        if len(known) > most:
            del known[next(iter(known))]
        return facts

    return verified
