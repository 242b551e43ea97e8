"""Which addresses Tocsin may connect to: public ones, and what the operator lists in `TOCSIN_ALLOW_NET`.

The YAML names receivers, and a name can lead anywhere: to the cloud's metadata address, to Redis, to a printer. So
every address a name resolves to is judged here, and `workers.outward` connects to exactly the address that was judged.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from workers.channels.contract import Undelivered

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are an IPv4 address."""


def permitted(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """May Tocsin connect to `address`? An IPv4 address carried inside an IPv6 one is judged in its place."""
    if any(address in network for network in allowed):
        return True
    carried = _carried(address)
    if carried:
        return all(permitted(inner, allowed) for inner in carried)
    return _is_public(address)


def _is_public(address: Address) -> bool:
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return address.version == 4 or address in _GLOBAL_UNICAST


def _carried(address: Address) -> tuple[IPv4Address, ...]:
    """IPv4-mapped, 6to4 (RFC 3056), Teredo (RFC 4380), NAT64 (RFC 6052) and the old IPv4-compatible form."""
    if isinstance(address, IPv4Address):
        return ()
    if address.teredo:
        return address.teredo
    if address in _NAT64 or int(address) >> 32 == 0:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    found = address.ipv4_mapped or address.sixtofour
    return (found,) if found else ()


def resolve(host: str, port: int, within: float) -> list[Address]:
    """Every address of `host`, asked once. Raises `Undelivered`, which may pass, when there is none in time."""
    found: list[Address] = []
    failed: list[str] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(ip_address(answer[4][0]) for answer in answers))
        except (OSError, ValueError, UnicodeError) as wrong:
            failed.append(type(wrong).__name__)

    # getaddrinfo takes no timeout: a thread that may be left behind is the only way to have one.
    asking = threading.Thread(target=ask, daemon=True, name="resolve")
    asking.start()
    asking.join(max(0.0, within))
    if asking.is_alive():
        raise Undelivered(f"the name {host} did not resolve in time", permanent=False)
    if failed or not found:
        raise Undelivered(f"the name {host} does not resolve", permanent=False)
    return list(found)


def checked(host: str, port: int, allowed: Sequence[Network], within: float) -> list[Address]:
    """The addresses of `host`, all of them permitted. Raises `Undelivered` for good when a single one is not."""
    found = resolve(host, port, within)
    if not all(permitted(address, allowed) for address in found):
        why = f"{host} leads to an address that is not public; if it is yours, list its network in TOCSIN_ALLOW_NET"
        raise Undelivered(why, permanent=True)
    return found
