"""SSH keys of accounts: fingerprints as ssh-keygen prints them, and nothing secret."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from collectors.sources.keys import fingerprint, ssh_keys


def test_what_opens_and_what_is_kept(tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("needs ssh-keygen: apt install openssh-client")
    home, ssh = tmp_path, tmp_path / ".ssh"
    ssh.mkdir()
    for kind in ("ed25519", "ecdsa"):
        path = str(ssh / f"id_{kind}")
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "a b", "-f", path], check=True, timeout=20)
    (ssh / "id_ecdsa").unlink()
    told = {kind: _told(ssh / f"id_{kind}.pub") for kind in ("ed25519", "ecdsa")}
    options = 'from="10.0.0.0/8",command="/bin/echo ssh- x" ' + (ssh / "id_ecdsa.pub").read_text()
    (ssh / "authorized_keys").write_text(f"# ssh-ed25519 AAAA\n\nssh-rsa !!! broken\n{options}")
    found = {key: fields for _, key, fields in ssh_keys([("li", home)])}
    assert set(found) == {f"kept:li:{told['ed25519']}", f"authorized:li:{told['ecdsa']}"}
    assert found[f"kept:li:{told['ed25519']}"] == {"user.name": "li", "yaodun.credential.id": told["ed25519"]}


def _told(public: Path) -> str:
    ran = subprocess.run(["ssh-keygen", "-lf", str(public)], capture_output=True, text=True, check=True, timeout=20)
    found = re.search(r"SHA256:\S+", ran.stdout)
    assert found is not None
    return found.group()


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 %%%", "nonsense AAAA", "# a word"])
def test_lines_without_a_key_have_none(line: str) -> None:
    assert fingerprint(line) == ""


def test_an_account_without_a_home_has_no_keys(tmp_path: Path) -> None:
    assert list(ssh_keys([("nobody", tmp_path / "none")])) == []
