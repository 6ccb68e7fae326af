"""The address a polled device is known by, however the configuration says where it is."""

import pytest

from collectors.snmp.device import addresses_of


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("192.0.2.1", ["192.0.2.1"]),
        ("192.0.2.1:1161", ["192.0.2.1"]),
        ("2001:db8::1", ["2001:db8::1"]),
        ("core.example", []),
        ("core.example:161", []),
    ],
)
def test_a_port_is_no_part_of_an_address_and_a_name_is_none(host: str, wanted: list[str]) -> None:
    assert addresses_of(host) == wanted
