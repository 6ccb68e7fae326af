from __future__ import annotations

from typing import Any

import pytest

from infra.errors import AppError
from trust.crypto import selftest, sm2
from trust.crypto.libcrypto import Libcrypto, system_libcrypto


@pytest.fixture
def library() -> Libcrypto:
    found = system_libcrypto()
    if found is None:
        pytest.skip("install OpenSSL 3.0 or newer (libcrypto.so.3)")
    return found


class Broken:
    """The real library with one function exchanged for a wrong one."""

    def __init__(self, library: Libcrypto, name: str, wrong: Any) -> None:
        self._library, self.name = library, "broken"
        setattr(self, name, wrong)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)


def test_good_providers_pass(library: Libcrypto) -> None:
    assert selftest.library_faults(library) == []
    assert selftest.library_faults(None) == []
    assert selftest.symmetric_faults() == []


WRONG = {
    "verify says yes to all": ("verify", lambda *_: True),
    "verify says no to all": ("verify", lambda *_: False),
    "sign repeats its nonce": ("sign", lambda *_: sm2.der.encode_pair(selftest.R, selftest.S)),
    "decrypt does not check": ("decrypt", lambda *_: selftest.PLAIN),
    "multiply returns the generator": ("multiply", lambda *_: (sm2.GX, sm2.GY)),
}


@pytest.mark.parametrize(("name", "wrong"), WRONG.values(), ids=WRONG.keys())
def test_a_broken_library_is_found(library: Libcrypto, name: str, wrong: Any) -> None:
    assert selftest.library_faults(Broken(library, name, wrong))  # type: ignore[arg-type]


def test_a_broken_library_is_not_used(library: Libcrypto, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Broken(library, "verify", lambda *_: True)
    monkeypatch.setattr(selftest, "system_libcrypto", lambda: broken)
    assert selftest.trusted_library.__wrapped__() is None


def test_nothing_starts_on_a_broken_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest, "sm3", lambda *_: bytes(32))
    with pytest.raises(AppError):
        selftest.trusted_library.__wrapped__()


def test_a_library_that_is_not_there_is_an_error() -> None:
    with pytest.raises(AppError):
        Libcrypto("libcrypto-that-does-not-exist.so")
