"""Probes against real servers: nginx with pages that change, TLS of different makes, a silent port, name servers."""

from __future__ import annotations

import asyncio
import datetime
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from collectors.probes.looks import dns_answers, look_icmp, timed
from collectors.probes.probe_poller import ProbePoller
from collectors.probes.probe_poller import make as make_probes
from collectors.sources.reporting import Host, Reporter
from infra.events.stream import Event
from tests.integration.brokers import free_port, program, running
from tests.unit.collectors.probes.pages import Site, attacks
from tests.unit.collectors.sinks import conforming

pytestmark = pytest.mark.integration


def probe(**target: Any) -> ProbePoller:
    found = make_probes(Reporter(Host("agent1", ""), "probe"), {"target": [{"timeout_s": 5, **target}]}, Path())
    assert isinstance(found, ProbePoller)
    return found


async def look(poller: ProbePoller) -> tuple[dict[str, float], list[Event]]:
    documents = await poller.look(poller.watched[0])
    conforming(documents)
    metrics = {
        each["yaodun.metric.name"]: each["yaodun.metric.value"] for each in documents if "yaodun.metric.name" in each
    }
    return metrics, [each for each in documents if "event.action" in each]


def authority(folder: Path) -> tuple[Path, Any, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test Root")])
    certificate = sign(name, name, key, key, 3_650, ca=True)
    path = folder / "root.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return path, certificate, key


def sign(subject: Any, issuer: Any, key: Any, issuer_key: Any, days: int, *, ca: bool) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=days)).add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )  # fmt: skip
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.test")]), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def served(folder: Path, name: str, root: Any, root_key: Any, days: int) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.test")])
    certificate = sign(subject, root.subject, key, root_key, days, ca=False)
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return f"ssl_certificate {folder}/{name}.pem; ssl_certificate_key {folder}/{name}.key;"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder, path = tmp_path_factory.mktemp("nginx"), program("nginx", "nginx-light")
    root, certificate, key = authority(folder)
    ports = {name: free_port() for name in ("page", "good", "old", "soon")}
    servers = "".join(
        f"server {{ listen 127.0.0.1:{ports[name]} ssl; ssl_protocols {protocols}; ssl_ciphers ALL:@SECLEVEL=0;"
        f"{served(folder, name, certificate, key, days)} }}\n"
        for name, days, protocols in (
            ("good", 300, "TLSv1.2 TLSv1.3"), ("old", -10, "TLSv1 TLSv1.1 TLSv1.2"), ("soon", 5, "TLSv1.3"),
        )
    )  # fmt: skip
    (folder / "www").mkdir()
    settings = folder / "nginx.conf"
    settings.write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;\n"
        f"{'user root;' if os.geteuid() == 0 else ''} events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;"
        f" fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5; charset utf-8;"
        f" types {{ text/html html; }}\n"
        f"server {{ listen 127.0.0.1:{ports['page']}; root {folder}/www; }}\n{servers} }}\n"
    )
    with running([path, "-p", str(folder), "-c", str(settings)], ports["page"]):
        yield {**ports, "www": folder / "www", "root": str(root)}


async def test_a_page_is_learnt_and_a_change_told_once_until_it_is_restored(web: dict[str, Any]) -> None:
    site, page = Site(77), web["www"] / "index.html"
    poller = probe(type="http", address=f"http://127.0.0.1:{web['page']}/", watch=True, views=6, text=site.title)
    for number in range(12):
        page.write_text(site.view(number))
        metrics, events = await look(poller)
        assert (metrics["probe.up"], events) == (1.0, [])
    page.write_text(attacks(site)["licence number"](site.view(12)))
    [told] = (await look(poller))[1]
    assert told["event.action"] == "page-changed"
    assert "H99999999" in told["message"]
    assert (await look(poller))[1] == []
    page.write_text(site.view(13))
    assert [each["event.action"] for each in (await look(poller))[1]] == ["page-restored"]
    page.write_text("<h1>gone</h1>")
    [failed] = (await look(poller))[1]
    assert failed["event.action"] == "probe-failed"


@pytest.mark.parametrize(
    ("port", "action", "words"),
    [
        ("good", None, ()),
        ("old", "tls-trouble", ("chain-invalid", "expired", "weak-1.0", "weak-1.1")),
        ("soon", "tls-trouble", ("certificate-expires",)),
    ],
)
async def test_tls(web: dict[str, Any], port: str, action: str | None, words: tuple[str, ...]) -> None:
    poller = probe(type="tls", address=f"127.0.0.1:{web[port]}", name="shop.test", anchors=web["root"])
    metrics, events = await look(poller)
    assert metrics["probe.up"] == 1.0
    assert [each["event.action"] for each in events] == ([action] if action else [])
    for word in words:
        assert word in events[0]["event.reason"]
    expected = {"good": 300, "old": -10, "soon": 5}[port]
    assert metrics["certificate.days_left"] == pytest.approx(expected, abs=0.1)
    assert (await look(poller))[1] == [], "told once"


async def test_a_strange_name_and_a_strange_authority(web: dict[str, Any], tmp_path: Path) -> None:
    other, _, _ = authority(tmp_path)
    for name, anchors in (("elsewhere.test", web["root"]), ("shop.test", str(other))):
        poller = probe(type="tls", address=f"127.0.0.1:{web['good']}", name=name, anchors=anchors)
        [event] = (await look(poller))[1]
        assert "chain-" in event["event.reason"], (name, event)


async def test_every_failure_is_a_datum() -> None:
    nobody = free_port()
    metrics, [event] = await look(probe(type="tcp", address=f"127.0.0.1:{nobody}"))
    assert (metrics["probe.up"], event["event.action"]) == (0.0, "probe-failed")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        for kind in ("redis", "postgresql", "mysql", "tls", "http"):
            address = f"http://127.0.0.1:{port}/" if kind == "http" else f"127.0.0.1:{port}"
            metrics, [event] = await look(probe(type=kind, address=address, timeout_s=0.3))
            assert (metrics["probe.up"], event["event.reason"]) == (0.0, "time-out"), kind
            assert 0.25 < metrics["probe.duration"] < 5


async def test_databases_by_their_greeting() -> None:
    answers = {
        "redis": b"-NOAUTH Authentication required.\r\n", "mysql": b"\x10\0\0\0\x0a8.0.36\0rest.....",
        "postgresql": b"R\0\0\0\x08\0\0\0\x0a",
    }  # fmt: skip
    for kind, answer in answers.items():

        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: bytes = answer) -> None:
            writer.write(words)
            await reader.read()
            writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        metrics, events = await look(probe(type=kind, address=f"127.0.0.1:{server.sockets[0].getsockname()[1]}"))
        assert (metrics["probe.up"], events) == (1.0, []), kind
        server.close()
        await asyncio.sleep(0.05)


async def test_dns_answers_and_refusals() -> None:
    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            question = data[12:]
            if b"absent" in question:
                head = struct.pack("!HHHHHH", int.from_bytes(data[:2], "big"), 0x8183, 1, 0, 0, 0)
                self.transport.sendto(head + question, addr)  # type: ignore[attr-defined]
                return
            head = struct.pack("!HHHHHH", int.from_bytes(data[:2], "big"), 0x8180, 1, 1, 0, 0)
            answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + bytes([192, 0, 2, 9])
            self.transport.sendto(head + question + answer, addr)  # type: ignore[attr-defined]

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    server = f"127.0.0.1#{transport.get_extra_info('sockname')[1]}"
    good = probe(type="dns", address=server, name="shop.test", expect=["192.0.2.9"])
    assert (await look(good))[0]["probe.up"] == 1.0
    hijacked = probe(type="dns", address=server, name="shop.test", expect=["192.0.2.1"])
    assert "192.0.2.9" in (await look(hijacked))[1][0]["event.reason"]
    absent = probe(type="dns", address=server, name="absent.test")
    assert (await look(absent))[1][0]["event.reason"] == "no such name"
    transport.close()
    for noise in (b"", b"\0" * 11, b"\0\0\x81\x80\0\1\0\1\0\0\0\0\xff", b"\xff" * 40):
        with pytest.raises(ValueError):
            dns_answers(noise, "A")


async def test_an_echo_of_this_host() -> None:
    found = await timed(lambda: look_icmp("127.0.0.1"), 3)
    if not found.up and "may not send" in found.reason:
        pytest.skip("this user may not send ICMP: sysctl net.ipv4.ping_group_range, or run as root")
    assert found.up, found.reason
    assert 0 < found.numbers["probe.round_trip"][0] < 1
