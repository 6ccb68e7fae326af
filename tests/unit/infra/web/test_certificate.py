"""The site's certificate: made once, private, renewed in time, replaceable."""

import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from infra.clock import ManualClock
from infra.errors import AppError
from infra.web.certificate import site_certificate

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_made_once_and_kept(tmp_path):
    first = site_certificate(tmp_path, ["yaodun.example", "192.0.2.7", "0.0.0.0"], ManualClock(NOW))
    again = site_certificate(tmp_path, [], ManualClock(NOW))
    assert first == again
    assert first.site_made
    made = x509.load_pem_x509_certificate(first.certificate.read_bytes())
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "yaodun.example"} <= set(names.get_values_for_type(x509.DNSName))
    assert {"127.0.0.1", "192.0.2.7"} <= {str(a) for a in names.get_values_for_type(x509.IPAddress)}
    assert "0.0.0.0" not in {str(a) for a in names.get_values_for_type(x509.IPAddress)}
    assert bytes.fromhex(first.fingerprint.replace(":", "")) == made.fingerprint(hashes.SHA256())


def test_the_key_is_private_and_fits(tmp_path):
    pair = site_certificate(tmp_path)
    assert pair.key.stat().st_mode & 0o077 == 0
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(pair.certificate, pair.key)


def test_renewed_a_month_before_its_end(tmp_path):
    clock = ManualClock(NOW)
    first = site_certificate(tmp_path, [], clock)
    clock.advance(366 * 86_400)
    assert site_certificate(tmp_path, [], clock) == first
    clock.advance(2 * 86_400)
    assert site_certificate(tmp_path, [], clock).fingerprint != first.fingerprint


def test_a_pair_put_there_by_the_operator_is_never_replaced(tmp_path):
    elsewhere = site_certificate(tmp_path / "other", [], ManualClock(NOW))
    site_certificate(tmp_path / "site", [], ManualClock(NOW))
    for name in ("site.crt", "site.key"):
        (tmp_path / "site" / name).write_bytes((tmp_path / "other" / name).read_bytes())
    clock = ManualClock(NOW)
    clock.advance(390 * 86_400)
    found = site_certificate(tmp_path / "site", [], clock)
    assert (found.fingerprint, found.site_made) == (elsewhere.fingerprint, False)


def test_what_cannot_be_read_is_named(tmp_path):
    site_certificate(tmp_path)
    (tmp_path / "site.crt").write_text("nonsense")
    with pytest.raises(AppError) as caught:
        site_certificate(tmp_path)
    assert str(tmp_path / "site.crt") in str(caught.value.detail)
