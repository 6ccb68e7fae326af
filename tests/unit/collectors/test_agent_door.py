"""Who comes in by the door for agents: a good token once, a good certificate while it is not revoked, nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from collectors.agent.channel import SERVER_NAME, TlsChannel, UnknownChannel
from collectors.agent.identity import AgentIdentity
from collectors.agent.orders import Orders
from collectors.agent.wire import (
    Ask,
    Authority,
    Batch,
    Certified,
    Enrol,
    Hello,
    Placed,
    Refusal,
    ToAgent,
    Welcome,
    decoder_of,
    pack,
    read_message,
)
from collectors.fleet.authority import AgentAuthority
from collectors.fleet.configuration import Configuration, unpack_order
from infra.errors import AppError
from infra.events.frame import COLLECTED, SKEW, Frame
from infra.spool import SpoolPosition, SpoolReader
from tests.agents import OPERATOR, Ground, until

WORDS = decoder_of(ToAgent)


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    made = Ground(tmp_path / "ground")
    await made.start()
    yield made
    await made.close()


def a_request(key: ec.EllipticCurvePrivateKey | None = None) -> bytes:
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whoever")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def own_pair(folder: Path, ground: Ground, key: ec.EllipticCurvePrivateKey, certificate: bytes) -> Path:
    plain = serialization.NoEncryption()
    path = folder / f"{time.monotonic_ns()}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain) + certificate
    )
    return path


async def say(channel: Any, *messages: Any) -> list[Any]:
    """What ingest answers to each message on one connection; None where it closes instead."""
    reader, writer = await channel.open()
    answers: list[Any] = []
    try:
        async with asyncio.timeout(10):
            for message in messages:
                writer.write(pack(message))
                answers.append(await read_message(reader, WORDS))
    except (asyncio.IncompleteReadError, OSError):
        answers.append(None)
    finally:
        writer.transport.abort()
    return answers


async def enrolled(folder: Path, ground: Ground, **wanted: Any) -> AgentIdentity:
    identity = AgentIdentity(folder, "127.0.0.1", ground.port)
    await identity.enrol(ground.token(**wanted), "host-a", "1")
    return identity


async def test_a_token_lets_in_one_agent_once(ground: Ground, tmp_path: Path) -> None:
    token = ground.token()
    first = AgentIdentity(tmp_path / "one", "127.0.0.1", ground.port)
    known = await first.enrol(token, "host-a")
    assert known.name == "host-a"
    with pytest.raises(AppError) as refusal:
        await AgentIdentity(tmp_path / "two", "127.0.0.1", ground.port).enrol(token, "host-b")
    assert refusal.value.message_key == "collectors.fleet.token_refused"
    assert (tmp_path / "one" / "agent.pem").stat().st_mode & 0o077 == 0


async def test_an_answer_that_was_lost_can_be_asked_for_again_with_the_same_key_only(
    ground: Ground, tmp_path: Path
) -> None:
    secret = ground.token().partition(".")[0]
    key, channel = (
        ec.generate_private_key(ec.SECP256R1()),
        TlsChannel("127.0.0.1", ground.port, ground.fleet.authority.certificate_path),
    )
    answers = [await say(channel, Enrol(secret, a_request(key), "h")) for _ in range(2)]
    assert isinstance(answers[0][0], Certified)
    assert answers[0][0].agent == answers[1][0].agent
    assert (await say(channel, Enrol(secret, a_request(), "h"))) == [Refusal("token_refused")]
    assert len(ground.fleet.agents()) == 1


@pytest.mark.parametrize("secret", ["", "yde_wrong", "x" * 500])
async def test_a_wrong_token_is_refused(ground: Ground, secret: str) -> None:
    channel = TlsChannel("127.0.0.1", ground.port, ground.fleet.authority.certificate_path)
    assert await say(channel, Enrol(secret, a_request(), "h")) == [Refusal("token_refused")]


async def test_without_a_certificate_nothing_but_asking_and_enrolling_is_answered(ground: Ground) -> None:
    channel = TlsChannel("127.0.0.1", ground.port, ground.fleet.authority.certificate_path)
    batch = Batch([Placed(SpoolPosition(1, 20), Frame("a/b", "lines", 1, 1, b"x"))])
    assert await say(channel, Hello("a", "h")) == [Refusal("certificate_needed")]
    assert await say(channel, batch) == [Refusal("certificate_needed")]
    assert isinstance((await say(UnknownChannel("127.0.0.1", ground.port), Ask()))[0], Authority)
    assert not ground.ledger()


async def test_a_certificate_of_another_authority_does_not_come_in(ground: Ground, tmp_path: Path) -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), AgentAuthority(tmp_path / "other")
    mine = await enrolled(tmp_path / "mine", ground)
    assert mine.known is not None
    forged = other.issue(a_request(key), mine.known.agent).public_bytes(serialization.Encoding.PEM)
    path = own_pair(tmp_path, ground, key, forged)
    channel = TlsChannel("127.0.0.1", ground.port, ground.fleet.authority.certificate_path, path)
    with contextlib.suppress(ssl.SSLError):
        assert await say(channel, Hello("a", "h")) == [None]
    assert not ground.presence.agents


async def test_a_certificate_ingest_never_gave_out_does_not_come_in(ground: Ground, tmp_path: Path) -> None:
    """Signed by the right authority, for an agent that exists, but with a serial number nobody recorded."""
    mine = await enrolled(tmp_path / "mine", ground)
    assert mine.known is not None
    key = ec.generate_private_key(ec.SECP256R1())
    stray = ground.fleet.authority.issue(a_request(key), mine.known.agent).public_bytes(serialization.Encoding.PEM)
    path = own_pair(tmp_path, ground, key, stray)
    channel = TlsChannel("127.0.0.1", ground.port, ground.fleet.authority.certificate_path, path)
    assert await say(channel, Hello("a", "h")) == [Refusal("agent_refused")]


async def test_renewal_changes_the_key_and_the_pair_before_stays_good_for_once(ground: Ground, tmp_path: Path) -> None:
    mine = await enrolled(tmp_path / "mine", ground)
    before = (tmp_path / "mine" / "agent.pem").read_bytes()
    (tmp_path / "old.pem").write_bytes(before)
    await mine.renew()
    assert (tmp_path / "mine" / "agent.pem").read_bytes().split(b"-----BEGIN CERT")[0] != before.split(
        b"-----BEGIN CERT"
    )[0]
    old = TlsChannel("127.0.0.1", ground.port, mine.authority, tmp_path / "old.pem")
    assert isinstance((await say(mine.channel(), Hello("a", "h")))[0], Welcome)
    assert isinstance((await say(old, Hello("a", "h")))[0], Welcome)
    await mine.renew()
    assert await say(old, Hello("a", "h")) == [Refusal("agent_refused")]


async def test_a_revoked_agent_is_cut_and_cannot_renew(ground: Ground, tmp_path: Path) -> None:
    mine = await enrolled(tmp_path / "mine", ground)
    reader, writer = await mine.channel().open()
    writer.write(pack(Hello("a", "h")))
    assert isinstance(await read_message(reader, WORDS), Welcome)
    ground.fleet.revoke(OPERATOR, "host-a")
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.transport.abort()
    assert await say(mine.channel(), Hello("a", "h")) == [Refusal("agent_refused")]
    with pytest.raises(AppError):
        await mine.renew()


async def test_a_server_the_token_does_not_name_is_not_told_the_secret(ground: Ground, tmp_path: Path) -> None:
    other = Ground(tmp_path / "other")
    token = other.token()
    with pytest.raises(AppError) as refusal:
        await AgentIdentity(tmp_path / "a", "127.0.0.1", ground.port).enrol(token, "h")
    assert refusal.value.message_key == "collectors.agent.server_unknown"
    other.records.close()


async def test_an_agent_cannot_speak_for_another(ground: Ground, tmp_path: Path) -> None:
    """Neither its sources nor its places: it delivers below its own name whatever it claims."""
    mine = await enrolled(tmp_path / "mine", ground, name="mine")
    await enrolled(tmp_path / "theirs", ground, name="theirs")
    frame = Frame("theirs/audit", "lines", 1, time.time_ns(), b"x", meta={"place": "agent:theirs", "reached": "9.9"})
    (_, ack) = await say(mine.channel(), Hello("theirs", "h"), Batch([Placed(SpoolPosition(1, 20), frame)]))
    assert ack.position == SpoolPosition(1, 20)
    assert set(ground.ledger()) == {"mine/audit"}
    assert ground.places.reached("agent:theirs") == ""


async def test_a_clock_that_is_off_is_kept_beside_what_it_said(ground: Ground, tmp_path: Path) -> None:
    mine = await enrolled(tmp_path / "mine", ground)
    wrong = time.time_ns() - 3_600 * 10**9
    frame = Frame("h/app", "lines", 1, wrong, b"x")
    await say(mine.channel(), Hello("a", "h"), Batch([Placed(SpoolPosition(1, 20), frame)], skew_ms=3_600_000))
    ((taken, _),) = SpoolReader(ground.folder / "spool").read()
    assert taken.meta[SKEW] == "3600000"
    assert taken.meta[COLLECTED] == str(wrong)
    assert abs(taken.received_ns - time.time_ns()) < 60 * 10**9


@pytest.mark.parametrize("garbage", [b"\xff" * 8, b"\0\0\0\x04nope", b"\0\0\0\x01\xc0", pack(Batch([]))])
async def test_garbage_ends_that_connection_only(ground: Ground, tmp_path: Path, garbage: bytes) -> None:
    mine = await enrolled(tmp_path / "mine", ground)
    for channel in (mine.channel(), TlsChannel("127.0.0.1", ground.port, mine.authority)):
        reader, writer = await channel.open()
        writer.write(garbage)
        async with asyncio.timeout(5):
            await reader.read()
        writer.transport.abort()
    assert isinstance((await say(mine.channel(), Hello("a", "h")))[0], Welcome)


def test_the_authority_vouches_for_ingest_by_one_name_and_openssl_agrees(tmp_path: Path) -> None:
    authority = AgentAuthority(tmp_path)
    pair = authority.server_pair()
    context = ssl.create_default_context(cafile=authority.certificate_path)
    assert context.cert_store_stats()["x509_ca"] == 1
    names = x509.load_pem_x509_certificate(pair.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == [SERVER_NAME]
    assert AgentAuthority(tmp_path).fingerprint == authority.fingerprint
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.glob("*.key"))


async def test_an_order_is_followed_only_when_genuine_and_newer(ground: Ground, tmp_path: Path) -> None:
    ground.fleet.configure(OPERATOR, "edge", Configuration(interval_s=60))
    ((version, data),) = ground.fleet.orders().values()
    orders = Orders(tmp_path / "order", ground.fleet.authority.certificate_path)
    signed, order = unpack_order(data)
    forged = msgspec.structs.replace(signed, body=signed.body.replace(b"60", b"61"))
    assert await orders.take(msgspec.msgpack.encode(forged), 0) is None
    assert await orders.take(b"\xff", 0) is None
    assert await orders.take(data, version) is None
    assert await orders.recall() is None
    assert await orders.take(data, version - 1) == order
    assert await orders.recall() == order


async def test_a_host_far_from_the_time_is_bounded(ground: Ground) -> None:
    """A certificate lasts ninety days from now: nothing an agent says of its clock moves that."""
    made = ground.fleet.authority.issue(a_request(), "x")
    assert timedelta(days=89) < made.not_valid_after_utc - datetime.now(UTC) < timedelta(days=91)


async def test_no_token_is_asked_for_without_reason(ground: Ground) -> None:
    with pytest.raises(AppError):
        ground.fleet.create_enrolment(OPERATOR, days=99)
    with pytest.raises(AppError):
        ground.fleet.create_enrolment(OPERATOR, name="a b")
    assert "secret" not in repr(ground.fleet.create_enrolment(OPERATOR))
    await until(lambda: True)
