"""Nobody of the order is on a list: exact names as listed, identifiers, wallets."""

from bridge.core.order import SettlementOrder
from bridge.policy.dossier import POINTS, RECHECKING, Dossier
from bridge.policy.params import Kind, Made, Params
from bridge.policy.verdict import Outcome, Result, Said, passes, unknown, violated


def read(params: Params) -> Made:
    """Return the rule: `lists`, `roles`, and what a hit by `name`, `id` or `wallet` leads to.

    `roles` are prefixes such as `originator`, which its owners share; `*` is everybody.
    """
    lists, roles = params.texts("lists"), params.texts("roles")
    leads = {by: params.outcome(by, Outcome.HOLD, Outcome.BLOCK) for by in ("name", "id", "wallet")}

    def concerns(role: str, dossier: Dossier) -> bool:
        if dossier.point == RECHECKING and not role.startswith("originator"):
            return False  # the asset goes back to its holder, to nobody else
        return "*" in roles or any(role == one or role.startswith(f"{one}.") for one in roles)

    def test(_order: SettlementOrder, dossier: Dossier) -> Said:
        looked = dossier.looked
        found = [h for h in looked.hits if h.list in lists and concerns(h.role, dossier)]
        worst = max((leads[hit.by] for hit in found), default=Outcome.CLEAR)
        if worst is Outcome.BLOCK:
            blocks = " ".join(sorted(h.subject for h in found if leads[h.by] is worst))
            return violated(worst, "somebody of the order is listed", ("hits", blocks))
        missing = [name for name in lists if looked.state(name) is None]
        unread = [role for role in looked.unread if concerns(role, dossier)]
        if missing or unread:
            return unknown(
                "not everybody could be looked up",
                ("lists", " ".join(missing)),
                ("roles", " ".join(unread)),
            )
        if found:
            subjects = tuple(sorted({hit.subject for hit in found}))
            return Said(
                result=Result.VIOLATED,
                outcome=Outcome.HOLD,
                why="somebody of the order may be listed",
                values=(("hits", " ".join(subjects)),),
                subjects=subjects,
            )
        seen = " ".join(f"{s.name}={s.root[:16]}" for s in looked.lists if s.name in lists)
        return passes("nobody of the order is listed", ("lists", seen))

    return Made(test=test, lists=lists)


KIND = Kind(name="screening", points=POINTS, read=read, could_block=True)
