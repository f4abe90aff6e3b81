"""`python -m tests.fuzz`: each target in turn until the budget is spent; what broke is shrunk and printed."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
import traceback
import warnings
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from types import FrameType

    from tests.fuzz.targets import Target

# No input of these sizes may take as long; the slowest of them take a tenth of a second.
LONGEST = 20
_BATCH = 40


class TooSlowError(Exception):
    """One example took so long that a user would call it a hang."""


def main() -> int:
    """Run what was asked for, and return 1 where something broke."""
    options = _options()
    chosen = [target for target in TARGETS if not options.target or target.name in options.target]
    broken = 0
    for index, target in enumerate(chosen):
        started = time.monotonic()
        examples, failure = run(target, options.seconds / len(chosen), options.seed + index * 1_000_000)
        spent = time.monotonic() - started
        seen = ", ".join(f"{count} {what}" for what, count in sorted(target.seen.items()))
        sys.stdout.write(f"{target.name:16} {examples:7} examples in {spent:5.1f} s: {seen}\n")
        if failure:
            broken += 1
            again = f"python -m tests.fuzz --target {target.name} --seed {options.seed + index * 1_000_000}"
            sys.stdout.write(f"{failure}again: {again}\n")
        sys.stdout.flush()
    return 1 if broken else 0


def _options() -> Any:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long, all targets together (default: 60)")
    parser.add_argument("--target", action="append", choices=[target.name for target in TARGETS], help="only this one")
    parser.add_argument(
        "--seed", type=int, default=int.from_bytes(os.urandom(4), "big"), help="where to begin (default: anywhere)"
    )
    return parser.parse_args()


def run(target: Target, seconds: float, start: int) -> tuple[int, str | None]:
    """Run batches of examples until the time is over, and return how many, and what broke first."""
    signal.signal(signal.SIGALRM, _too_slow)
    examples = 0
    ends = time.monotonic() + seconds

    def holds(value: Any) -> None:
        nonlocal examples
        examples += 1
        signal.alarm(LONGEST)
        try:
            with warnings.catch_warnings():
                # A library's remark would reach a user's terminal.
                warnings.simplefilter("error")
                target.holds(value, target.seen)
        finally:
            signal.alarm(0)

    for number in range(sys.maxsize):
        batch = settings(
            max_examples=_BATCH,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )(given(target.inputs)(holds))
        try:
            seed(start + number)(batch)()
        except Exception as error:  # noqa: BLE001 - whatever comes here is a finding, and is told
            return examples, "".join(traceback.format_exception(error))
        if time.monotonic() >= ends:
            break
    return examples, None


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlowError(f"this takes longer than {LONGEST} s")


if __name__ == "__main__":
    sys.exit(main())
