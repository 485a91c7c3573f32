"""The mail queue end to end: what is posted arrives as written, what fails comes back, and nobody's mail is logged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.aws.letters import Letter, post
from chalicelib.core.errors import Unavailable
from tests.fakes.lambdas import Lambdas

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

LETTER = Letter(to="canary@example.com", subject="Grüße", text="canary-token\n店\n")


@pytest.fixture
def lambdas(aws: Installation) -> Lambdas:
    return Lambdas(aws.prefix)


class RefusingSes:
    """Answers every letter with one of SES's errors, which name the recipient as the real ones do."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __call__(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        class Answer:
            status_code = 400

        error = {"Code": self._code, "Message": "Address blacklisted: canary@example.com canary-token"}
        return Answer(), {"Error": error, "ResponseMetadata": {}}


@pytest.fixture
def refuse() -> Iterator[Any]:
    planted: list[RefusingSes] = []
    events = client("ses").meta.events

    def plant(code: str) -> None:
        planted.append(RefusingSes(code))
        events.register("before-call.ses.SendEmail", planted[-1])

    yield plant
    for each in planted:
        events.unregister("before-call.ses.SendEmail", each)


def test_a_letter_arrives_as_it_was_written(aws: Installation, lambdas: Lambdas) -> None:
    post(LETTER)
    assert lambdas.work("mail") == 1
    (mail,) = aws.outbox()
    assert (mail.to, mail.subject, mail.text) == (LETTER.to, LETTER.subject, LETTER.text)
    assert lambdas.waiting("mail") == 0


def test_a_decoy_goes_to_nobody(aws: Installation, lambdas: Lambdas) -> None:
    post(Letter(to=None, subject="", text=""))
    assert lambdas.work("mail") == 1
    assert aws.outbox() == []


def test_a_letter_refused_for_good_is_dropped(lambdas: Lambdas, refuse: Any, caplog: pytest.LogCaptureFixture) -> None:
    refuse("MessageRejected")
    post(LETTER)
    assert lambdas.work("mail") == 1
    assert lambdas.waiting("mail") == 0
    said = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "undeliverable_letter" in said
    assert "canary" not in said


def test_a_letter_that_could_not_be_posted_is_tried_again(lambdas: Lambdas, refuse: Any) -> None:
    refuse("Throttling.Custom")
    post(LETTER)
    with pytest.raises(Unavailable) as failed:
        lambdas.work("mail")
    assert lambdas.waiting("mail") == 1
    assert "canary" not in str(failed.getrepr(chain=True, showlocals=False, style="short"))


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", json.dumps({"v": 1, "to": 5, "subject": "x", "text": "x"})])
def test_what_is_no_letter_is_dropped(lambdas: Lambdas, body: str, caplog: pytest.LogCaptureFixture) -> None:
    lambdas.deliver("mail", body)
    assert "message_unreadable" in caplog.text


def test_a_letter_from_the_future_goes_back(lambdas: Lambdas) -> None:
    lambdas.deliver("mail", json.dumps({"v": 2, "recipients": ["canary@example.com"]}))
    assert json.loads(*lambdas.bodies("mail")) == {"v": 2, "recipients": ["canary@example.com"]}
