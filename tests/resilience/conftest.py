"""PostgreSQL and Redis for the tests of this folder. Who kills one starts it again."""

from collections.abc import Iterator

import pytest

from tests.resilience.services import Postgres, Redis, postgres_server, redis_server


@pytest.fixture(scope="package")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as service:
        yield service


@pytest.fixture(scope="package")
def redis() -> Iterator[Redis]:
    with redis_server() as service:
        yield service
