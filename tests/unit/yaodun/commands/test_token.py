"""``yaodun token`` and ``yaodun account``: shown once, listed without secrets, ended at once."""

import json

import pytest

from infra.records import open_records
from tests.fresh import fresh_records
from trust.access import Access
from trust.identity.tokens import Tokens
from yaodun.cli import main


@pytest.fixture
def home(tmp_path):
    fresh_records(tmp_path).close()
    (tmp_path / "run").mkdir()
    (tmp_path / "secrets").mkdir()
    return tmp_path


@pytest.fixture
def call(home, capsys):
    def run(*words: str) -> tuple[int, list[dict], str]:
        code = main([*words, "--home", str(home)])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return run


def test_create_list_revoke(home, call):
    code, (made,), _ = call("token", "create", "--source", "web-01", "--days", "30")
    assert (code, made["source"], made["kind"]) == (0, "web-01", "source")
    records = open_records(home / "records.db")
    tokens = Tokens(records, Access(None))
    assert tokens.find(made["token"]).source == "web-01"
    _, (listed,), _ = call("token", "list")
    assert made["token"] not in json.dumps(listed)
    assert call("token", "revoke", made["id"][:20])[0] == 0
    assert tokens.find(made["token"]) is None
    records.close()


def test_roles_of_scripts(call):
    _, (made,), _ = call("token", "create", "--role", "analyst", "--role", "auditor")
    assert made["roles"] == ["analyst", "auditor"]
    assert call("token", "create", "--role", "system_admin")[0] == 2
    assert call("token", "create", "--role", "nobody")[0] == 2
    assert call("token", "create", "--source", "x", "--days", "0")[0] == 2


def test_one_of_role_and_source_is_needed(home):
    with pytest.raises(SystemExit) as caught:
        main(["token", "create", "--home", str(home)])
    assert caught.value.code == 2


def test_without_a_site_there_is_a_clear_line(tmp_path, capsys):
    assert main(["token", "list", "--home", str(tmp_path / "none")]) == 1
    assert "yaodun up" in capsys.readouterr().err


def test_a_lost_administrator_link_is_made_anew(call):
    _, (link,), _ = call("account", "link", "security_admin")
    assert link["path"].startswith("/ui/welcome#")
    assert call("account", "link", "nobody")[0] == 1
    assert call("account", "list")[1] == []
