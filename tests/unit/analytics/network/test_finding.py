"""Which addresses are nobody's on the open network, asked of Python's own ``ipaddress``."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.network.finding import inside

OWN = [ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")]
near = st.sampled_from(
    ["10", "11", "127", "128", "172.15", "172.16", "172.31", "172.32", "192.168", "192.169", "100.63", "100.64",
     "100.127", "100.128", "169.254", "169.255", "223", "224", "239", "240", "0", "255"]
).flatmap(lambda head: st.lists(st.integers(0, 255), min_size=3, max_size=3).map(
    lambda rest: ".".join([head, *map(str, rest)][: 4 - head.count(".")])
))  # fmt: skip


@given(near | st.ip_addresses().map(str))
def test_it_is_as_the_networks_say(address: str) -> None:
    parsed = ip_address(address)
    own = any(parsed.version == network.version and parsed in network for network in OWN)
    assert inside(address) == (own or parsed.is_loopback or parsed.is_link_local or parsed.is_multicast)


@pytest.mark.parametrize("text", ["", "10", "010.0.0.1", "8.8.8.8.8", "no address", "8.8.8.8\0", "药"])
def test_what_is_no_address_is_not_on_the_open_network(text: str) -> None:
    assert inside(text)
