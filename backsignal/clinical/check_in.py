"""The check-in's wording and days: `check_in.yml` and the clinic's settings."""

from datetime import datetime, timedelta

from backsignal.clinical.content import Content

# Kept clear of the platform's limit, as the message has to get there in time.
_SPARE_HOURS = 1


def check_in_phrase(content: Content, phrase: str, **values: str) -> str:
    """A phrase with the clinic's facts and the values filled in."""
    return content.check_in.phrases[phrase].format(**content.clinic.facts(), **values)


def reaches(channel: str | None, content: Content) -> bool:
    """Whether people can be asked again on a channel."""
    return channel in content.check_in.channels and bool(content.clinic.check_in.days)


def when(channel: str | None, content: Content) -> str:
    """When somebody on the channel will be asked, in words."""
    days = content.clinic.check_in.days[: 1 if content.check_in.channels[channel or ""] else None]
    said = [content.check_in.days.get(day, content.check_in.other_days.format(days=day)) for day in days]
    return f" {content.replies.phrases['and']} ".join(filter(None, [", ".join(said[:-1]), said[-1]]))


def due_times(channel: str, content: Content, now: float) -> list[float]:
    """When somebody who agrees now is to be asked (seconds since the epoch), at hours fit for it."""
    settings, limit = content.clinic.check_in, content.check_in.channels[channel]
    start = datetime.fromtimestamp(now)
    if limit:
        hours = min(settings.days[0] * 24, limit - _SPARE_HOURS)
        return [_waking(start + timedelta(hours=hours), content, backwards=True).timestamp()]
    return [_waking(start + timedelta(days=day), content).timestamp() for day in settings.days]


def _waking(time: datetime, content: Content, backwards: bool = False) -> datetime:
    """The time, moved into the hours of the day at which people may be written to."""
    settings = content.clinic.check_in
    if settings.earliest_hour <= time.hour < settings.latest_hour:
        return time
    opening = time.replace(hour=settings.earliest_hour, minute=0)
    if time.hour >= settings.latest_hour:
        return (
            time.replace(hour=settings.latest_hour - 1, minute=59)
            if backwards
            else opening + timedelta(days=1)
        )
    closing = time.replace(hour=settings.latest_hour - 1, minute=59) - timedelta(days=1)
    return closing if backwards else opening
