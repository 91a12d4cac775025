"""Why the ledger says no: numbers that never change their meaning, in their order of precedence."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Code(IntEnum):
    """A number is never given twice. Where two apply, the lower one is said."""

    FROZEN = 100
    GROUP_REFUSED = 101
    DECISION_MISSING = 110
    DECISION_EXPIRED = 111
    DECISION_OTHER_BODY = 112
    ACCOUNT_UNKNOWN = 120
    ASSET_MISMATCH = 121
    SAME_ACCOUNT = 122
    ACCOUNT_DIFFERS = 123
    UNITS_ZERO = 130
    OVERFLOW = 131
    PENDING_UNKNOWN = 140
    PENDING_RESOLVED = 141
    PENDING_EXPIRED = 142
    ABOVE_PENDING = 143
    NOT_DUE = 144
    NOT_COVERED = 150
    NOT_COVERED_MIRROR = 151  # kept for the flag's mirror image; no account has it yet
    ABOVE_LIMIT = 152
    SAGA_TRANSITION = 160
    SUPPLY = 161
    SETTLEMENT_UNKNOWN = 162
    SETTLEMENT_KNOWN = 163
    ACT_NOT_OWED = 164
    OTHER_TERMS = 165
    BOOKING_MISSING = 166
    PERSON_UNKNOWN = 170
    ROLE_MISSING = 171
    PROPOSAL_UNKNOWN = 172
    PROPOSAL_CLOSED = 173
    MAKER_IS_CHECKER = 174
    ALREADY_APPROVED = 175
    SIGNATURE_BAD = 176
    PROPOSAL_EXPIRED = 177
    NOT_APPROVED = 178
    OTHER_PROPOSAL = 179
    NOT_FROZEN = 180
    EPOCH_ORDER = 181


SENTENCES: Final = {
    Code.FROZEN: "a freeze lies on it",
    Code.GROUP_REFUSED: "another entry of its group was refused",
    Code.DECISION_MISSING: "no decision of this visit stands in the same group",
    Code.DECISION_EXPIRED: "the decision is no longer valid",
    Code.DECISION_OTHER_BODY: "the decision was made about something else",
    Code.ACCOUNT_UNKNOWN: "an account is not open",
    Code.ASSET_MISMATCH: "the accounts do not count this unit",
    Code.SAME_ACCOUNT: "debit and credit are one account",
    Code.ACCOUNT_DIFFERS: "the account is open with other members",
    Code.UNITS_ZERO: "zero units move nothing",
    Code.OVERFLOW: "more than 256 bits can count",
    Code.PENDING_UNKNOWN: "there is no such pending transfer between these accounts",
    Code.PENDING_RESOLVED: "the pending transfer was resolved before",
    Code.PENDING_EXPIRED: "the pending transfer has expired",
    Code.ABOVE_PENDING: "not the units that are pending",
    Code.NOT_DUE: "the pending transfer is not due yet",
    Code.NOT_COVERED: "the account does not have that much",
    Code.NOT_COVERED_MIRROR: "the account does not owe that much",
    Code.ABOVE_LIMIT: "the limit leaves less than that",
    Code.SAGA_TRANSITION: "the machine does not make this step",
    Code.SUPPLY: "other units than the order's",
    Code.SETTLEMENT_UNKNOWN: "there is no such settlement",
    Code.SETTLEMENT_KNOWN: "the settlement is there already",
    Code.ACT_NOT_OWED: "the settlement does not owe this now",
    Code.OTHER_TERMS: "it names other terms than the order's",
    Code.BOOKING_MISSING: "the postings of this step are not in its group",
    Code.PERSON_UNKNOWN: "there is no such person in the register",
    Code.ROLE_MISSING: "the person does not hold the role that is asked",
    Code.PROPOSAL_UNKNOWN: "there is no such proposal",
    Code.PROPOSAL_CLOSED: "the proposal is closed",
    Code.MAKER_IS_CHECKER: "who made it may not check it",
    Code.ALREADY_APPROVED: "this person has approved it before",
    Code.SIGNATURE_BAD: "the signature is not this person's",
    Code.PROPOSAL_EXPIRED: "the proposal has lapsed",
    Code.NOT_APPROVED: "not enough people have said so",
    Code.OTHER_PROPOSAL: "the proposal asks for something else",
    Code.NOT_FROZEN: "no freeze lies on it",
    Code.EPOCH_ORDER: "epochs follow each other by one",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A judged no; it spends the ids of its group."""

    code: Code

    @property
    def sentence(self) -> str:
        return SENTENCES[self.code]


REFUSED: Final = {code: Refusal(code) for code in Code}
