"""The platform on a real OpenSearch node: moved there from the folder, then run there, nothing lost or doubled."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import httpx
import pytest

from tests.contract.opensearch_nodes import Nodes
from tests.running import RunningSite, wait_for

pytestmark = [pytest.mark.integration, pytest.mark.opensearch, pytest.mark.slow]
FEW = 300


@pytest.fixture
def cluster(nodes: Nodes) -> str:
    """The URL of a node that others use too."""
    return nodes("opensearch-3.8.0").url


def deliver(site: RunningSite, token: str, first: int) -> None:
    lines = []
    for number in range(first, first + FEW):
        lines.append(json.dumps({"create": {"_index": "app", "_id": f"n{number}"}}))
        lines.append(
            json.dumps({"message": f"药品 move {number}", "event.dataset": "moved", "user.name": f"u{number}"})
        )
    wait_for("the HTTP receiver", lambda: listens(site), 60)
    answer = httpx.post(
        f"http://127.0.0.1:{site.http_port}/_bulk", content=("\n".join(lines) + "\n").encode(), timeout=60,
        headers={"content-type": "application/x-ndjson", "authorization": f"Bearer {token}"},
    )  # fmt: skip
    assert answer.status_code == 200
    assert answer.json()["errors"] is False


def listens(site: RunningSite) -> bool:
    """Whether the HTTP receiver is open: the pages may answer before it does."""
    try:
        return httpx.get(f"http://127.0.0.1:{site.http_port}/", timeout=5).status_code in (200, 401)
    except httpx.HTTPError:
        return False


def users(site: RunningSite) -> list[str]:
    return [str(row["user.name"]) for row in site.rows("search", "event.dataset:moved", "--limit", "100000")]


def test_from_the_folder_into_a_cluster_and_on(tmp_path: Path, cluster: str) -> None:
    home = tmp_path / f"home-{secrets.token_hex(2)}"
    site = RunningSite(home)
    site.start()
    try:
        (made,) = site.rows("token", "create", "--source", "mover")
        deliver(site, made["token"], 0)
        wait_for("the events in the folder", lambda: len(users(site)) == FEW, 60)
        done = site.command("migrate", "--to", f"opensearch={cluster}", "--format", "ndjson", check=1, within_s=400)
        assert "stop it" in done.stderr
        deliver(site, made["token"], FEW)
        wait_for("more events in the folder", lambda: len(users(site)) == 2 * FEW, 60)
        before = {row["id"]: row for row in site.status()["sources"]}["mover"]
    finally:
        site.stop()
    done = site.command("migrate", "--to", f"opensearch={cluster}", "--format", "ndjson", check=0, within_s=400)
    assert all(json.loads(line)["equal"] for line in done.stdout.splitlines())

    moved = RunningSite(home, extra={"YAODUN_STORE__OPENSEARCH": cluster})
    moved.start()
    try:
        assert len(set(users(moved))) == len(users(moved)) == 2 * FEW
        deliver(moved, made["token"], 2 * FEW)
        deliver(moved, made["token"], 0)
        found = wait_for("new events in the cluster", lambda: len(users(moved)) >= 3 * FEW and users(moved), 60)
        assert len(found) == len(set(found)) == 3 * FEW
        assert moved.rows("search", "药品 AND user.name:u7")
        after = {row["id"]: row for row in moved.status()["sources"]}["mover"]
        assert after["received"] == before["received"] + 2 * FEW
        assert after["received"] == after["stored"] + after["quarantined"] + after["refused"]
        assert moved.status()["store"]["events"] >= 3 * FEW
    finally:
        moved.stop()


def test_one_flag_is_all_a_user_needs(tmp_path: Path, cluster: str) -> None:
    """``yaodun up --store opensearch=URL`` in an empty folder; a wrong address is told, not waited for."""
    site = RunningSite(tmp_path / "home")
    done = site.command("up", "--store", "opensearch=nowhere")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
