"""The fault panel: what goes wrong between a gateway and a memory network, said beforehand.

A fault is asked for by number and name and used up; without one all goes well. It never lies about
what is final: a network that did is planted by tests, in a copy of the chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bridge.core.effects import Verb


class Trouble(StrEnum):
    """What happens to one message on its way."""

    REFUSE = "refuse"  # the gate is closed: nothing was sent
    DROP = "drop"  # it is lost on the way, and the sender hears nothing
    LOSE_ANSWER = "lose_answer"  # it arrives, and the sender hears nothing
    DELAY = "delay"  # it arrives later, and the sender hears nothing
    DUPLICATE = "duplicate"  # it arrives, and once more later


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """So many messages of a verb meet this trouble. Units: `ms` of a delay or a duplicate."""

    trouble: Trouble
    verb: Verb | None = None  # any verb
    times: int = 1
    ms: int = 0


class Panel:
    """The faults that are still to happen, the first that fits first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self.met = 0  # faults that happened

    def add(self, fault: Fault) -> None:
        """Ask for a fault."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Ask for none any more."""
        self._faults.clear()

    def take(self, verb: Verb) -> Fault | None:
        """Return the fault that a message of `verb` meets, used up by one, or None."""
        for index, fault in enumerate(self._faults):
            if fault.verb in {None, verb}:
                if fault.times > 1:
                    self._faults[index] = replace(fault, times=fault.times - 1)
                else:
                    del self._faults[index]
                self.met += 1
                return fault
        return None


def fault_of(words: Mapping[str, object]) -> Fault:
    """Return the fault that a request to the panel names.

    Errors: ValueError that names what is wrong.
    """
    unknown = set(words) - {"trouble", "verb", "times", "ms"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    verb, times, ms = words.get("verb"), words.get("times", 1), words.get("ms", 0)
    if not isinstance(times, int) or not isinstance(ms, int) or not 0 < times <= 10**6 or ms < 0:
        raise ValueError("times and ms are whole numbers, times at least 1")
    return Fault(
        trouble=Trouble(str(words.get("trouble", ""))),
        verb=Verb(str(verb)) if verb is not None else None,
        times=times,
        ms=ms,
    )
