"""Letters, decoys, and who is not written to again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.features.mail.model import BOUNCES_BELIEVED_FOR, Reason
from chalicelib.features.mail.service import Mail
from tests.fakes.mail import MemoryRefusals, RememberingOffice

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = timedelta(days=3_650)


@pytest.fixture
def office() -> RememberingOffice:
    return RememberingOffice()


@pytest.fixture
def mail(office: RememberingOffice) -> Mail:
    return Mail(post_office=office, refusals=MemoryRefusals(), mailbox_of=str.lower)


def test_a_letter_is_posted_and_a_decoy_is_not(mail: Mail, office: RememberingOffice) -> None:
    assert mail.deliver(to="ada@example.com", subject="Hello", text="Ada", now=NOW)
    assert not mail.deliver(to=None, subject="", text="", now=NOW)
    assert office.posted == [("ada@example.com", "Hello", "Ada")]


@pytest.mark.parametrize("reason", Reason)
def test_who_sent_a_letter_back_is_not_written_to_again(mail: Mail, office: RememberingOffice, reason: Reason) -> None:
    mail.returned(addresses=["Ada@Example.com", "cyd@example.com"], reason=reason, now=NOW)
    for address in ("ada@example.com", "cyd@example.com"):
        assert not mail.deliver(to=address, subject="News", text="x", now=NOW)
    assert mail.deliver(to="ben@example.com", subject="News", text="x", now=NOW)
    assert [to for to, _, _ in office.posted] == ["ben@example.com"]


@pytest.mark.parametrize("reason", Reason)
def test_unless_they_have_just_asked_for_it(mail: Mail, office: RememberingOffice, reason: Reason) -> None:
    mail.returned(addresses=["ada@example.com"], reason=reason, now=NOW)
    assert mail.deliver(to="ada@example.com", subject="Your link", text="x", now=NOW, is_wanted=True)
    assert not mail.deliver(to="ada@example.com", subject="News", text="x", now=NOW)


def test_a_bounce_is_believed_for_a_while_and_a_complaint_for_good(mail: Mail) -> None:
    mail.returned(addresses=["ada@example.com"], reason=Reason.BOUNCE, now=NOW)
    mail.returned(addresses=["cyd@example.com"], reason=Reason.COMPLAINT, now=NOW)
    almost = NOW + BOUNCES_BELIEVED_FOR - timedelta(seconds=1)
    assert not mail.deliver(to="ada@example.com", subject="News", text="x", now=almost)
    assert mail.deliver(to="ada@example.com", subject="News", text="x", now=NOW + BOUNCES_BELIEVED_FOR)
    assert not mail.deliver(to="cyd@example.com", subject="News", text="x", now=NOW + LATER)
