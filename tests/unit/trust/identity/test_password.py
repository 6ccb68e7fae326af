"""What is accepted as a password, and that argon2id really keeps it."""

import threading

import pytest
from argon2 import PasswordHasher

from infra.errors import AppError
from trust.identity.password import Passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("Kurz-1", "too_short_graded"),
        ("alllowercaseletters", "too_plain"),
        ("lower1234567890xyz", "too_plain"),
        ("Passw0rd!!!!", "too_common"),
        ("Admin@123456", "too_common"),
        ("Qwertyuiop1!", "too_common"),
        ("1qaz2wsx3eDC!", ""),
        ("Aa1!Aa1!Aa1!", "too_common"),
        ("Anna-und-Otto-7", "holds_name"),
        ("x" * 129, "too_long"),
        ("Gelbe-Tulpen-77", ""),
        ("correct horse battery staple", ""),
        ("药品监管平台的口令要长一些才好啊你说是不是", ""),
    ],
)
def test_graded_policy(password, problem):
    passwords = Passwords("graded", CHEAP)
    if not problem:
        passwords.demand_good(password, "anna")
        return
    with pytest.raises(AppError) as caught:
        passwords.demand_good(password, "anna")
    assert caught.value.message_key == f"trust.password.{problem}"


def test_asvs_policy_has_no_rule_on_kinds():
    Passwords("asvs", CHEAP).demand_good("tulpenzwiebeln", "anna")
    with pytest.raises(AppError) as caught:
        Passwords("asvs", CHEAP).demand_good("Tulpen-77-x", "anna")
    assert caught.value.message_key == "trust.password.too_short_asvs"


def test_hash_is_argon2id_with_the_parameters_of_rfc_9106():
    kept = Passwords().hash("Gelbe-Tulpen-77")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert "Tulpen" not in kept
    assert Passwords().check(kept, "Gelbe-Tulpen-77")
    assert not Passwords().check(kept, "gelbe-tulpen-77")


def test_no_truncation():
    passwords = Passwords("graded", CHEAP)
    kept = passwords.hash("a" * 127 + "b")
    assert passwords.check(kept, "a" * 127 + "b")
    assert not passwords.check(kept, "a" * 127 + "c")
    assert not passwords.check(kept, "a" * 127)


def test_the_same_characters_from_another_keyboard():
    passwords = Passwords("graded", CHEAP)
    assert passwords.check(passwords.hash("Ångström-Ｔｅｓｔ-7"), "Ångström-Test-7")


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_what_is_no_hash_lets_nobody_in(kept):
    assert not Passwords("graded", CHEAP).check(kept, "nobody's password")
    assert not Passwords("graded", CHEAP).check(kept, "")


def test_hashes_run_at_most_two_at_a_time():
    class Slow(PasswordHasher):
        running = most = 0
        lock = threading.Lock()
        both = threading.Barrier(2)

        def hash(self, password, **_):
            with self.lock:
                Slow.running += 1
                Slow.most = max(Slow.most, Slow.running)
            self.both.wait(20)
            with self.lock:
                Slow.running -= 1
            return "x"

    passwords = Passwords("graded", Slow())
    threads = [threading.Thread(target=passwords.hash, args=("p",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Slow.most == 2
