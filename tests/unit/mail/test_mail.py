"""Letters and decoys."""

from __future__ import annotations

from chalicelib.features.mail.service import Mail


class _PostOffice:
    def __init__(self) -> None:
        self.posted: list[tuple[str, str, str]] = []

    def post(self, *, to: str, subject: str, text: str) -> None:
        self.posted.append((to, subject, text))


def test_a_letter_is_posted_and_a_decoy_is_not() -> None:
    office = _PostOffice()
    mail = Mail(post_office=office)
    mail.deliver(to="ada@example.com", subject="Hello", text="Ada")
    mail.deliver(to=None, subject="", text="")
    assert office.posted == [("ada@example.com", "Hello", "Ada")]
