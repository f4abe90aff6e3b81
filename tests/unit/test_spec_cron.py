"""Schedules: what `ParseStandard` of robfig/cron v3.0.1 and Kubernetes take, and what people are told otherwise."""

from __future__ import annotations

import pytest

from bggen.spec.cron import mistake


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "? ? ? ? ?",
        "0 3 * * *",
        "00 03 01 01 00",
        "59 23 31 12 6",
        "*/5 * * * *",
        "?/5 * * * *",
        "5/15 * * * *",
        "5-45/15 * * * *",
        "*/100 * * * *",
        "1,2,30-40,50/5 * * * *",
        "0 0 * jan SUN",
        "0 0 * Jan-dec mon-FRI/2",
        "0 0 31 2 *",
        "  0\t3 *  *\n* ",
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
        "@every 1h",
        "@every 1h30m",
        "@every 1.5h",
        "@every 90s",
    ],
)
def test_what_kubernetes_takes(schedule: str) -> None:
    assert mistake(schedule) is None


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("", "must have five fields (minute, hour, day of the month, month, day of the week), not 0"),
        ("0 3 * *", "must have five fields (minute, hour, day of the month, month, day of the week), not 4"),
        ("0 0 3 * * *", "must have five fields (minute, hour, day of the month, month, day of the week), not 6"),
        (" @daily", "must have five fields (minute, hour, day of the month, month, day of the week), not 1"),
        ("60 * * * *", "'60' is no minute: write 0-59"),
        ("* 24 * * *", "'24' is no hour: write 0-23"),
        ("* * 0 * *", "'0' is no day of the month: write 1-31"),
        ("* * * 13 *", "'13' is no month: write 1-12 or jan-dec"),
        ("* * * * 7", "'7' is no day of the week: write 0-6 or sun-sat, 0 for Sunday"),
        ("* * * * sun-7", "'sun-7' is no day of the week: write 0-6 or sun-sat, 0 for Sunday"),
        ("* * * sun *", "'sun' is no month: write 1-12 or jan-dec"),
        ("jan * * * *", "'jan' is no minute: write 0-59"),
        ("* * * * fri-mon", "'fri-mon' is no day of the week: a range begins with its lower end"),
        ("45-15 * * * *", "'45-15' is no minute: a range begins with its lower end"),
        ("*/0 * * * *", "'*/0' is no minute: a step is 1 or more"),
        ("1-2-3 * * * *", "'1-2-3' is no minute: write 0-59, with `-` for a range and `/` for a step"),
        ("* * L * *", "'L' is no day of the month: write 1-31, with `-` for a range and `/` for a step"),
        # The library takes these and makes something of them that nobody means.
        ("1,,2 * * * *", "'' is no minute: write 0-59, with `-` for a range and `/` for a step"),
        (", * * * *", "'' is no minute: write 0-59, with `-` for a range and `/` for a step"),
        ("*-5 * * * *", "'*-5' is no minute: write 0-59, with `-` for a range and `/` for a step"),
        ("+5 * * * *", "'+5' is no minute: write 0-59, with `-` for a range and `/` for a step"),
        ("٣ * * * *", "'٣' is no minute: write 0-59, with `-` for a range and `/` for a step"),
        ("TZ=Europe/Berlin 0 3 * * *", "takes no time zone: write it as `timeZone`"),
        ("CRON_TZ=UTC 0 3 * * *", "takes no time zone: write it as `timeZone`"),
        ("@dayly", "there is no such word, did you mean `@daily`?"),
        (
            "@reboot",
            (
                "there is no such word; the known ones are @annually, @daily, @hourly, @midnight, @monthly, @weekly, "
                "@yearly and `@every 1h30m`"
            ),
        ),
        ("@every", "must say how often in hours, minutes and seconds, such as `@every 1h30m`"),
        ("@every 5", "must say how often in hours, minutes and seconds, such as `@every 1h30m`"),
        ("@every 1d", "must say how often in hours, minutes and seconds, such as `@every 1h30m`"),
        ("@every 999999999999h", "must say how often in hours, minutes and seconds, such as `@every 1h30m`"),
    ],
)
def test_what_is_refused(schedule: str, message: str) -> None:
    assert mistake(schedule) == message


def test_a_word_that_no_schedule_can_hold_is_shown_short_and_on_one_line() -> None:
    found = mistake("\u202e\x07" + "x" * 200 + " * * * *")
    assert found is not None
    assert found.isprintable()
    assert len(found) < 150
