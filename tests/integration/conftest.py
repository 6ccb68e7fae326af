from collections.abc import Iterator

import pytest

from tests.integration.postgres import cluster


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One throw-away PostgreSQL for all tests of this process."""
    with cluster() as url:
        yield url
