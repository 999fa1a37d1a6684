"""The number of a family: what stands on its paper file and is read out on the telephone, such as `7K3M-9QXR`.

Eight random symbols of Crockford's base 32 (https://www.crockford.com/base32.html), 40 bits: it tells nothing about the family, neither
where it lives nor when it came. The database decides whether it is new; among 100,000 families a draw is taken once in ten million times.
"""

import secrets

from app.constraints import refuse
from app.problems import Busy

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PATTERN = f"^[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}$"


def new_number() -> str:
    """A new random number."""
    symbols = [secrets.choice(ALPHABET) for _ in range(8)]
    return f"{''.join(symbols[:4])}-{''.join(symbols[4:])}"


# Nothing is wrong with the request: sent again, it draws another number.
refuse("uq_family_number", Busy)
