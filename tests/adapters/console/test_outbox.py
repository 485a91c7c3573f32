import pytest

from chalicelib.core import clock
from chalicelib.features.mail.wiring import mail
from infra.local.console.outbox import Outbox, links_in
from tests.fakes.installation import Installation


def test_what_the_product_sends_lands_in_the_outbox(aws: Installation) -> None:
    mail().deliver(
        to="Ada@example.com", subject="First", text="Open https://push.example.com/verify?token=abc.", now=clock.now()
    )
    mail().deliver(to="ben@example.com", subject="Second", text="No links here", now=clock.now())
    first, second = Outbox().mails()
    assert (first.number, first.to, first.subject) == (1, "Ada@example.com", "First")
    assert first.links == ["https://push.example.com/verify?token=abc"]
    assert (second.number, second.links) == (2, [])


def test_one_persons_mails_are_found_however_the_address_is_spelled(aws: Installation) -> None:
    mail().deliver(to="Ada@example.com", subject="First", text="", now=clock.now())
    mail().deliver(to="ben@example.com", subject="Second", text="", now=clock.now())
    assert [one.subject for one in Outbox().mails(to=" ada@EXAMPLE.com ")] == ["First"]
    assert Outbox().mails(to="ada") == []


@pytest.mark.usefixtures("aws")
def test_a_new_outbox_is_empty() -> None:
    assert Outbox().mails() == []


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("", []),
        ("see http://a.example/x.", ["http://a.example/x"]),
        ("(http://a.example/x)", ["http://a.example/x"]),
        ("http://a.example/?q=1&r=2#s!", ["http://a.example/?q=1&r=2#s"]),
        ("http://a.example and http://a.example", ["http://a.example"]),
        ("ftp://a.example javascript:alert(1)", []),
        ('<a href="https://a.example/y">', ["https://a.example/y"]),
    ],
)
def test_links_are_read_as_a_person_would(text: str, links: list[str]) -> None:
    assert links_in(text) == links
