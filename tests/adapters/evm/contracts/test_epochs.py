"""Whatever is rotated, vetoed, recovered and waited for: who may sign is what a small model says.

I6 and I7: no act without enough signers of a live epoch, and none of another epoch's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.adapters.evm.chain import GOVERNOR, GUARDIAN, Chain, Party, Reverted
from tests.adapters.evm.contracts.notaries import GRACE, NOTICE, PEOPLE, SILENCE, Notaries

HALF_DAY = 43_200


@dataclass
class Epoch:
    """What the model knows of one."""

    people: tuple[Party, ...]
    threshold: int
    begins: int
    ends: int | None = None
    vetoed: bool = False


class Epochs(RuleBasedStateMachine):
    @initialize(size=st.integers(3, 6))
    def begin(self, size: int) -> None:
        chain = Chain()
        self.anchored = chain.now
        people = PEOPLE[:size]
        self.notaries = Notaries(chain, people, size // 2 + 1, anchored=chain.now)
        self.epochs = {1: Epoch(people, size // 2 + 1, chain.now)}
        self.standing = 1

    @property
    def now(self) -> int:
        return self.notaries.chain.now

    def is_majority(self, size: int, threshold: int) -> bool:
        return 2 <= threshold <= size and 2 * threshold > size

    @rule(
        leaves=st.integers(0, 2),
        joins=st.integers(0, 3),
        extra=st.integers(-1, 1),
        ahead=st.sampled_from((NOTICE - 1, NOTICE, NOTICE, NOTICE + HALF_DAY)),
        short=st.booleans(),
    )
    def rotate(self, leaves: int, joins: int, extra: int, ahead: int, short: bool) -> None:
        old = self.epochs[self.standing]
        strangers = [one for one in PEOPLE if one not in old.people][:joins]
        chosen = sorted((*old.people[leaves:], *strangers), key=lambda one: one.bytes20)
        threshold = len(chosen) // 2 + 1 + extra
        signers = old.people[: old.threshold - short]
        number = max(self.epochs) + 1
        may = (
            not short
            and self.now >= old.begins
            and ahead >= NOTICE
            and 3 * leaves <= len(old.people)
            and 3 * joins <= len(chosen)
            and self.is_majority(len(chosen), threshold)
        )
        begins = self.now + ahead
        did = self.did(
            lambda: self.notaries.rotate(
                chosen,
                threshold=threshold,
                ahead=ahead,
                number=number,
                by=self.standing,
                signers=signers,
            )
        )
        assert did == may
        if did:
            self.opened(number, Epoch(tuple(chosen), threshold, begins))

    @rule(back=st.integers(0, 2), guardian=st.booleans())
    def veto(self, back: int, guardian: bool) -> None:
        epoch = max(self.epochs) - min(back, max(self.epochs))
        is_last = epoch == self.standing
        may = guardian and is_last and self.now < self.epochs[epoch].begins
        by = GUARDIAN if guardian else GOVERNOR
        assert self.did(lambda: self.notaries.veto(epoch, by)) == may
        if may:
            self.epochs[epoch].vetoed = True
            self.standing = max(n for n, one in self.epochs.items() if not one.vetoed)
            self.epochs[self.standing].ends = None

    @rule(governor=st.booleans(), at=st.integers(6, 30))
    def recover(self, governor: bool, at: int) -> None:
        pending = self.now < self.epochs[self.standing].begins
        may = governor and not pending and self.now >= self.anchored + SILENCE
        people = PEOPLE[at : at + 3]
        by = GOVERNOR if governor else GUARDIAN
        assert self.did(lambda: self.notaries.recover(people, 2, by)) == may
        if may:
            self.opened(max(self.epochs) + 1, Epoch(people, 2, self.now + NOTICE))

    def opened(self, number: int, epoch: Epoch) -> None:
        self.epochs[self.standing].ends = epoch.begins
        self.epochs[number], self.standing = epoch, number

    @rule(seconds=st.sampled_from((1, HALF_DAY - 1, HALF_DAY, NOTICE, SILENCE)))
    def later(self, seconds: int) -> None:
        self.notaries.chain.later(seconds)

    def did(self, what: Callable[[], None]) -> bool:
        try:
            what()
        except Reverted:
            return False
        return True

    @invariant()
    def who_may_sign_is_what_the_model_says(self) -> None:
        if not hasattr(self, "epochs"):
            return
        assert self.notaries.number("standing") == self.standing
        for number, epoch in self.epochs.items():
            for current in (False, True):
                live = not epoch.vetoed and self.now >= epoch.begins
                if epoch.ends is not None:
                    live = live and self.now < epoch.ends + (0 if current else GRACE)
                enough = self.notaries.signed(epoch.people[: epoch.threshold])
                assert self.signs(enough, number, current=current) == live
                assert not self.signs(enough[:-65], number, current=current)
            for theirs in self.epochs.values():  # I7: another epoch's signers are strangers here
                chosen = theirs.people[: theirs.threshold]
                if not set(chosen) <= set(epoch.people):
                    assert not self.signs(self.notaries.signed(chosen), number)

    def signs(self, sigs: bytes, epoch: int, *, current: bool = False) -> bool:
        return self.did(lambda: self.notaries.verify(sigs, epoch=epoch, current=current))


Epochs.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestEpochs = Epochs.TestCase
