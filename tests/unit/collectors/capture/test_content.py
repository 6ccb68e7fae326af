"""What conversations say: names, greetings with their fingerprint, requests, clear-text log-ins.

Oracles: scapy, and the published example of JA4.
"""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR, DNSRR

from collectors.capture import dns, http, tls

CIPHERS = "002f 0035 009c 009d 1301 1302 1303 c013 c014 c02b c02c c02f c030 cca8 cca9"
EXTENSIONS = "0005 000a 000b 000d 0012 0015 0017 001b 0023 002b 002d 0033 4469 ff01"
SIGNATURES = "0403 0804 0401 0503 0805 0501 0806 0601"


def numbers(text: str) -> list[int]:
    """Hexadecimal numbers of a text."""
    return [int(word, 16) for word in text.split()]


def sized(body: bytes, size: int = 2) -> bytes:
    """A body behind its length."""
    return len(body).to_bytes(size) + body


def hello() -> bytes:
    """A ClientHello with GREASE, the offer of the published example, in another order."""
    packed = {0x000D: sized(b"".join(struct.pack("!H", each) for each in numbers(SIGNATURES)))}
    packed[0x002B] = sized(b"\x7a\x7a\x03\x04\x03\x03", 1)
    packed[0x0010] = sized(sized(b"h2", 1) + sized(b"http/1.1", 1))
    packed[0x0000] = sized(b"\0" + sized(b"Drug.Example"))
    kinds = [0x3A3A, *reversed(numbers(EXTENSIONS)), 0x0010, 0x0000]
    extensions = b"".join(struct.pack("!H", kind) + sized(packed.get(kind, b"\0\0")) for kind in kinds)
    offered = b"".join(struct.pack("!H", each) for each in [0x1A1A, *reversed(numbers(CIPHERS))])
    body = b"\x03\x03" + b"r" * 32 + sized(b"", 1) + sized(offered) + sized(b"\0", 1) + sized(extensions)
    return b"\x16\x03\x01" + sized(b"\x01" + sized(body, 3))


def test_the_fingerprint_is_that_of_the_published_example() -> None:
    found = tls.client_hello(hello())
    assert found == {
        "tls.client.ja4": "t13d1516h2_8daaf6152771_e5627efa2ab1",
        "tls.client.server_name": "drug.example",
    }


@given(st.integers(0, 400))
def test_a_greeting_cut_short_is_no_greeting_or_the_same(cut: int) -> None:
    whole = hello()
    found = tls.client_hello(whole[:cut])
    assert found is None or found.keys() <= {"tls.client.ja4", "tls.client.server_name"}


def test_names_and_answers_are_read_as_scapy_writes_them() -> None:
    reply = DNS(
        id=7, qr=1, qd=DNSQR(qname="WWW.Example.org"),
        an=[DNSRR(rrname="www.example.org", type="CNAME", rdata="a.example.org"),
            DNSRR(rrname="a.example.org", type="A", rdata="192.0.2.7")],
    )  # fmt: skip
    assert dns.message(bytes(reply)) == {
        "dns.id": "7", "dns.type": "answer", "dns.question.name": "www.example.org", "dns.question.type": "A",
        "dns.question.registered_domain": "example.org",
        "dns.response_code": "NOERROR", "dns.answers": [{"data": "a.example.org"}, {"data": "192.0.2.7"}],
        "dns.resolved_ip": ["192.0.2.7"],
    }  # fmt: skip


def test_a_name_that_points_at_itself_ends() -> None:
    looped = struct.pack("!HHHHHH", 1, 0, 1, 0, 0, 0) + b"\xc0\x0c" + b"\0\1\0\1"
    assert dns.message(looped) is None


@given(st.binary(max_size=300))
def test_hostile_content_breaks_nothing(data: bytes) -> None:
    for reader in (dns.message, tls.client_hello, tls.server_hello, http.request, http.status):
        found = reader(data)
        assert found is None or isinstance(found, dict)


def test_a_request_and_its_status() -> None:
    found = http.request(
        b"GET /licence?id=5 HTTP/1.1\r\nHost: lic.example\r\nUser-Agent: curl/8\r\nAuthorization: Basic YTpi\r\n\r\n"
    )
    assert found == {
        "http.request.method": "GET", "http.version": "1.1", "url.original": "/licence?id=5", "url.path": "/licence",
        "url.query": "id=5", "url.domain": "lic.example", "user_agent.original": "curl/8",
        "yaodun.flow.credential": "http-basic",
    }  # fmt: skip
    assert http.status(b"HTTP/1.1 404 Not Found\r\n") == {"http.response.status_code": 404}


@pytest.mark.parametrize("text", [b"SSH-2.0-x\r\n", b"GET\r\n", b"get / HTTP/1.1\r\n", b""])
def test_what_is_no_request_is_none(text: bytes) -> None:
    assert http.request(text) is None


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("a.b.example.org", "example.org"),
        ("www.nmpa.gov.cn", "nmpa.gov.cn"),
        ("gov.cn", "gov.cn"),
        ("localhost", ""),
        ("", ""),
        ("7.2.0.192.in-addr.arpa", "in-addr.arpa"),
    ],
)
def test_registered_domains(name: str, domain: str) -> None:
    assert dns.registered(name) == domain
