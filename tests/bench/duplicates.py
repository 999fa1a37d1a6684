"""`python -m tests.bench.duplicates [ROWS]`: how many who are registered twice are found in a made-up register, how many of those found are
not, and how long it takes on one processor. The register is that of the tests; see `tests/duplicates/synthetic.py` for what is planted.
"""

import sys
import time

from app.beneficiaries.resemblance import RECORDED
from app.duplicates.blocking import alike
from tests.duplicates.synthetic import portraits, quality, register

ROWS = 100_000


def main(rows: int) -> int:
    made = register(rows)
    started = time.process_time()
    found = {frozenset((one.id, other.id)) for one, other, _ in alike(portraits(made))}
    seconds = time.process_time() - started
    told = quality(made, found)
    print(f"{rows:,} rows, {len(made.twice):,} people registered twice, {len(made.alike):,} who only look so; recorded from {RECORDED} on.")
    print(f"found: {told.recall:.1%} (goal: at least 95 %)")
    print(f"false among the found: {told.false:.1%} (goal: at most 5 %)")
    print(f"compared in {seconds:.1f} s on one processor (goal: under 60 s, with reading and writing)")
    for why, count in sorted(told.mistaken.items(), key=lambda one: -one[1]):
        print(f"  mistaken, {why}: {count}")
    return 0 if told.recall >= 0.95 and told.false <= 0.05 else 1


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS))
