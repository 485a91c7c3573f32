"""The mail queue end to end: what is posted arrives as written, what fails comes back, and nobody's mail is logged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.aws.letters import Letter, post
from chalicelib.core.errors import Unavailable
from infra.packaging.sources import read_template
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
    lambdas.deliver("mail", json.dumps({"v": 3, "recipients": ["canary@example.com"]}))
    assert json.loads(*lambdas.bodies("mail")) == {"v": 3, "recipients": ["canary@example.com"]}


def returned(reason: str, *addresses: str) -> str:
    """What the rule in `infra/overlay/returned_mail.yaml` makes of SES's event."""
    rule = read_template(Path("infra/overlay/returned_mail.yaml"))["Resources"]["ReturnedMail"]
    template = str(rule["Properties"]["Targets"][0]["InputTransformer"]["InputTemplate"])
    return template.replace("<reason>", json.dumps(reason)).replace("<addresses>", json.dumps(addresses))


@pytest.mark.parametrize("reason", ["Bounce", "Complaint"])
def test_a_letter_that_came_back_is_the_last_one(aws: Installation, lambdas: Lambdas, reason: str) -> None:
    lambdas.deliver("mail", returned(reason, "Canary@example.com"))
    post(LETTER)
    post(Letter(to="canary@example.com", subject="Your link", text="x", is_wanted=True))
    assert lambdas.work("mail") == 2
    assert [mail.subject for mail in aws.outbox()] == ["Your link"]
    assert "canary" not in aws.dump()


def test_news_nobody_understands_is_alarmed_and_done(lambdas: Lambdas, caplog: pytest.LogCaptureFixture) -> None:
    lambdas.deliver("mail", returned("Rendering Failure", "canary@example.com"))
    said = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "letter_returned_oddly" in said
    assert "canary" not in said
