"""Trust: SM2 beside ``openssl speed``, PKITS, issuing, a list of a million entries, remembered validations."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import Row, figure
from trust.ca.authority import Authority, Order

ROUNDS = 5
MESSAGE = b"x" * 300


def per_second(work: Callable[[], object], seconds: float = 1.0) -> float:
    """Calls a second of processor time, as ``openssl speed`` counts."""
    done, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        for _ in range(20):
            work()
        done += 20
    return done / (time.process_time() - started)


def openssl_speed() -> tuple[float, float]:
    """Signatures and checks a second of ``openssl speed sm2``."""
    words = ["openssl", "speed", "-seconds", "1", "sm2"]
    text = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r"CurveSM2\)\s+\S+\s+\S+\s+([\d.]+)\s+([\d.]+)", text)
    assert found
    return float(found.group(1)), float(found.group(2))


@figure("sm2_sign_vs_openssl", "sm2_verify_known_vs_openssl", "sm2_verify_vs_openssl")
def sm2() -> Iterator[Row]:
    """Alternating with ``openssl speed``, median of the ratios."""
    from trust.crypto.sm2 import PrivateKey, PublicKey

    key = PrivateKey.generate()
    signature, point = key.sign(MESSAGE), key.public.point
    table = PublicKey.from_point(point)
    assert table.known.width
    works: dict[str, tuple[Callable[[], object], int]] = {
        "sm2_sign_vs_openssl": (lambda: key.sign(MESSAGE), 0),
        "sm2_verify_known_vs_openssl": (lambda: table.verify(MESSAGE, signature), 1),
        "sm2_verify_vs_openssl": (lambda: PublicKey.from_point(point).verify(MESSAGE, signature), 1),
    }
    ratios: dict[str, list[tuple[float, float, float]]] = {name: [] for name in works}
    before = openssl_speed()
    for _ in range(ROUNDS):
        ours = {name: per_second(work) for name, (work, _) in works.items()}
        after = openssl_speed()
        for name, (_, which) in works.items():
            theirs = (before[which] + after[which]) / 2
            ratios[name].append((ours[name] / theirs, ours[name], theirs))
        before = after
    for name, rows in ratios.items():
        ratio, _, base = sorted(rows)[len(rows) // 2]
        yield Row(name, ratio, "ratio", "openssl speed sm2 (1/s)", base, ratio)


@figure("sm2_sign_vs_gmssl", "sm2_verify_vs_gmssl", "sm2_fallback_verify_vs_openssl")
def sm2_beside_python() -> Iterator[Row]:
    """Beside ``gmssl``, the declared cross-check; and our own plain Python, for systems without SM2, beside openssl."""
    from gmssl.sm2 import CryptSM2

    from trust.crypto.sm2 import PrivateKey, PublicKey

    key = PrivateKey.generate()
    signature = key.sign(MESSAGE)
    plain = PublicKey(key.public.x, key.public.y, None)
    other = CryptSM2(private_key=f"{key.secret:064x}", public_key=key.public.point[1:].hex())
    theirs = other.sign_with_sm3(MESSAGE)
    assert other.verify_with_sm3(theirs, MESSAGE)
    races: dict[str, list[tuple[float, float, float]]] = {
        name: [] for name in ("sm2_sign_vs_gmssl", "sm2_verify_vs_gmssl", "sm2_fallback_verify_vs_openssl")
    }
    for _ in range(ROUNDS):
        rates = (
            (per_second(lambda: key.sign(MESSAGE), 0.3), per_second(lambda: other.sign_with_sm3(MESSAGE), 0.3)),
            (
                per_second(lambda: key.public.verify(MESSAGE, signature), 0.3),
                per_second(lambda: other.verify_with_sm3(theirs, MESSAGE), 0.3),
            ),
            (per_second(lambda: plain.verify(MESSAGE, signature), 0.3), openssl_speed()[1]),
        )
        for rows, (ours, base) in zip(races.values(), rates, strict=True):
            rows.append((ours / base, ours, base))
    for name, rows in races.items():
        ratio, _, base = sorted(rows)[len(rows) // 2]
        yield Row(name, ratio, "ratio", "openssl speed sm2 (1/s)" if "openssl" in name else "gmssl (1/s)", base, ratio)


@figure("pkits_pct")
def pkits() -> Iterator[Row]:
    """Every published expectation of NIST PKITS on our engine, under the strict profile."""
    from tests.unit.trust.validation.test_pkits import CASES, outcome
    from trust.validation.profile import ProfileName
    from trust.validation.verdict import Outcome

    met = sum((outcome(case, ProfileName.RFC5280) is Outcome.VALID) == (case["expected"] == "valid") for case in CASES)
    yield Row("pkits_pct", 100 * met / len(CASES), "%", "pyhanko-certvalidator (of 246)", 100.0)


@figure("issue_per_s", "issue_vs_sign")
def issue() -> Iterator[Row]:
    """SM2 certificates in batches: intent, signature, certificate, ledger leaf, all durable before release; and issuing
    (durable in the PKI database) against bare signing, by processor time, alternating."""
    from tests.unit.trust.ca.site import Site
    from trust.ca.names import subject_der
    from trust.crypto.sm2 import PrivateKey
    from trust.keys.algorithm import sm2_spki

    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), ledger=True)
        assert site.relay is not None
        root = site.root()
        keys = [sm2_spki(PrivateKey.generate().public.point) for _ in range(BATCH)]
        subjects = [subject_der(f"CN=device-{number}, O=Factory, C=CN") for number in range(BATCH)]
        orders = [Order("device", spki, subject) for spki, subject in zip(keys, subjects, strict=True)]
        root.issue_many(orders, "bench")
        site.relay.carry()
        rates, pairs = [], []
        for _ in range(ROUNDS + 2):
            before = per_second(lambda: site.keys.sign(root.key.id, MESSAGE), 0.1)
            made = _issued_per_cpu_second(root, orders)
            after = per_second(lambda: site.keys.sign(root.key.id, MESSAGE), 0.1)
            pairs.append((made / ((before + after) / 2), (before + after) / 2))
            site.relay.carry()
            started = time.perf_counter()
            issued = root.issue_many(orders, "bench")
            site.relay.carry()
            assert site.relay.release(issued[-1].intent)
            rates.append(len(issued) / (time.perf_counter() - started))
        site.close()
    ratio, raw = sorted(pairs)[len(pairs) // 2]
    yield Row("issue_per_s", max(rates), "1/s", "median of the same short runs", statistics.median(rates))
    yield Row("issue_vs_sign", ratio, "ratio", "raw SM2 sign (1/s of processor time)", raw, ratio)


BATCH = 200


def _issued_per_cpu_second(root: Authority, orders: list[Order]) -> float:
    started = time.process_time()
    root.issue_many(orders, "bench")
    return len(orders) / (time.process_time() - started)


@figure("crl_1m_ingest_s", "crl_lookup_us")
def million() -> Iterator[Row]:
    """A list of a million entries with reasons: read, its signature checked, looked up."""
    from trust.ca.crl import ListScope, Revoked, crl_tbs
    from trust.ca.names import subject_der
    from trust.ca.template import whole
    from trust.crypto.algorithm import Check, check_signature
    from trust.keys import material
    from trust.keys.algorithm import ALGORITHM
    from trust.keys.seams import KeyKind
    from trust.validation.crl import read_crl

    now = datetime(2026, 6, 1, tzinfo=UTC)
    private, name = material.generate(KeyKind.SM2), subject_der("CN=Large, O=Bench, C=CN")
    step = (1 << 120) // 1_000_003
    entries = (Revoked((1 << 126) + number * step, now, "superseded") for number in range(1_000_000))
    tbs = crl_tbs(name, bytes(20), ALGORITHM[KeyKind.SM2], ListScope(1), now, now + timedelta(days=7), entries)
    der = whole(tbs, ALGORITHM[KeyKind.SM2], material.sign(private, tbs, b"1234567812345678"))
    started = time.perf_counter()
    crl = read_crl(der)
    spki = material.spki_of(private)
    assert check_signature(spki, crl.signature_algorithm, crl.tbs, crl.signature) is Check.GOOD
    yield Row("crl_1m_ingest_s", time.perf_counter() - started, "s")
    serials = [(1 << 126) + number * step + number % 2 for number in range(0, 1_000_000, 997)]
    started = time.process_time()
    found = sum(crl.find(serial, crl.issuer) is not None for serial in serials)
    yield Row("crl_lookup_us", 1e6 * (time.process_time() - started) / len(serials), "us")
    assert found == sum(number % 2 == 0 for number in range(0, 1_000_000, 997))


@figure("recognition_scenarios")
def scenarios() -> Iterator[Row]:
    """Scenarios of mutual recognition with the wanted answer and evidence that replays to it."""
    from tests.unit.trust.trustlist.test_recognition import CASES
    from trust.trustlist.recognise import from_bundle, recognise
    from trust.validation.evidence import replay

    passed = 0
    for case in CASES:
        verdict = recognise(case.history, case.request())
        wanted = case.outcome or ("invalid" if case.reason else "valid")
        passed += verdict.outcome == wanted and replay(verdict.evidence, lists=from_bundle).same
    yield Row("recognition_scenarios", passed, "scenarios", "all scenarios", len(CASES))


@figure("cached_validations_per_s", "withdrawal_visible_p99_s")
def recognition() -> Iterator[Row]:
    """Remembered answers by the trust list; and how fast a withdrawal is seen, durable publication to the last of: the
    validator of another process says no, the session of that authority's certificate is nobody's in another web."""
    with tempfile.TemporaryDirectory() as folder:
        scene = _Scene(Path(folder))
        try:
            rates = [per_second(scene.ask) for _ in range(ROUNDS)]
            yield Row("cached_validations_per_s", statistics.median(rates), "1/s")
            delays = sorted(scene.withdraw() for _ in range(WITHDRAWALS))
        finally:
            scene.close()
    worst = delays[math.ceil(0.99 * len(delays)) - 1]
    yield Row("withdrawal_visible_p99_s", worst, "s", "median of the same", statistics.median(delays))


WITHDRAWALS = 30


class _Scene:
    """One site as two processes have it: a publisher, and a web with validator, feed and sessions."""

    def __init__(self, folder: Path) -> None:
        from infra.clock import SystemClock
        from infra.feed import Feed
        from infra.records import open_records
        from infra.records.migrate import migrate
        from tests.unit.trust.trustlist.recognition import EC, SM2, entry, leaf, signed, version
        from tests.unit.trust.validation.test_request import Sm2Key
        from trust.access import Access
        from trust.identity.account import State as AccountState
        from trust.identity.accounts import make_user
        from trust.identity.authenticate import WebAuthenticator
        from trust.identity.certificate_sign_in import CertificateSignIn
        from trust.identity.rows import SubjectRow
        from trust.identity.tokens import Tokens
        from trust.settings import Identities
        from trust.trustlist.publish import ListStore
        from trust.trustlist.status import StatusStore
        from trust.trustlist.verifier import Verifier

        self.clock, place = SystemClock(), folder / "records.db"
        self.office, self.web = open_records(place), open_records(place)
        migrate(self.office.engine)
        self.made = leaf(SM2, owner=Sm2Key(), start=None, end=None)
        self._entry, self._sm2, self._ec, self._signed, self._version = entry, SM2, EC, signed, version
        self.lists = ListStore(self.office, self.clock)
        self.latest: Any = None
        self.publish("accepted")
        self.verifier = Verifier(ListStore(self.web, self.clock), StatusStore(self.web, self.clock))
        self.door = CertificateSignIn(self.web, self.verifier, Identities(), self.clock)
        tokens = Tokens(self.web, Access(None), self.clock)
        self.guard = WebAuthenticator(self.web, tokens, secure=True, clock=self.clock)
        fingerprint = hashlib.sha256(self.made.der).hexdigest()

        def person(session: Any) -> None:
            row = make_user(session, "bench", "bench", AccountState.ACTIVE, self.clock.now())
            session.add(SubjectRow(scheme="fingerprint", value=fingerprint, user=row.id, added=self.clock.now()))

        self.office.write(person)
        self.feed = Feed(self.web, self.clock)
        self.guard.listen(self.feed)
        self.feed.start()

    def publish(self, state: str) -> None:
        from trust.trustlist.entry import State

        entries = [self._entry("sm2", self._sm2, state=State(state)), self._entry("ec", self._ec)]
        self.latest = self._version(entries, self.latest, issued=self.clock.now())
        self.lists.publish(self._signed(self.latest), "bench")

    def ask(self) -> str:
        from trust.validation.request import Document, Request

        now = self.clock.now()
        return str(self.verifier.verify(Request(documents=(Document("leaf", self.made.der),), now=now, at=now)).outcome)

    def withdraw(self) -> float:
        """Seconds until the withdrawal is seen everywhere; the authority is accepted again afterwards."""
        from trust.identity.certificate_sign_in import Visitor

        row, challenge = self.door.challenge("https://bench")
        signature = self.made.key.sign(challenge.text.encode())
        done = self.door.answer(row, signature, self.made.der, (), Visitor("192.0.2.1"))
        cookie = {"cookie": f"__Host-yaodun={done.secret}"}
        assert asyncio.run(self.guard.authenticate(cookie)).id
        assert self.ask() == "valid"
        durable: list[float] = []

        def work() -> None:
            self.publish("suspended")
            durable.append(time.perf_counter())

        thread = threading.Thread(target=work)
        thread.start()
        while self.ask() != "invalid" or asyncio.run(self.guard.authenticate(cookie)).id:
            time.sleep(0.01)
        seen = time.perf_counter()
        thread.join()
        self.publish("accepted")
        return max(0.0, seen - durable[0])

    def close(self) -> None:
        self.feed.stop()
        self.office.close()
        self.web.close()
