"""The session cookie, as browsers want it and as attackers send it."""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.web.cookie import clear_cookie, read_cookie, set_cookie

SECRET = "A1b2-" * 8 + "xyz"


def test_the_guarded_cookie_meets_the_rules_of_its_prefix():
    morsel = SimpleCookie(set_cookie(SECRET, secure=True, max_age_s=60))["__Host-yaodun"]
    assert (morsel["path"], morsel["domain"], morsel["secure"], morsel["httponly"]) == ("/", "", True, True)
    assert (morsel["samesite"], morsel["max-age"], morsel.value) == ("Strict", "60", SECRET)


def test_on_loopback_there_is_no_prefix_and_no_secure():
    morsel = SimpleCookie(set_cookie(SECRET, secure=False, max_age_s=60))["yaodun"]
    assert (morsel["secure"], morsel["httponly"], morsel["samesite"]) == ("", True, "Strict")


def test_clearing():
    assert SimpleCookie(clear_cookie(secure=True))["__Host-yaodun"]["max-age"] == "0"


@pytest.mark.parametrize(
    "header",
    ["", "yaodun", "yaodun=", "yaodun=short", f"yaodun={SECRET}; yaodun={SECRET}", f"yaodun={SECRET},x",
     f'yaodun="{SECRET}"', f"__Host-yaodun={SECRET}", "yaodun=" + "x" * 500, f"xyaodun={SECRET}", f"YAODUN={SECRET}"],
)  # fmt: skip
def test_what_is_no_session(header):
    assert read_cookie(header, secure=False) == ""


@given(st.text(max_size=300))
def test_any_header_gives_a_secret_or_nothing(header):
    found = read_cookie(header, secure=False)
    assert found == "" or (found.isascii() and found in header)
    if "yaodun" not in header:
        assert read_cookie(f"{header.replace(';', '')}; yaodun={SECRET}", secure=False) == SECRET
