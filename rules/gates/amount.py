"""Amounts that are added up: decimals as senders write them, held as whole billionths, so that no cent is ever lost."""

from __future__ import annotations

import re

DIGITS = 9
ONE = 10**DIGITS
"""What an amount of 1 is held as."""

_AMOUNT = re.compile(r"\+?([0-9]{1,15})(?:\.([0-9]{1,9}))?", re.ASCII)
_BELOW_ZERO = re.compile(r"-[0-9.]+", re.ASCII)

_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK "
    "LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD "
    "OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
    "SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF "
    "XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_CODES.split())
"""The codes of ISO 4217 that something can be paid in."""


def parse_amount(text: str) -> int | None:
    """Billionths of `500`, `499.90`; None for what is no number, or below zero. At most 15 digits before the point.

    Not read: `1,000.00`, which is a thousand here and one there, and `1e3`.

    >>> parse_amount("499.90")
    499900000000
    """
    found = _AMOUNT.fullmatch(text.strip())
    return None if found is None else int(found[1]) * ONE + int((found[2] or "").ljust(DIGITS, "0"))


def why_no_amount(text: str) -> str:
    """Why `parse_amount` gave None, in words that follow the name of the value.

    >>> why_no_amount("1,000.00")
    "is '1,000.00', which is no number"
    """
    if not text.strip():
        return "is not there"
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    return f"is '{shown}', which is {'below zero' if _BELOW_ZERO.fullmatch(text.strip()) else 'no number'}"


def show_amount(billionths: int, currency: str = "") -> str:
    """As people write it, without digits that say nothing.

    >>> show_amount(499_900_000_000, "EUR"), show_amount(5 * ONE), show_amount(ONE // 8)
    ('499.90 EUR', '5', '0.125')
    """
    whole, part = divmod(billionths, ONE)
    digits = f"{part:0{DIGITS}}".rstrip("0")
    return f"{whole}{'.' + digits.ljust(2, '0') if digits else ''}{' ' + currency if currency else ''}"
