"""Who sends, who receives, who pays; and the personal values that never stand in a leaf."""

from dataclasses import dataclass
from hashlib import sha256
from hmac import new as hmac_new

from bridge.core.ids import Bic, Digest, Lei, PartyId

_COUNTRIES = frozenset(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM "
        "BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX "
        "CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG "
        "GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
        "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV "
        "LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE "
        "NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO "
        "RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
        "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF "
        "WS YE YT ZA ZM ZW "
    ).split()
)


class BadParty(ValueError):
    """Raised where a text is no jurisdiction or a party lacks what identifies it."""


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    code: str  # ISO 3166-1 alpha-2


def jurisdiction(code: str) -> Jurisdiction:
    """Return the jurisdiction of an assigned ISO 3166-1 alpha-2 code.

    Errors: BadParty.
    """
    if code not in _COUNTRIES:
        raise BadParty(f"{code[:8]!r} is not an assigned ISO 3166-1 alpha-2 code")
    return Jurisdiction(code)


@dataclass(frozen=True, slots=True)
class Commitment:
    """What stands in a leaf instead of a personal value; it opens with salt and value."""

    h: Digest  # SHA-256 of salt, then the value in UTF-8


@dataclass(frozen=True, slots=True, repr=False)
class Personal:
    """A personal value beside the leaf, with the salt that opens its commitment; erasable."""

    value: str
    salt: bytes  # 32 bytes, of this value alone

    @property
    def commitment(self) -> Commitment:
        return Commitment(Digest(sha256(self.salt + self.value.encode()).hexdigest()))


def personal(value: str, seed: bytes, path: str) -> Personal:
    """Return `value` under a salt of its own, drawn from the order's 32-byte seed and its place.

    The seed makes the terms of an order repeatable by whoever holds it; it is not kept beside the
    salts, so each value can be disclosed, or erased, without the others.
    """
    assert len(seed) == 32, "a seed has 32 bytes"
    return Personal(value, hmac_new(seed, path.encode(), sha256).digest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Originator:
    """Who sends the asset; the register says more under its id."""

    party: PartyId
    name: Commitment
    account: str  # on the origin network


@dataclass(frozen=True, slots=True, kw_only=True)
class Beneficiary:
    """Who receives the asset; the register says more under its id."""

    party: PartyId
    name: Commitment
    account: str  # on the destination network


@dataclass(frozen=True, slots=True)
class Agent:
    """A bank of the payment.

    Source: ISO 20022 BranchAndFinancialInstitutionIdentification.
    """

    bic: Bic
    lei: Lei | None = None
