"""Signing in by certificate on a running platform: TLS through nginx, SM2 challenges signed by openssl, the end."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.running import RunningSite, free_port, wait_for
from yaodun.cli import main

pytestmark = pytest.mark.integration
ID = "1234567812345678"
PASSWORD = "Gelbe-Tulpen-77"
NAMES = {"ec": ("prime256v1", "-sha256", []), "sm": ("SM2", "-sm3", ["-sigopt", f"distid:{ID}"])}


def openssl(folder: Path, *words: str) -> None:
    done = subprocess.run(["openssl", *words], capture_output=True, cwd=folder, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


def authority(folder: Path, name: str) -> None:
    """A CA and one person's certificate under it, by openssl."""
    curve, digest, sign = NAMES[name]
    for key in (f"{name}-ca", name):
        openssl(folder, "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", f"{key}.key")
    added = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    root = ["-key", f"{name}-ca.key", digest, *sign, "-subj", f"/C=CN/O=Partner/CN={name} CA", *added, "-days", "30"]
    openssl(folder, "req", "-x509", "-new", *root, "-out", f"{name}-ca.crt")
    openssl(folder, "req", "-new", "-key", f"{name}.key", digest, *sign, "-subj", "/C=CN/CN=li", "-out", f"{name}.csr")
    (folder / "ext").write_text("keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n")
    check = ["-vfyopt", f"distid:{ID}"] if name == "sm" else []
    issuer = ["-CA", f"{name}-ca.crt", "-CAkey", f"{name}-ca.key", "-CAcreateserial", "-extfile", "ext", "-days", "30"]
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", *issuer, digest, *sign, *check, "-out", f"{name}.crt")


class World:
    """A platform behind nginx, two partner authorities on its trust list, one person with a certificate of each."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.site = RunningSite(folder / "home", {"YAODUN_WEB__PROXY": "true"})
        for name in NAMES:
            authority(folder, name)
        for name in ("li", "wang"):
            curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"]
            openssl(folder, "genpkey", *curve, "-out", f"{name}.key")
            openssl(folder, "pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")
        self.nginx: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.site.start()
        self.publish("ec", "sm", first=True)
        site_made = ["-subj", "/CN=soc.example.cn", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-nodes"]
        (self.site.home / "tls").mkdir(exist_ok=True)
        words = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", "site.key", "-out", "site.crt"]
        openssl(self.site.home / "tls", "req", "-x509", *words, *site_made)
        made = self.folder / "yaodun.conf"
        listen = f"127.0.0.1:{self.port}"
        self.site.command("trust", "proxy", "--listen", listen, "--name", "localhost", "--out", str(made), check=0)
        self._run_nginx(made)
        self._people()

    def _run_nginx(self, made: Path) -> None:
        for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            (self.folder / name).mkdir(exist_ok=True)
        places = "".join(f"{name}_temp_path {self.folder / name};" for name in ("proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.folder / "nginx.conf"
        config.write_text(
            f"daemon off; master_process off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.err;"
            " events {}"
            f" http {{ access_log off; client_body_temp_path {self.folder / 'body'}; {places} include {made}; }}"
        )
        self.nginx = subprocess.Popen(["nginx", "-c", str(config), "-p", str(self.folder)])
        wait_for("nginx answers", lambda: self._answers(), 20)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return client.get("/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    def _people(self) -> None:
        secret = self.site.first_link().partition("#")[2]
        with self.client() as client:
            made = client.post("/api/v1/link/redeem", json={"link": secret, "name": "li", "password": PASSWORD}).json()
            self.li = made["person"]["id"]
            link = made["links"][0]["path"].partition("#")[2]
            client.post("/api/v1/link/redeem", json={"link": link, "name": "sec", "password": PASSWORD})
            self.enter(client, "sec")
            for name in NAMES:
                form = {"scheme": "fingerprint", "value": (self.folder / f"{name}.crt").read_text()}
                answer = client.post(f"/api/v1/users/{self.li}/certificates", json=form)
                assert answer.status_code == 201, answer.text

    def enter(self, client: httpx.Client, name: str) -> None:
        assert client.post("/api/v1/session", json={"name": name, "password": PASSWORD}).status_code == 201

    def client(self, certificate: str = "") -> httpx.Client:
        import ssl

        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if certificate:
            context.load_cert_chain(self.folder / f"{certificate}.crt", self.folder / f"{certificate}.key")
        origin = {"origin": f"https://localhost:{self.port}", "x-yaodun": "1"}
        return httpx.Client(base_url=f"https://localhost:{self.port}", verify=context, headers=origin, timeout=30)

    def publish(self, *accepted: str, first: bool = False) -> None:
        text = "".join(
            f'[[entry]]\nid = "{name}"\nname = "{name}"\ncertificate = "{name}-ca.crt"\nstate = "accepted"\n\n'
            for name in accepted
        )
        (self.folder / "entries.toml").write_text(text)
        named = [word for name in ("li", "wang") for word in ("--publisher", f"{name}={self.folder / name}.pub")]
        out = str(self.folder / "next.json")
        words = ("trust", "list", "prepare", str(self.folder / "entries.toml"), "--out", out)
        self.run(*words, *(named if first else []))
        for name in ("li", "wang"):
            self.run("trust", "list", "sign", out, "--key", str(self.folder / f"{name}.key"), "--as", name)
        self.run("trust", "list", "publish", out)

    def run(self, *words: str) -> None:
        """A command of the PKI team, in this process: starting one takes longer than what it does."""
        assert main([*words, "--home", str(self.site.home)]) == 0

    def stop(self) -> None:
        if self.nginx is not None:
            self.nginx.terminate()
            self.nginx.wait(timeout=20)
        self.site.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    if not shutil.which("nginx") or not shutil.which("openssl"):
        pytest.skip("install nginx and openssl 3")
    found = World(tmp_path_factory.mktemp("world"))
    try:
        found.start()
        yield found
    finally:
        found.stop()


def who(client: httpx.Client) -> Any:
    return client.get("/api/v1/session").json()["actor"]


def test_a_certificate_of_the_tls_connection_signs_in(world: World) -> None:
    with world.client("ec") as client:
        answer = client.post("/api/v1/session/proxy", json={})
        assert answer.status_code == 201, answer.text
        assert who(client)["name"] == "li"
    with world.client() as client:
        assert client.post("/api/v1/session/proxy", json={}).status_code == 401


def test_nobody_can_claim_a_certificate_by_headers(world: World) -> None:
    """Neither through nginx, which overwrites them, nor directly, without the secret."""
    claimed = {"X-Yaodun-Client-Cert": quote((world.folder / "ec.crt").read_text())}
    with world.client() as client:
        for extra in ({}, {"X-Yaodun-Proxy": "guess"}):
            assert client.post("/api/v1/session/proxy", json={}, headers={**claimed, **extra}).status_code == 401
    direct = {**claimed, "origin": f"https://127.0.0.1:{world.site.web_port}", "x-yaodun": "1"}
    answer = httpx.post(f"{world.site.url}/api/v1/session/proxy", json={}, headers=direct)
    assert answer.status_code == 401


def sign_in_by_challenge(world: World, client: httpx.Client, name: str) -> httpx.Response:
    asked = client.post("/api/v1/session/challenge", json={}).json()
    (world.folder / "text").write_bytes(asked["text"].encode())
    _, digest, sign = NAMES[name]
    openssl(world.folder, "dgst", digest, "-sign", f"{name}.key", *sign, "-out", "signature", "text")
    form = {
        "challenge": asked["id"],
        "signature": base64.b64encode((world.folder / "signature").read_bytes()).decode(),
        "certificate": (world.folder / f"{name}.crt").read_text(),
    }
    return client.post("/api/v1/session/certificate", json=form)


@pytest.mark.parametrize("name", list(NAMES))
def test_a_challenge_signed_by_openssl_signs_in(world: World, name: str) -> None:
    with world.client() as client:
        answer = sign_in_by_challenge(world, client, name)
        assert answer.status_code == 201, answer.text
        assert who(client)["name"] == "li"
        assert answer.cookies.jar is not None


def test_the_session_ends_within_a_second_of_the_withdrawal(world: World) -> None:
    with world.client() as sm, world.client("ec") as ec:
        assert sign_in_by_challenge(world, sm, "sm").status_code == 201
        assert ec.post("/api/v1/session/proxy", json={}).status_code == 201
        world.publish("ec")
        ended = time.monotonic()
        wait_for("the session is nobody's", lambda: who(sm) is None, 5)
        assert time.monotonic() - ended < 1
        assert who(ec)["name"] == "li"
        assert sign_in_by_challenge(world, sm, "sm").status_code == 401
    world.publish("ec", "sm")
    told = world.site.command("audit", "export", str(world.folder / "ledger.txt"))
    assert told.returncode == 0
    leaves = [line for line in (world.folder / "ledger.txt").read_text().splitlines() if line.startswith("leaf ")]
    actions = [json.loads(line.split(" ", 2)[2]) for line in leaves]
    ends = [one["detail"] for one in actions if one["action"] == "trust.session.end"]
    assert {(end["reason"], end["authority"]) for end in ends} == {("authority_withdrawn", "sm")}
