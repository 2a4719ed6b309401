"""The services of these tests: kept through kill -9, hung while paused, slow over a link."""

import time
from contextlib import closing

import psycopg2
import pytest
import redis as redis_client

from tests.resilience.services import Link, Postgres, Redis


def test_postgres_keeps_what_was_committed_through_kill(postgres: Postgres) -> None:
    with closing(psycopg2.connect(postgres.url)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (number integer)")
        cursor.execute("INSERT INTO kept VALUES (1)")
        connection.commit()
        postgres.restart()
    with closing(psycopg2.connect(postgres.url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT number FROM kept")
        assert cursor.fetchall() == [(1,)]
        cursor.execute("DROP TABLE kept")
        connection.commit()


def test_a_paused_redis_hangs_and_a_restarted_one_is_empty(redis: Redis) -> None:
    redis.client.set("a", "1")
    redis.pause()
    with pytest.raises(redis_client.TimeoutError):
        redis.client.get("a")
    redis.resume()
    assert redis.client.get("a") == b"1"
    redis.restart()
    assert redis.client.get("a") is None


def test_a_link_is_slow_cut_and_mended(redis: Redis) -> None:
    link = Link(redis.port)
    client = redis_client.Redis(port=link.port, socket_timeout=5)
    assert client.ping()
    link.delay = 0.3
    began = time.monotonic()
    assert client.ping()
    assert time.monotonic() - began >= 0.3
    link.delay = 0
    link.cut()
    with pytest.raises(redis_client.ConnectionError):
        client.ping()
    link.mend()
    assert client.ping()
    link.cut()
