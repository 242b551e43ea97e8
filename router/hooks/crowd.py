"""Who is connected: how many in all and of one address, so that no crowd keeps the honest senders out.

Behind a proxy all connections come from one address; a proxy the operator trusts tells whom it speaks for, in
`X-Forwarded-For`. From anybody else that header is only a claim, and is not looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from workers.settings import Network

Address = IPv4Address | IPv6Address


class Why(StrEnum):
    """Why a connection was turned away; a label of /metrics."""

    ALL = "too many"
    ONE = "too many of one address"
    SLOW = "made room for another"


class Crowd:
    """One per process. `note(why)` counts who is turned away."""

    def __init__(
        self,
        at_most: int,
        of_one: int,
        proxies: Sequence[Network] = (),
        note: Callable[[str], None] = lambda _why: None,
    ) -> None:
        self.at_most = at_most
        self._of_one = of_one
        self._proxies = tuple(proxies)
        self.note = note
        self._present: Counter[str] = Counter()

    def is_proxy(self, peer: str | None) -> bool:
        """Is this the address of a proxy that is believed?"""
        address = _address(peer or "")
        return address is not None and self._trusted(address)

    def behind(self, forwarded: str) -> str | None:
        """For whom a trusted proxy speaks: the last address in its header that is no proxy itself; None: nobody's."""
        for part in reversed(forwarded.split(",")):
            address = _address(part.strip())
            if address is None or not self._trusted(address):
                return None if address is None else str(address)
        return None

    def enter(self, address: str | None) -> str | None:
        """Count one more of `address`; returns what to give to `leave`. Raises Crowded beyond the cap."""
        one = whole(address)
        if one is None:
            return None
        if self._present[one] >= self._of_one:
            raise Crowded
        self._present[one] += 1
        return one

    def leave(self, one: str | None) -> None:
        """One fewer; addresses of whom nobody is left are forgotten."""
        if one is not None:
            self._present[one] -= 1
            if self._present[one] <= 0:
                del self._present[one]

    def _trusted(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)


class Crowded(Exception):
    """There are too many of this address."""


def _address(text: str) -> Address | None:
    """The address in what a proxy wrote: some add a port, or brackets, or an IPv4 address inside an IPv6 one."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text.partition(":")[0] if "." in text else text
    for reading in (text, bare):
        try:
            found = ip_address(reading)
        except ValueError:
            continue
        return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
    return None


def whole(address: str | None) -> str | None:
    """Whom to count: an IPv6 client has a network of 2**64 addresses to itself."""
    found = _address(address or "")
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return None if found is None else str(found)
