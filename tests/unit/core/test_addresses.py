"""Which addresses are the public internet's (SECURITY 2)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.addresses import is_public
from tests.adapters.outside.hostile import NOT_PUBLIC, PUBLIC


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_one(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_any_other_is_none(text: str) -> None:
    assert not is_public(ip_address(text))


@given(st.integers(0, 2**32 - 1))
def test_no_ipv4_address_is_public_in_disguise(number: int) -> None:
    """Whatever carries one inside is refused, whichever it is."""
    for carrier in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::", "2001::"):
        assert not is_public(IPv6Address(int(IPv6Address(carrier)) + number))
    assert not is_public(IPv6Address(int(IPv6Address("2002::")) + (number << 80)))


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public_to_us(address: IPv4Address | IPv6Address) -> None:
    is_special = address.is_private or address.is_multicast or address.is_reserved or address.is_link_local
    assert not (is_special and is_public(address))
