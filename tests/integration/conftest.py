from collections.abc import Iterator
from secrets import token_hex

import psycopg
import pytest

from tests.integration.postgres import cluster


@pytest.fixture(scope="session")
def postgres_node() -> Iterator[str]:
    """One throw-away PostgreSQL for all tests of this process."""
    with cluster() as url:
        yield url


@pytest.fixture(scope="module")
def postgres_url(postgres_node: str) -> str:
    """An empty database for the tests of a file."""
    name = f"of_{token_hex(6)}"
    with psycopg.connect(postgres_node, autocommit=True) as link:
        link.execute(f"create database {name}")
    return f"{postgres_node.rpartition('/')[0]}/{name}"
