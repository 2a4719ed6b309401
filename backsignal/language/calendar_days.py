"""Days of the calendar: the last time that a date, a holiday or Easter was."""

from datetime import date, timedelta
from typing import Literal

from backsignal.clinical.content_files import ContentModel


class HolidayRule(ContentModel):
    """When a holiday falls: a day of a month, an nth weekday of it, days from Easter, or listed dates."""

    month: int | None
    day: int | None
    weekday: int | None
    nth: int | None
    easter: int | None
    dates: list[date] = []


def safe_date(year: int, month: int, day: int) -> date:
    """That day, or the last day that the month has."""
    while day > 1:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1
    return date(year, month, 1)


def last_time(today: date, month: int, day: int) -> date:
    """The last such day of the year that is not in the future."""
    when = safe_date(today.year, month, day)
    return when if when <= today else safe_date(max(today.year - 1, 1), month, day)


def easter(year: int) -> date:
    """Easter Sunday of a year (the anonymous Gregorian algorithm)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def last_holiday(rule: HolidayRule, today: date) -> date:
    """The last time that a holiday was."""
    if rule.dates:
        return max((when for when in rule.dates if when <= today), default=date.min)
    for year in (today.year, today.year - 1):
        if year < 1:
            break
        if rule.easter is not None:
            when = easter(year) + timedelta(days=rule.easter)
        elif rule.weekday is not None and rule.nth is not None:
            when = nth_weekday(year, rule.month or 1, rule.weekday, rule.nth)
        else:
            when = safe_date(year, rule.month or 1, rule.day or 1)
        if when <= today:
            return when
    return date.min


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The nth such weekday of a month; -1 is the last."""
    if nth > 0:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    last = safe_date(year, month, 31)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def period(today: date, unit: Literal["week", "month", "year"], back: int) -> tuple[date, int]:
    """First day and length of this week, month or year, or of the one so many back (0 or 1)."""
    if unit == "week":
        return today - timedelta(days=today.weekday() + 7 * back), 7
    if unit == "month":
        first = today.replace(day=1)
        if back:
            first = (first - timedelta(days=1)).replace(day=1) if first > date.min else first
        return first, 30
    return date(max(today.year - back, 1), 1, 1), 365
