"""Whatever is done to a signed answer, it is refused, or says what was signed: thousands of mutations of a few."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from lxml import etree

from chalicelib.features.identity.adapters.saml.answer import AnswerReader
from chalicelib.features.identity.model.saml import Expected, Said, Sso, SsoFailed, place_of
from infra.local.saml.desk import Desk
from infra.local.saml.reply import Reply, Somebody
from infra.local.saml.signing import new_key
from tests.fakes.saml import signed
from tests.fakes.saml_forgeries import OF_ANSWERS, OF_ASSERTIONS, Change, changes

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
IDP = Desk(url="https://idp.example", now=lambda: NOW, key=new_key(NOW))
PLACE = place_of(f"ten_{'0' * 26}", "https://push.example.com")
EXPECTED = Expected(
    Sso(f"ten_{'0' * 26}", IDP.entity_id, IDP.sso_url, (IDP.key.bare,)), PLACE, NOW + timedelta(days=30)
)
WHO = Somebody("grace@example.com", name="Grace", groups=["readers", "writers"], name_id="id-of-grace")


def reply() -> Reply:
    return Reply(IDP.entity_id, PLACE.entity_id, PLACE.acs_url, "_request", EXPECTED.now, WHO)


def read(text: str | bytes) -> Said:
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    return AnswerReader().read(base64.b64encode(raw).decode(), expected=EXPECTED)


TEXTS = {
    name: etree.tostring(signed(reply(), IDP.key, whole=whole, part=part)).decode()
    for name, whole, part in (("the assertion", False, True), ("the answer", True, False), ("both", True, True))
}
TRUTHS = {name: read(text) for name, text in TEXTS.items()}


@pytest.mark.parametrize("name", TEXTS)
def test_it_is_read_as_it_was_said(name: str) -> None:
    said = TRUTHS[name]
    assert (said.subject, said.in_response_to, said.issuer) == ("id-of-grace", "_request", IDP.entity_id)
    assert said.attributes["groups"] == ["readers", "writers"]
    assert said.authenticated_at == EXPECTED.now


@given(name=st.sampled_from(sorted(TEXTS)), done=st.lists(changes(), min_size=1, max_size=3))
@how(max_examples=1_500, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_changed_is_refused_or_says_what_was_signed(name: str, done: list[Change]) -> None:
    text = TEXTS[name]
    for change in done:
        try:
            text = change(text)
        except (etree.XMLSyntaxError, ValueError):
            break  # no XML any more: so it is brought as it is
    try:
        said = read(text)
    except SsoFailed:
        return
    assert said == TRUTHS[name]


@pytest.mark.parametrize("same_id", [True, False])
@pytest.mark.parametrize("name", [*OF_ANSWERS, *OF_ASSERTIONS])
@given(change=changes())
@how(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_no_change_mends_a_wrapped_one(name: str, same_id: bool, change: Change) -> None:
    of_answer = name in OF_ANSWERS
    root = etree.fromstring(TEXTS["the answer" if of_answer else "the assertion"].encode())
    forged = (OF_ANSWERS | OF_ASSERTIONS)[name](root, same_id)  # type: ignore[operator]  # mappings, and dicts
    try:
        said = read(change(etree.tostring(forged).decode()))
    except (SsoFailed, etree.XMLSyntaxError, ValueError):
        return
    assert said in TRUTHS.values()


@given(raw=st.binary(max_size=2_000) | st.text(max_size=500).map(lambda text: text.encode("utf-8", "replace")))
def test_noise_is_refused(raw: bytes) -> None:
    with pytest.raises(SsoFailed):
        read(raw)
