"""Who is on a demo's chain, by name, and what they pay for gas at most."""

from typing import Final

GWEI: Final = 10**9
CAP_WEI: Final = 100 * GWEI  # for one gas
SELLER, BUYER = "seller", "buyer"
ENTRY, EXIT, GOVERNOR, GUARDIAN, ISSUER = "entry", "exit", "governor", "guardian", "issuer"
PEOPLE = (GOVERNOR, GUARDIAN, ISSUER, ENTRY, EXIT, SELLER, BUYER)
