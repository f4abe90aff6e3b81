"""Raises a number in a config repo, again and again, as bggen's commands do: plan on the tip, deliver, plan again."""

from __future__ import annotations

import sys
from pathlib import Path

from bggen.git import Checkout, Moved
from bggen.model import Change


def raise_number(root: Path, own: str) -> int:
    """Add one to the shared number and write it to the racer's own file; return how many plans it took."""
    with Checkout.open(root) as checkout, checkout.lock():
        checkout.recover()
        for attempt in range(1, 100):
            checkout.refresh()
            files = checkout.tip_files()
            shared, mine = files.read("counter"), files.read(own)
            number = b"%d\n" % (int(shared or b"0") + 1)
            changes = [Change("counter", shared, number), Change(own, mine, number)]
            if checkout.watch(["counter", own]).result():
                raise SystemExit("somebody's work is in the way")
            try:
                checkout.deliver(checkout.tip, changes, f"{own} {int(number)}", "race")
            except Moved:
                continue
            return attempt
    raise SystemExit("the branch kept moving")


if __name__ == "__main__":
    for _ in range(int(sys.argv[3])):
        raise_number(Path(sys.argv[1]), sys.argv[2])
