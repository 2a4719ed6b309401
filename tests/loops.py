"""Coroutines in tests: in a thread of their own, as the browser's driver may hold a loop in this one."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What a coroutine returns, or raises."""
    return aside(asyncio.run, coroutine)


def aside(function: Callable[..., Result], *arguments: Any) -> Result:
    """What a function returns, or raises, that runs a loop itself."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function, *arguments).result()
