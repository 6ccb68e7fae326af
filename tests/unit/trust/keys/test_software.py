from __future__ import annotations

import stat
from pathlib import Path

import pytest

from infra.errors import AppError, ErrorKind
from trust.crypto.algorithm import Check, check_signature
from trust.crypto.curve import DEFAULT_ID
from trust.keys.algorithm import ALGORITHM
from trust.keys.seams import Custody, KeyKind
from trust.keys.software import SoftwareKeys


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def opened(folder: Path, threshold: int = 2, count: int = 3) -> tuple[SoftwareKeys, list[str]]:
    keys = SoftwareKeys(folder)
    return keys, keys.initialise(threshold, count)


@pytest.mark.parametrize("kind", [KeyKind.SM2, KeyKind.P256, KeyKind.P384, KeyKind.RSA2048, KeyKind.ED25519])
def test_a_key_signs_and_survives_sealing(folder: Path, kind: KeyKind) -> None:
    keys, shares = opened(folder)
    made = keys.generate("issuing", kind)
    again = SoftwareKeys(folder)
    assert again.unlock(shares[2]) == 1
    assert again.unlock(shares[0]) == 0
    signature = again.sign(made.id, b"message", DEFAULT_ID)
    assert check_signature(made.spki, ALGORITHM[kind], b"message", signature) is Check.GOOD
    assert again.find(made.id) == made
    assert made.custody is Custody.SOFTWARE


def test_a_restarted_provider_is_sealed(folder: Path) -> None:
    keys, shares = opened(folder)
    made = keys.generate("issuing", KeyKind.P256)
    again = SoftwareKeys(folder)
    assert again.sealed
    assert again.keys() == [made]
    for attempt in (lambda: again.sign(made.id, b"m"), lambda: again.generate("x", KeyKind.P256)):
        with pytest.raises(AppError) as error:
            attempt()
        assert error.value.kind is ErrorKind.UNAVAILABLE
    assert again.unlock(shares[0]) == 1
    assert again.unlock(shares[0]) == 1
    with pytest.raises(AppError):
        again.sign(made.id, b"m")
    again.unlock(shares[1])
    again.lock()
    with pytest.raises(AppError):
        again.sign(made.id, b"m")


def test_shares_of_another_site_do_not_open(folder: Path, tmp_path: Path) -> None:
    opened(folder)
    _, others = opened(tmp_path / "elsewhere")
    with pytest.raises(AppError):
        SoftwareKeys(folder).unlock(others[0])


def test_nothing_on_disk_tells_the_key(folder: Path) -> None:
    keys, _ = opened(folder)
    made = keys.generate("issuing", KeyKind.SM2)
    secret = keys._private(made.id).secret
    for path in folder.iterdir():
        assert secret.to_bytes(32, "big") not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_altered_file_does_not_open(folder: Path) -> None:
    keys, shares = opened(folder, 1, 1)
    one, two = keys.generate("one", KeyKind.P256), keys.generate("two", KeyKind.P256)
    first, second = folder / f"{one.id}.json", folder / f"{two.id}.json"
    first.write_bytes(second.read_bytes().replace(two.id.encode(), one.id.encode()))
    again = SoftwareKeys(folder)
    again.unlock(shares[0])
    with pytest.raises(AppError):
        again.sign(one.id, b"m")


def test_a_destroyed_key_is_gone(folder: Path) -> None:
    keys, _ = opened(folder)
    made = keys.generate("issuing", KeyKind.P256)
    keys.destroy(made.id)
    assert keys.keys() == []
    with pytest.raises(AppError) as error:
        keys.sign(made.id, b"m")
    assert error.value.kind is ErrorKind.NOT_FOUND


@pytest.mark.parametrize("key_id", ["../master", "key-../../x", "", "master"])
def test_ids_are_no_paths(folder: Path, key_id: str) -> None:
    keys, _ = opened(folder)
    with pytest.raises(AppError):
        keys.find(key_id)
