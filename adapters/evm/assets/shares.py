"""A share under ERC-3643: who must be known, what is frozen, and how much its rules let through.

Source: ERC-3643.
"""

from adapters.evm.assets.looked import Looked
from adapters.evm.client import Endpoint
from adapters.evm.questions import Question, answers, shown, whole

NOWHERE = "0x" + "00" * 20


async def look_at_share(endpoint: Endpoint, seen: Looked, escrow: str, holder: str) -> None:
    """Add what stands between a share and its custody: agents, identities, freezes, rules."""
    token, vault = seen.token, seen.vault
    registry, rules, *agents = await answers(
        endpoint,
        [
            Question(token, "identityRegistry()", "address"),
            Question(token, "compliance()", "address"),
            *(Question(token, "isAgent(address)", "bool", (who,)) for who in (vault, escrow)),
        ],
    )
    says = "the bridge is an agent of it" if any(agents) else "the bridge is no agent of it"
    remedy = "the owner removes it: who holds for others may not force"
    seen.found("agents", says, remedy, holds=not any(agents))
    for who, name in ((vault, "vault"), (holder, "holder")):
        if who:
            await _verified(endpoint, seen, str(registry), who, name)
            await _frozen(endpoint, seen, who, name)
    await _rules(endpoint, seen, str(rules), holder or vault)


async def _verified(endpoint: Endpoint, seen: Looked, registry: str, who: str, name: str) -> None:
    verified, identity, register = await answers(
        endpoint,
        [
            Question(registry, "isVerified(address)", "bool", (who,)),
            Question(registry, "identity(address)", "address", (who,)),
            Question(registry, "topicsRegistry()", "address"),
        ],
    )
    (topics,) = await answers(
        endpoint, [Question(str(register or NOWHERE), "getClaimTopics()", "uint256[]")]
    )
    says, remedy = f"{who} is verified, identity {shown(identity)}", ""
    if identity in {None, NOWHERE}:
        says = f"{who} is not in the identity registry {registry}"
        remedy = f"the issuer's agent registers it, with an identity and claims {shown(topics)}"
    elif verified is not True:
        says = f"{who}: identity {shown(identity)} has no valid claim of topics {shown(topics)}"
        remedy = "a trusted claim issuer signs it, and who manages the identity adds it"
    seen.found(f"{name} verified", says, remedy, holds=verified is True)


async def _frozen(endpoint: Endpoint, seen: Looked, who: str, name: str) -> None:
    frozen, part = await answers(
        endpoint,
        [
            Question(seen.token, "isFrozen(address)", "bool", (who,)),
            Question(seen.token, "getFrozenTokens(address)", "uint256", (who,)),
        ],
    )
    free = frozen is False and part == 0
    says = "nothing is frozen" if free else f"wallet frozen: {shown(frozen)}; tokens: {shown(part)}"
    remedy = "a legal hold: only the issuer's agent ends it"
    seen.found(f"{name} frozen", says, remedy, holds=free)


async def _rules(endpoint: Endpoint, seen: Looked, rules: str, source: str) -> None:
    """Say how much the rules let into the vault; a ceiling is no member of theirs, so by halving.

    They know nothing of freezes and identities: those are looked at for themselves.
    """
    (modules,) = await answers(endpoint, [Question(rules, "getModules()", "address[]")])
    low, high = 0, seen.supply
    while low < high:
        middle = (low + high + 1) // 2
        can = "canTransfer(address,address,uint256)"
        asked = Question(rules, can, "bool", (source, seen.vault, middle))
        (may,) = await answers(endpoint, [asked])
        low, high = (middle, high) if may is True else (low, middle - 1)
    named = len(modules) if isinstance(modules, list | tuple) else 0
    says = f"{named} modules let {low} of {whole(seen.supply)} into the vault"
    remedy = "the owner exempts the custodian or raises the ceiling"
    seen.found("compliance", says, remedy, holds=low > 0)
