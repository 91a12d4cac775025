"""Codes of other standards that values are held against, as they stood on a day.

Source: ISO 4217 (list one), ISO 3166-1, ISO 13616 (IBAN registry).
"""

from datetime import date
from types import MappingProxyType

COUNTRIES = frozenset(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO "
        "BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ "
        "DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP "
        "GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG "
        "KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML "
        "MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE "
        "PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL "
        "SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM "
        "US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
    ).split()
) | {"XK"}  # Kosovo, user-assigned: BICs and the IBAN registry use it

BIC_PLACES = COUNTRIES | {"XE"}  # the euro system's own settlement accounts

# Length of an IBAN by its country.
IBAN = MappingProxyType(
    {
        code: int(length)
        for code, length in (
            pair.split(":")
            for pair in (
                "AD:24 AE:23 AL:28 AT:20 AZ:28 BA:20 BE:16 BG:22 BH:22 BI:27 BR:29 BY:28 CH:21 "
                "CR:22 CY:28 CZ:24 DE:22 DJ:27 DK:18 DO:28 EE:20 EG:29 ES:24 FI:18 FK:18 FO:18 "
                "FR:27 GB:22 GE:22 GI:23 GL:18 GR:27 GT:28 HN:28 HR:21 HU:28 IE:22 IL:23 IQ:23 "
                "IS:26 IT:27 JO:30 KW:30 KZ:20 LB:28 LC:32 LI:21 LT:20 LU:20 LV:21 LY:25 MC:27 "
                "MD:24 ME:22 MK:19 MN:20 MR:27 MT:31 MU:30 NI:28 NL:18 NO:15 OM:23 PK:24 PL:28 "
                "PS:29 PT:25 QA:29 RO:24 RS:22 RU:33 SA:24 SC:31 SD:18 SE:24 SI:19 SK:24 SM:27 "
                "SO:23 ST:25 SV:28 TL:23 TN:24 TR:26 UA:29 VA:22 VG:24 XK:20 YE:30"
            ).split()
        )
    }
)

_NO_UNIT = 5  # as many as an ISO 20022 amount can hold: the standard names no minor unit
_DIGITS = {
    **dict.fromkeys(
        (
            "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN "
            "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD "
            "FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW "
            "KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
            "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG "
            "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD "
            "USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
        ).split(),
        2,
    ),
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
    **dict.fromkeys("XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XUA".split(), _NO_UNIT),
}
# The first day of codes that came, and the last of codes that went, where a message can meet them.
_BEGAN = MappingProxyType(
    {
        "BYN": date(2016, 7, 1),
        "MRU": date(2018, 1, 1),
        "STN": date(2018, 1, 1),
        "VES": date(2018, 8, 20),
        "VED": date(2021, 10, 1),
        "SLE": date(2022, 4, 1),
        "ZWG": date(2024, 6, 25),
        "XCG": date(2025, 3, 31),
        "XAD": date(2025, 5, 12),
    }
)
_ENDED = MappingProxyType(
    {
        "HRK": (date(2022, 12, 31), 2),
        "CUC": (date(2021, 6, 30), 2),
        "SLL": (date(2024, 3, 31), 2),
        "ZWL": (date(2024, 8, 31), 2),
        "ANG": (date(2025, 6, 30), 2),
        "BGN": (date(2025, 12, 31), 2),
    }
)
METALS = frozenset("XAU XAG XPD XPT".split())


def is_active(currency: str, on: date) -> bool:
    """Whether a currency is in use on the day."""
    if currency in _ENDED:
        return on <= _ENDED[currency][0]
    return currency in _DIGITS and _BEGAN.get(currency, date.min) <= on


def digits(currency: str) -> int:
    """The digits of a currency's minor unit; where none is known, as many as an amount holds."""
    if currency in _ENDED:
        return _ENDED[currency][1]
    return _DIGITS.get(currency, _NO_UNIT)
