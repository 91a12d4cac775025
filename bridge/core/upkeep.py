"""The hold of a lock: when it is to be set, renewed or ended, so that no escape meets a payment."""

from bridge.core.effects import HoldLock, Verb
from bridge.core.events import AssetBurned, LockReleased
from bridge.core.ids import Instant
from bridge.core.order import SettlementOrder
from bridge.core.settlement import BEGINNING_OF_TIME, Settlement, Stage, Stop

HOLD_TERM_MS = 150 * 24 * 3_600_000  # of one hold; escrows take at most 180 days ahead
HOLD_RENEW_MS = HOLD_TERM_MS // 2  # renewed when no more than this is left
_HOLDS = frozenset({Stage.PAYING, Stage.RECALLING, Stage.BURNING})


def half_life(order: SettlementOrder) -> Instant:
    """Return the middle of the lock's life, from which holds are set and the alarm is raised."""
    return Instant(order.created + (order.lapse - order.created) // 2)


def upkeep(settlement: Settlement, now: Instant) -> HoldLock | None:
    """Return the hold to set, renew or end now, beside what the stage owes and before it.

    A hold whose act was journalled is asked again unchanged until it is seen. Under a stop other
    than FROZEN and SUSPENDED, and while the settlement moves, only from half the lock's life on.
    """
    if Verb.LOCK not in settlement.prepared or settlement.saw(LockReleased):
        return None
    if settlement.saw(AssetBurned) or settlement.at_rest:
        return None
    order = settlement.order
    if settlement.hold_open:
        return HoldLock(order, settlement.hold_asked, settlement.hold_number)
    stopped = settlement.stop in {Stop.FROZEN, Stop.SUSPENDED}
    needed = stopped or (settlement.stage in _HOLDS and now >= half_life(order))
    apart = (number := settlement.hold_number + 1) * 1_000  # an escrow takes each act once
    if needed and settlement.held_until - now <= HOLD_RENEW_MS:
        return HoldLock(order, Instant((now + HOLD_TERM_MS) // 1_000 * 1_000 + apart), number)
    if not needed and settlement.held_until > now:
        return HoldLock(order, Instant(BEGINNING_OF_TIME + apart), number)
    return None
