"""Kept bodies, made small and whole again."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.deliveries.packing import Damaged, pack, unpack


@given(st.binary(max_size=5000))
def test_a_body_comes_out_as_it_went_in(body: bytes) -> None:
    """To the byte."""
    assert unpack(pack(body)) == body


def test_what_an_earlier_release_packed_is_read() -> None:
    """It used zlib."""
    assert unpack(zlib.compress(b"shop is down", 1)) == b"shop is down"


@pytest.mark.parametrize("packed", [b"", b"not packed", pack(b"x" * 1000)[:-3], zlib.compress(b"x" * 1000)[:-3]])
def test_what_is_damaged_is_said_to_be(packed: bytes) -> None:
    """And never half a body."""
    with pytest.raises(Damaged):
        unpack(packed)
