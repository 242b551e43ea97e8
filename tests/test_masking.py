"""What was sent is shown without a secret, however it is spelled, and without a link that answers an incident."""

from __future__ import annotations

import json
from urllib.parse import quote

import orjson
import pytest

from workers.channels.contract import HttpRequest, Reply
from workers.telling import masking

SECRET = 'pä"ss/word&1'
URL = "https://hooks.slack.example/services/T0/B0/xyz"


def body(text: str, *secrets: str) -> str:
    """The body as it would be kept."""
    request = HttpRequest(url="https://hook.example.com/in?token=abc", body=text.encode())
    return masking.shown(request, None, secrets).body


@pytest.mark.parametrize(
    "spelled", [SECRET, json.dumps(SECRET)[1:-1], quote(SECRET, safe=""), orjson.dumps(SECRET).decode()[1:-1]]
)
def test_a_revealed_secret_is_masked_in_every_spelling(spelled: str) -> None:
    """As it is, within JSON, within an address."""
    assert body(f"é before {spelled} after", SECRET) == f"é before {masking.MASK} after"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"routing_key":"R1","x":"é"}', '{"routing_key":"•••","x":"é"}'),
        ('{"a": 1, "API_Key" : "q\\"q", "b": 2}', '{"a": 1, "API_Key" : "•••", "b": 2}'),
        ("see https://t.example.com/a/WyJLV0tQNldBTjdNIiwi.SV6_t5U-8 now", "see https://t.example.com/a/••• now"),
        ("authorization: Bearer abcdef123456", "authorization: Bearer •••"),
        ("nothing to hide, é", "nothing to hide, é"),
    ],
)
def test_what_tells_a_secret_by_its_name_is_masked(text: str, kept: str) -> None:
    """Although nobody revealed it."""
    assert body(text) == kept


def test_an_address_that_is_a_secret_is_shown_down_to_its_host() -> None:
    """And a query of no address is shown."""
    assert masking.address(URL, [URL]) == "https://hooks.slack.example/…"
    assert (
        masking.address("https://e.pagerduty.com:8443/v2/enqueue?k=1", []) == "https://e.pagerduty.com:8443/v2/enqueue"
    )
    assert masking.address("http://[", []) == "an address that is no URL"


def test_both_are_cut() -> None:
    """After they were masked: half a secret is one too."""
    long = "x" * 4090 + "secret-value-1234567890"
    request = HttpRequest(url=URL, body=long.encode())
    kept = masking.shown(request, Reply(status=200, body=b"y" * 2048), ("secret-value-1234567890",))
    assert (len(kept.body), len(kept.reply)) == (4093, 1024)
    assert "secret" not in kept.body
