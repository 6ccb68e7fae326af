"""Tokens: shown once, kept hashed, for what they are for and no longer."""

import pytest
from sqlalchemy import text

from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor
from trust.identity.tokens import TokenKind

CONSOLE = Actor(id="console", name="console", kind="service")
ANNA = Actor(id="u1", name="anna", roles=("analyst",))


def refused(call, *args) -> AppError:
    with pytest.raises(AppError) as caught:
        call(*args)
    return caught.value


def test_a_token_is_found_by_its_secret_until_it_ends(tokens, clock):
    made = tokens.create_api(CONSOLE, "report", ["auditor", "auditor"], 2)
    assert tokens.find(made.secret) == made.token
    assert made.token.roles == ("auditor",)
    clock.advance(2 * 86_400 - 1)
    assert tokens.find(made.secret)
    clock.advance(1)
    assert tokens.find(made.secret) is None


def test_a_revoked_token_is_gone(tokens):
    made = tokens.create_source(CONSOLE, "web-01", 30)
    other = tokens.create_source(CONSOLE, "web-02", 30)
    assert (made.token.kind, made.token.source) == (TokenKind.SOURCE, "web-01")
    tokens.revoke(CONSOLE, made.token.id)
    assert tokens.find(made.secret) is None
    assert tokens.find(other.secret)
    assert [token.revoked is None for token in tokens.list()] == [True, False]


def test_the_secret_is_nowhere_in_the_database(tokens, records):
    made = tokens.create_api(CONSOLE, "x", ["analyst"], 1)
    with records.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        dump = b"".join(
            repr(row).encode() for table in ("trust_tokens", "infra_ledger_outbox")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
        )  # fmt: skip
    assert made.secret.encode() not in dump
    assert made.secret not in repr(made)


def test_what_is_refused(tokens):
    assert refused(tokens.create_api, CONSOLE, "x", ["security_admin"], 1).message_key == "trust.token_role"
    assert refused(tokens.create_api, CONSOLE, "x", ["emperor"], 1).message_key == "trust.role_unknown"
    assert refused(tokens.create_source, CONSOLE, "../x", 1).message_key == "trust.source_malformed"
    assert refused(tokens.create_source, CONSOLE, "x", 0).message_key == "trust.token_days"
    assert refused(tokens.create_source, CONSOLE, "x", 4000).message_key == "trust.token_days"
    assert refused(tokens.create_source, ANNA, "x", 1).kind is ErrorKind.FORBIDDEN
    assert refused(tokens.revoke, ANNA, "abcdef").kind is ErrorKind.FORBIDDEN
    assert refused(tokens.revoke, CONSOLE, "01").kind is ErrorKind.NOT_FOUND
    assert refused(tokens.revoke, CONSOLE, "%%%%").kind is ErrorKind.NOT_FOUND


def test_creation_and_end_are_in_the_ledger(tokens, told):
    made = tokens.create_source(CONSOLE, "web-01", 1)
    tokens.revoke(CONSOLE, made.token.id)
    thing = f"token:{made.token.id}"
    assert told() == [("trust.token.create", thing), ("trust.token.revoke", thing)]
