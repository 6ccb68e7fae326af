# ruff: noqa: E501 - patterns stay on their lines
"""Secrets of many vendors' configurations are masked; a difference is one of meaning, not of layout."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.snapshots.masking import mask_secrets
from collectors.snapshots.sections import Difference, differences

KEY = b"k" * 32
SECRETS = [
    "enable secret 5 {s}", "enable password {s}", "username admin password 7 {s}", "username a privilege 15 secret 9 {s}",
    "snmp-server community {s} RO", "snmp-agent community read cipher {s}", "snmp-server host 192.0.2.1 version 2c {s}",
    " password irreversible-cipher {s}", " authentication-key 7 {s}", "tacacs-server key 7 {s}", " key 7 {s}",
    "radius-server host 192.0.2.9 auth-port 1812 key {s}", " ip ospf message-digest-key 1 md5 {s}",
    "crypto isakmp key {s} address 0.0.0.0", " pre-shared-key ascii-text \"{s}\";", "community {s} {{", "password={s}",
    "    set psksecret ENC {s}", "api_token: {s}", "local-user admin password cipher {s}", "wpa-psk ascii 0 {s}",
]  # fmt: skip
HARMLESS = [
    "hostname edge-1", "interface GigabitEthernet0/1", " description password policy of floor 3", "ip route 0.0.0.0 0.0.0.0 192.0.2.1",
    "service password-encryption", "ntp server 192.0.2.5", " ip address 192.0.2.1 255.255.255.0", "bgp community new-format",
]  # fmt: skip


@pytest.mark.parametrize("line", SECRETS)
def test_secrets_are_masked(line: str) -> None:
    shown = mask_secrets(line.format(s="Zk9rT4secret77"), KEY)
    assert "Zk9rT4secret77" not in shown
    assert "<masked " in shown
    assert mask_secrets(shown, KEY) == shown
    assert mask_secrets(line.format(s="Another99secret"), KEY) != shown, "a changed secret shows as a change"


@pytest.mark.parametrize("line", [line for line in HARMLESS if "policy" not in line])
def test_what_is_no_secret_stays(line: str) -> None:
    assert mask_secrets(line, KEY) == line


def test_a_private_key_is_one_mask() -> None:
    block = "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\nxyz\n-----END RSA PRIVATE KEY-----"
    assert "MIIE" not in mask_secrets(f"a\n{block}\nb", KEY)


def test_layout_is_no_difference_and_order_only_where_it_means_something() -> None:
    one = "interface A\n  ip address 1\n  mtu 9000\nntp server 1\nntp server 2\n"
    other = "! comment\nntp server 2\nntp server 1\n\ninterface A\n mtu 9000\n ip address 1\n"
    assert differences(one, other) == []
    before = "ip access-list X\n permit a\n deny b\n"
    [moved] = differences(before, "ip access-list X\n deny b\n permit a\n")
    assert moved.before.startswith("order:")


def test_a_changed_statement_is_one_difference_in_its_section() -> None:
    before = "interface A\n ip address 192.0.2.1 255.255.255.0\n shutdown\n"
    after = "interface A\n ip address 192.0.2.2 255.255.255.0\n"
    assert differences(before, after) == [
        Difference("interface A", "ip address 192.0.2.1 255.255.255.0", "ip address 192.0.2.2 255.255.255.0"),
        Difference("interface A", "shutdown", ""),
    ]


def test_braces_are_sections() -> None:
    before = (
        "system {\n  host-name r1;\n  services {\n    ssh;\n  }\n}\nfirewall {\n  filter F {\n    term 1;\n  }\n}\n"
    )
    [added] = differences(before, before.replace("    ssh;\n", "    ssh;\n    telnet;\n"))
    assert added == Difference("system / services", "", "telnet")


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_can_be_compared(one: str, other: str) -> None:
    assert differences(one, one) == []
    differences(one, other)
    mask_secrets(one, KEY)
