"""A lock and its release are tried on a node, not sent: what arrives is what was sent, or not."""

from collections.abc import Sequence

from adapters.evm import calls
from adapters.evm.assets.looked import Looked
from adapters.evm.client import Endpoint
from adapters.evm.questions import Question, Tried, answers, calldata, simulated, whole

BEFORE, ALLOW, LOCK, INSIDE, OUTSIDE, RELEASE, AFTER = range(7)
UNLIMITED = (1 << 128) - 1  # the most a ticket can say


async def try_transfer(endpoint: Endpoint, seen: Looked, holder: str) -> None:
    """Add how a lock and a release go of all that a holder can move.

    All of it, because a fee in parts of a hundred is nothing on one unit.
    """
    if not holder:
        remedy = "name who has some of it with --holder"
        seen.found("transfer", "not tried", remedy, holds=None)
        return
    token, vault = seen.token, seen.vault
    owned, frozen = await answers(
        endpoint,
        [
            Question(token, "balanceOf(address)", "uint256", (holder,)),
            Question(token, "getFrozenTokens(address)", "uint256", (holder,)),
        ],
    )
    amount = min(whole(owned) - whole(frozen), seen.cap or UNLIMITED)
    if amount <= 0:
        says = f"not tried: {holder} has none that can move"
        seen.found("transfer", says, "name another with --holder", holds=None)
        return
    in_vault = calldata("balanceOf(address)", vault)
    with_holder = calldata("balanceOf(address)", holder)
    lock = calldata("transferFrom(address,address,uint256)", holder, vault, amount)
    tried = await simulated(
        endpoint,
        [
            (holder, token, in_vault),
            (holder, token, calldata("approve(address,uint256)", vault, amount)),
            (vault, token, lock),
            (holder, token, in_vault),
            (holder, token, with_holder),
            (vault, token, calldata("transfer(address,uint256)", holder, amount)),
            (holder, token, with_holder),
        ],
    )
    if tried is None:
        remedy = "name a node that knows eth_simulateV1"
        seen.found("transfer", "not tried: the node does not simulate", remedy, holds=None)
        return
    _moved(seen, tried, amount)


def _moved(seen: Looked, tried: Sequence[Tried], amount: int) -> None:
    came = tried[INSIDE].number() - tried[BEFORE].number()
    went = tried[AFTER].number() - tried[OUTSIDE].number()
    for step, name in ((ALLOW, "allowance"), (LOCK, "lock"), (RELEASE, "release")):
        if step == RELEASE and came != amount:
            break  # it fails for what did not arrive
        if not tried[step].succeeded:
            why = calls.revert(tried[step].data)
            says = f"the token refuses the {name}: {why.name} {' '.join(why.words)}"
            remedy = "what is named above; else the issuer says what it needs"
            seen.found("transfer", says, remedy, holds=False)
            return
    says = f"{amount} sent: {came} arrived in the vault"
    says += f", {went} came back" if came == amount else ""
    remedy = "it takes a fee or only says that it moved: the issuer exempts the vault"
    seen.found("transfer", says, remedy, holds=came == went == amount)
