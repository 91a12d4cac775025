"""What may go wrong between an honest gateway and its caller, each thing once when its turn comes.

A fault waits for the next call of its end point, of any, or for the next that orders something.
"""

from dataclasses import dataclass, field

ORDERED = "(ordered)"  # in place of a path: the next call that orders a transaction
FAULTS = {
    "lose_request": "the connection ends before anything was read",
    "lose_answer": "all is done, ordering too, and the connection ends before the answer",
    "delay": "the answer comes `by` milliseconds late",
    "http_502": "all is done, and a proxy answers in the gateway's place",
    "not_json": "all is done, and the answer is a page",
    "failed_though_ordered": "the transaction is ordered, and the answer is code -1",
    "bad": "the mac is another text's",
    "empty": "there is no mac",
    "high_s": "s lies in the upper half",
    "single_hashed": "the text was hashed once too little",
    "other_msg": "the msg is the older gateways'",
    "absent_zeros": "numbers that are 0 are left out and signed as 0",
    "absent_nothing": "numbers that are 0 are left out and not signed",
    "other_question": "the answer is to another question, well signed",
    "number_as_text": "a number is written as text, well signed",
    "forged_field": "a value was changed after it was signed",
    "duplicate_name": "a name stands twice in the body",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to go wrong."""

    kind: str
    path: str = ""  # the end of an end point's path, or ORDERED; empty for any
    by: int = 0


@dataclass(slots=True)
class Faults:
    """The faults that wait, in order."""

    waiting: list[Fault] = field(default_factory=list)
    met: list[Fault] = field(default_factory=list)

    def add(self, kind: str, path: str = "", by: int = 0) -> None:
        """Let something go wrong at the next call of an end point.

        Errors: ValueError for a kind that is not of the list.
        """
        if kind not in FAULTS:
            raise ValueError(f"{kind!r} is none of {', '.join(FAULTS)}")
        self.waiting.append(Fault(kind, path, by))

    def take(self, path: str) -> Fault | None:
        """The fault of this call, if one waits for it."""
        for fault in self.waiting:
            if path.endswith(fault.path):
                self.waiting.remove(fault)
                self.met.append(fault)
                return fault
        return None
