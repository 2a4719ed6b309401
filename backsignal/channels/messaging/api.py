"""Calls to the platforms' APIs: with a deadline, tried again with back-off, no secret in a log."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

logger = logging.getLogger(__name__)

Verdict = Literal["done", "later", "never"]
_SECONDS = 10.0
# Waits before the second and the third try; then the message goes back into the inbox for later.
_WAITS = (0.5, 2.0)
_LONGEST_WAIT = 5.0
_TRANSIENT = (408, 425, 429)


class LaterError(Exception):
    """The platform could not take the message for now; `seconds` is when to try again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"try again in {seconds:g} seconds")
        self.seconds = seconds


class NeverError(Exception):
    """The platform will not take this message: the person blocked us, or our account is wrong."""


@dataclass(frozen=True)
class Call:
    """One request to a platform. Address, headers and login hold secrets, so they are not shown.

    `vital` is false where a failure is not worth a second try, such as the mark that a button was received.
    """

    name: str
    url: str = field(repr=False)
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)
    vital: bool = True


def verdict(status: int, answer: Mapping[str, Any]) -> Verdict:
    """What an answer's status means, where a platform has no rules of its own."""
    if status < 300:
        return "done"
    return "later" if status in _TRANSIENT or status >= 500 else "never"


class Api:
    """Sends calls over one pool of connections."""

    def __init__(self) -> None:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def send(self, call: Call, judge: Any = verdict) -> None:
        """Send a call. Raises LaterError or NeverError where the platform did not take it."""
        for wait in (*_WAITS, None):
            judged, after, code = await self._try(call, judge)
            if judged == "done" or not call.vital:
                return
            logger.warning("messaging.api.failed call=%s code=%s verdict=%s", call.name, code, judged)
            if judged == "never":
                raise NeverError(code)
            if wait is None or (after or 0) > _LONGEST_WAIT:
                raise LaterError(after or 30.0)
            await asyncio.sleep(max(wait, after or 0))

    async def _try(self, call: Call, judge: Any) -> tuple[Verdict, float | None, str]:
        login = aiohttp.BasicAuth(*call.login) if call.login else None
        try:
            async with self._session.post(
                call.url, json=call.json, data=call.form, headers=call.headers, auth=login
            ) as response:
                answer = _object(await response.read())
                judged: Verdict = judge(response.status, answer)
                return judged, _retry_after(response.headers, answer), str(response.status)
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            return "later", None, type(error).__name__


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _retry_after(headers: Mapping[str, str], answer: Mapping[str, Any]) -> float | None:
    parameters = answer.get("parameters")
    told = headers.get("Retry-After") or (parameters or {}).get("retry_after")
    try:
        return min(float(told), 3600.0) if told is not None else None
    except (TypeError, ValueError):
        return None
