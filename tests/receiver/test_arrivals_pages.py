"""The console's deliveries: what came in, why it was judged so, and what to do with what nobody can read."""

from __future__ import annotations

import pytest

from tests.receiver.browsing import HOME, dangers, home, page, press, words
from tests.receiver.ear import DOWN, KUMA, Ear
from tests.receiver.test_deliveries import ANY, sent

__all__ = ["home"]
UP = {**DOWN, "heartbeat": {**DOWN["heartbeat"], "status": 1}, "msg": "[Shop] up"}


def unreadable(ear: Ear, content: bytes = b"\xff\xfe") -> str:
    """Something authentic that no parser understands."""
    answer = ear.ask("POST", ANY, content=content, headers={"Content-Type": "application/json"})
    return str(answer.json()["delivery"])


def test_the_list_says_what_came_and_what_became_of_it(home: Ear) -> None:
    """When, from whom, what it said, which rule spoke, and the incident it opened or only repeated."""
    sent(home, KUMA, DOWN)
    home.works()
    sent(home, KUMA, DOWN)
    sent(home, KUMA, UP)
    home.works()
    said = words(page(home, "/deliveries"))
    incident = home.incident().id
    assert said.count(incident) == 3
    for word in ("Shop is DOWN: timeout", "trigger · uptimekuma.down", "P1", "the site is down", "opened", "repeat"):
        assert word in said
    assert said.index("resolved") < said.index("repeat") or "resolved" in said


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("source=kuma", "Shop is DOWN", "Odd thing"),
        ("source=anything", "Odd thing", "Shop is DOWN"),
        ("q=odd+THING", "Odd thing", "Shop is DOWN"),
        ("q=shop", "Shop is DOWN", "Odd thing"),
        ("outcome=opened&source=kuma", "Shop is DOWN", "Odd thing"),
        ("outcome=quarantined", "cannot be read", "Odd thing"),
        ("since=2026-11-20T10:00:02", "Odd thing", "Shop is DOWN"),
        ("until=2026-11-20T10:00:01", "Shop is DOWN", "Odd thing"),
        ("outcome=acknowledged", "No delivery fits", "Shop is DOWN"),
    ],
)
def test_every_filter_stands_in_the_address(home: Ear, query: str, there: str, not_there: str) -> None:
    """A link to what one sees shows the same to somebody else."""
    sent(home, KUMA, DOWN)
    sent(home, ANY, {"id": "x", "title": "Odd thing"})
    home.clock.at += 1
    unreadable(home)
    home.works()
    text = page(home, f"/deliveries?{query}")
    table = words(text[text.index('id="arrivals"') :])
    assert there in table
    assert not_there not in table


def test_an_incidents_deliveries_are_found_by_it(home: Ear) -> None:
    """What came to one incident, by the beginning of its id."""
    sent(home, KUMA, DOWN)
    home.works()
    incident = home.incident().id
    sent(home, ANY, {"id": "x", "title": "Odd thing"})
    home.works()
    said = words(page(home, f"/deliveries?incident={incident[:6]}"))
    assert "Shop is DOWN" in said
    assert "Odd thing" not in said


def test_a_filter_that_makes_no_sense_is_told_so(home: Ear) -> None:
    """With what would."""
    assert "did you mean opened?" in page(home, "/deliveries?outcome=openned", 422)
    assert "2026-11-20T10:00 (UTC)" in page(home, "/deliveries?since=yesterday", 422)
    assert "Leave it out to begin anew" in words(page(home, "/deliveries?before=nonsense", 422))


def test_older_ones_stand_on_further_pages(home: Ear) -> None:
    """Fifty on a page, none twice and none left out, also where many came in the same instant."""
    together = [(ANY, {"id": str(number), "title": f"Thing-{number:03}."}) for number in range(120)]
    home.together(together)
    seen: list[str] = []
    path = "/deliveries"
    for _ in range(4):
        text = page(home, path)
        seen += [one for one in words(text).split() if one.startswith("Thing-")]
        older = [part for part in text.split('href="') if part.startswith("/deliveries?before=")]
        if not older:
            break
        path = older[-1].partition('"')[0]
    assert sorted(seen) == [f"Thing-{number:03}." for number in range(120)]


def test_one_delivery_says_how_it_was_read_and_why(home: Ear) -> None:
    """The event, the rule that spoke, what the others made of it, headers, and the body to read."""
    delivery = sent(home, KUMA, DOWN)
    home.works()
    text = page(home, f"/deliveries/{delivery.lower()}")
    said = words(text)
    for word in ("by rule «the site is down»", "uptimekuma.down", "What each rule made of it", "matched", "production"):
        assert word in said
    assert home.incident().id in said
    assert '"monitorID": 7' in said
    assert "content-type application/json" in said
    assert "kuma-token-1" not in text


def test_a_delivery_that_is_gone_says_so(home: Ear) -> None:
    """And nothing of it breaks."""
    assert "no longer" in page(home, "/deliveries/NOPE", 404)
    assert "no longer" in page(home, "/deliveries/NOPE/body", 404)


def test_the_quarantine_says_why_and_what_to_do(home: Ear) -> None:
    """The parser's own sentence, what was expected at the top of the body, and the next step."""
    path = KUMA
    body = b'{"heartbeat": {"status": 77}, "message": "new"}'
    bad = home.ask("POST", path, content=body, headers={"Content-Type": "application/json"}).json()
    assert bad["unreadable"]
    home.works()
    assert bad["unreadable"] in words(page(home, "/deliveries?outcome=quarantined"))
    said = words(page(home, f"/deliveries/{bad['delivery']}"))
    assert "Why it cannot be read" in said
    assert bad["unreadable"] in said
    assert "has also monitor , msg at its top" in said
    assert "hand it in again" in said
    assert home.incident().id in said


def test_a_body_is_saved_and_never_run(home: Ear) -> None:
    """Byte for byte, as an attachment whose type nobody guesses; what is no text is not drawn."""
    script = b"<script>alert(1)</script>"
    text = home.ask("POST", ANY, content=script, headers={"Content-Type": "text/plain"}).json()["delivery"]
    saved = home.ask("GET", f"/deliveries/{text}/body", headers=HOME)
    assert saved.content == script
    assert saved.headers["content-disposition"] == f'attachment; filename="{text}.txt"'
    assert saved.headers["x-content-type-options"] == "nosniff"
    assert saved.headers["content-type"] == "application/octet-stream"
    raw = unreadable(home)
    assert "It is no text: 2 bytes" in words(page(home, f"/deliveries/{raw}"))
    assert home.ask("GET", f"/deliveries/{raw}/body", headers=HOME).content == b"\xff\xfe"


def test_handed_in_again_it_is_a_new_delivery(home: Ear) -> None:
    """The button leads to the new one, and what is said of it is true."""
    delivery = sent(home, ANY, {"id": "x", "title": "Odd"})
    answer = press(home, f"/deliveries/{delivery}", f"/deliveries/{delivery}/redeliver")
    assert answer.status_code == 303
    anew = answer.headers["location"]
    assert anew != f"/deliveries/{delivery}"
    told = home.ask("GET", anew, headers={**HOME, "Cookie": answer.headers["set-cookie"].partition(";")[0]}).text
    assert "Handed in again: this is the new delivery." in words(told)
    assert page(home, f"/deliveries/{delivery}")


def test_a_purged_delivery_is_gone(home: Ear) -> None:
    """For good; its incident stays."""
    delivery = sent(home, KUMA, DOWN)
    home.works()
    assert press(home, f"/deliveries/{delivery}", f"/deliveries/{delivery}/purge").headers["location"] == "/deliveries"
    assert page(home, f"/deliveries/{delivery}", 404)
    assert home.kept(delivery) is None
    assert home.incident()


@pytest.mark.parametrize("what", ["redeliver", "purge"])
def test_looking_changes_nothing_and_other_sites_neither(home: Ear, what: str) -> None:
    """No GET, no form without its proof."""
    delivery = sent(home, ANY, {"id": "x", "title": "Odd"})
    assert home.ask("GET", f"/deliveries/{delivery}/{what}", headers=HOME).status_code == 405
    assert home.ask("POST", f"/deliveries/{delivery}/{what}", data={"csrf": "x"}, headers=HOME).status_code == 403
    assert home.kept(delivery) is not None


POLYGLOTS = [
    "<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "javascript:alert(1)", "JaVaScRiPt:alert(1)//",
    "' onmouseover='alert(1)", '" autofocus onfocus="alert(1)', "</code></pre><script>alert(1)</script>",
    "data:text/html,<script>alert(1)</script>", "vbscript:msgbox(1)", "//evil.example/x", "\\\\evil.example",
    "{{ 7*7 }}", "{% raw %}", "${env:KUMA}", "<svg/onload=alert(1)>", "</title><script>alert(1)</script>",
    "jav\tascript:alert(1)", " javascript:alert(1)", "http:javascript", "\u202ehttp://evil\u202c",
    "<a href=javascript:1>x</a>",
    "--><script>", "]]><script>", "&lt;script&gt;",
    "http://a.example/\" onclick=\"x", "\u0000<b>", "a\r\nSet-Cookie: x=1",
    "<iframe srcdoc='<script>1</script>'>", "<form action=//evil>", "<base href=//evil>",
]  # fmt: skip


def test_what_senders_write_is_text_wherever_it_stands(home: Ear) -> None:
    """Three hundred hostile texts as title, label, address and service: no link but to http(s), nothing that runs."""
    requests: list[tuple[str, object]] = []
    for number in range(300):
        text = f"{POLYGLOTS[number % len(POLYGLOTS)]}{number // len(POLYGLOTS) * ' .'}"
        said = {"id": f"{number}{text}", "title": text, "url": text, "service": text, "tags": text, "status": "firing"}
        requests.append((ANY, said))
    answers = [answer for start in range(0, 300, 50) for answer in home.together(requests[start : start + 50])]
    assert {answer.status_code for answer in answers} == {202}, [answer.text for answer in answers][:1]
    delivered = [answer.json()["delivery"] for answer in answers]
    home.works()
    for path in ["/deliveries", "/sources", "/sources/anything", *(f"/deliveries/{one}" for one in delivered)]:
        assert dangers(page(home, path)) == [], path
