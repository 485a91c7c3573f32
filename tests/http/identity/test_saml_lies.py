"""Answers that are signed and do not fit, and ways back that do not fit the way there (SECURITY 13)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from infra.local.saml.desk import encoded
from infra.local.saml.reply import Reply, Somebody
from infra.local.saml.signing import SAML, new_key, sign
from tests.fakes.saml import SamlBrowser, desk, refused, set_up
from tests.fakes.saml_signed import signed
from tests.world import World

GRACE = Somebody("grace@example.com", name="Grace Hopper")

pytestmark = pytest.mark.usefixtures("nobody_gets_in")


# --- What it says ---

_MINUTE = timedelta(minutes=1)
LIES: Mapping[str, tuple[Callable[[Reply], Reply], str]] = {
    "for another audience": (lambda told: replace(told, audience="https://another.example/metadata"), "audience"),
    "for an audience that only begins like us": (lambda told: replace(told, audience=f"{told.audience}.evil"), "audience"),
    "for nobody in particular": (lambda told: replace(told, audience=""), "audience"),
    "to another address": (lambda told: replace(told, recipient="https://another.example/acs"), "recipient"),
    "to another address, in the envelope": (lambda told: replace(told, destination="https://another.example/acs"), "recipient"),
    "by another issuer": (lambda told: replace(told, issuer="https://mallory.example", response_issuer=None), "issuer"),
    "by another issuer, inside": (lambda told: replace(told, issuer="https://mallory.example", response_issuer=told.issuer), "issuer"),
    "by another issuer, outside": (lambda told: replace(told, response_issuer="https://mallory.example"), "issuer"),
    "it has ended": (lambda told: replace(told, not_on_or_after=told.at - _MINUTE), "time"),
    "it has not begun": (lambda told: replace(told, not_before=told.at + 2 * _MINUTE), "time"),
    "its bearer came too late": (lambda told: replace(told, confirmed_until=told.at - _MINUTE), "time"),
    "it was issued a day and more ago": (lambda told: replace(told, issued_at=told.at - timedelta(days=1, minutes=1)), "time"),
    "it was issued in the future": (lambda told: replace(told, issued_at=told.at + 2 * _MINUTE), "time"),
    "the session there is over": (lambda told: replace(told, session_until=told.at), "time"),
    "confirmed by a key": (lambda told: replace(told, method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"), "shape"),
    "of another version": (lambda told: replace(told, version="1.1"), "shape"),
    "that it has failed": (lambda told: replace(told, status="urn:oasis:names:tc:SAML:2.0:status:Responder"), "status"),
    "an answer to another question": (lambda told: replace(told, in_response_to="_" + "A" * 43), "trip"),
    "an answer to nothing": (lambda told: replace(told, in_response_to=None), "unsolicited"),
    "a name for today": (lambda told: replace(told, name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"), "subject"),
    "a name of spaces": (lambda told: replace(told, who=replace(told.who, name_id="   ")), "subject"),
    "a name without end": (lambda told: replace(told, who=replace(told.who, name_id="x" * 257)), "subject"),
    "an address that is none": (lambda told: replace(told, who=replace(told.who, email="grace")), "email"),
}  # fmt: skip


@pytest.mark.parametrize("whole", [False, True], ids=["the assertion signed", "the answer signed"])
@pytest.mark.parametrize("lie", LIES)
def test_what_is_signed_and_does_not_fit_is_refused(sso: SamlBrowser, lie: str, whole: bool) -> None:
    tell, reason = LIES[lie]
    root = signed(tell(sso.reply(GRACE)), sso.idp.key, whole=whole, part=not whole)
    assert refused(sso.bring(root), reason)


PARTS: Mapping[str, tuple[str, str, str]] = {
    "no audience": (r"<saml:AudienceRestriction>.*</saml:AudienceRestriction>", "", "audience"),
    "an audience that is not ours beside it": (r"(<saml:AudienceRestriction>)", r"\1<saml:Audience>x</saml:Audience></saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>y</saml:Audience></saml:AudienceRestriction><saml:AudienceRestriction>", "audience"),
    "no conditions": (r"<saml:Conditions.*</saml:Conditions>", "", "shape"),
    "a condition that nobody knows": (r"</saml:Conditions>", "<saml:Condition/></saml:Conditions>", "shape"),
    "no end": (r' NotOnOrAfter="[^"]*"', "", "time"),
    "an end that is no time": (r'NotOnOrAfter="[^"]*"', 'NotOnOrAfter="tomorrow"', "time"),
    "an end of another calendar": (r'NotOnOrAfter="[^"]*"', 'NotOnOrAfter="2099-02-31T00:00:00Z"', "time"),
    "an end in another zone": (r'NotOnOrAfter="([^"]*)Z"', r'NotOnOrAfter="\1+14:00"', "time"),
    "no time of issue": (r' IssueInstant="[^"]*"', "", "time"),
    "no subject": (r"<saml:Subject>.*</saml:Subject>", "", "shape"),
    "two subjects": (r"(<saml:Subject>.*</saml:Subject>)", r"\1\1", "shape"),
    "two names": (r"(<saml:NameID.*</saml:NameID>)", r"\1\1", "shape"),
    "a name with something in it": (r"(<saml:NameID[^>]*>)", r"\1<x/>", "shape"),
    "no name": (r"<saml:NameID.*</saml:NameID>", "", "shape"),
    "no confirmation": (r"<saml:SubjectConfirmation .*</saml:SubjectConfirmation>", "", "shape"),
    "no recipient": (r' Recipient="[^"]*"', "", "recipient"),
    "no sign that anybody signed in": (r"<saml:AuthnStatement.*</saml:AuthnStatement>", "", "shape"),
    "advice": (r"</saml:Assertion>", "<saml:Advice/></saml:Assertion>", "shape"),
    "no issuer": (r"<saml:Issuer>[^<]*</saml:Issuer>(?=<saml:Subject>)", "", "shape"),
    "an encrypted name": (r"<saml:NameID.*</saml:NameID>", "<saml:EncryptedID/>", "encrypted"),
    "an encrypted attribute": (r"<saml:AttributeStatement>", "<saml:AttributeStatement><saml:EncryptedAttribute/>", "encrypted"),
}  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_a_signed_assertion_of_another_shape_is_refused(sso: SamlBrowser, part: str) -> None:
    pattern, instead, reason = PARTS[part]
    reply = sso.reply(GRACE)
    root = reply.xml()
    text = etree.tostring(root[-1]).decode()
    assert re.search(pattern, text), text
    changed = etree.fromstring(re.sub(pattern, instead, text, count=1).encode())
    root.replace(root[-1], changed if part == "no issuer" else sign(changed, sso.idp.key))
    if part == "no issuer":  # the whole is signed instead: a signature stands after an Issuer
        root = sign(root, sso.idp.key)
    assert refused(sso.bring(root), reason)


def test_an_encrypted_assertion_is_refused_in_so_many_words(sso: SamlBrowser) -> None:
    root = sso.reply(GRACE).xml()
    root.replace(root[-1], etree.Element(f"{{{SAML}}}EncryptedAssertion"))
    answer = sso.bring(sign(root, sso.idp.key))
    assert refused(answer, "encrypted")
    assert "Switch encryption off" in answer.json()["detail"]


# --- The way back ---


def test_another_browsers_answer_is_worth_nothing(world: World, sso: SamlBrowser) -> None:
    """Mallory begins, and has the victim's browser finish: it would be signed in as Mallory."""
    mallorys = sso.reply(Somebody("mallory@example.com"))
    victim = SamlBrowser(world.client, sso.idp, sso.tenant_id, relay_state=sso.relay_state)
    for cookie in ("", "sso=", "sso=" + "A" * 43, "sso=" + "x" * 4000, "\x01=;;,"):
        victim.cookie = cookie
        assert refused(victim.bring_signed(mallorys), "trip")
    victim.start()
    assert refused(victim.bring_signed(mallorys), "trip")


@pytest.mark.opens
@pytest.mark.parametrize("beside", ['prefs={"a":1}', "foo", "é=1", "a[]=1", "sso=1", "x sso=1"])
def test_what_others_write_into_cookies_keeps_nobody_out(sso: SamlBrowser, beside: str) -> None:
    reply = sso.reply(GRACE)
    sso.cookie = f"{beside}; {sso.cookie}"
    assert sso.bring_signed(reply).status == 303


@pytest.mark.parametrize(
    "state", ["", "x", "A" * 22 + ".9999999999.-", "A" * 22 + ".9999999999." + "B" * 43, "é", "\0", "x" * 1024]
)
def test_another_relay_state_is_worth_nothing(sso: SamlBrowser, state: str) -> None:
    reply = sso.reply(GRACE)
    sso.relay_state = state
    assert refused(sso.bring_signed(reply), "trip")


def test_a_trip_lasts_ten_minutes_and_nobody_makes_it_longer(world: World, sso: SamlBrowser) -> None:
    asked = sso.start()
    world.clock.advance(minutes=10)
    reply = sso.idp.reply(asked, GRACE)
    assert refused(sso.bring_signed(reply), "trip")
    sso.relay_state = re.sub(r"\.\d{10}\.", ".9999999999.", sso.relay_state)
    assert refused(sso.bring_signed(reply), "trip")


def test_another_tenants_answer_is_worth_nothing_here(world: World, sso: SamlBrowser) -> None:
    """The same identity provider, or one that calls itself the same, at work for both."""
    set_up(world.client, world.cyd, sso.idp)
    cyds = SamlBrowser(world.client, sso.idp, world.cyd.tenant_id)
    reply = cyds.reply(GRACE)
    ours = SamlBrowser(world.client, sso.idp, sso.tenant_id, cookie=cyds.cookie, relay_state=cyds.relay_state)
    assert refused(ours.bring_signed(reply), "recipient")
    here = sso.reply(GRACE)
    assert refused(sso.bring_signed(replace(here, audience=reply.audience)), "audience")
    assert refused(sso.bring_signed(replace(here, in_response_to=reply.in_response_to)), "trip")
    mallory = desk("mallory")
    set_up(world.client, world.cyd, mallory)
    assert refused(sso.bring(signed(replace(sso.reply(GRACE), issuer=mallory.entity_id), mallory.key)), "issuer")
    assert refused(sso.bring(signed(sso.reply(GRACE), mallory.key)), "signature")


@pytest.mark.opens
def test_an_answer_is_good_once(sso: SamlBrowser) -> None:
    reply = sso.reply(GRACE)
    assert sso.bring_signed(reply).status == 303
    assert refused(sso.bring_signed(reply), "replayed")
    again = replace(reply, assertion_id="_another", response_id="_other")  # and so is a request
    assert refused(sso.bring_signed(again), "replayed")


@pytest.mark.opens
def test_of_many_that_bring_the_same_answer_at_once_one_gets_in(sso: SamlBrowser) -> None:
    root = encoded(signed(sso.reply(GRACE), sso.idp.key))
    form = {"SAMLResponse": root, "RelayState": sso.relay_state}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sso.post(form), range(8)))
    assert sorted(answer.status for answer in answers) == [303, *[401] * 7]


@pytest.mark.opens
def test_what_nobody_asked_for_is_taken_only_where_a_tenant_says_so_and_once(world: World, sso: SamlBrowser) -> None:
    set_up(world.client, world.ada, sso.idp, allow_idp_initiated=True)
    reply = replace(sso.idp.reply(sso.start(), GRACE), in_response_to=None)
    sso.cookie, sso.relay_state = "", "https://evil.example/"
    answer = sso.bring_signed(reply)
    assert answer.status == 303
    assert "evil" not in answer.headers["location"]
    assert refused(sso.bring_signed(reply), "replayed")
    world.clock.advance(minutes=5, seconds=59)
    assert refused(sso.bring_signed(reply), "replayed")
    world.clock.advance(seconds=1)
    assert refused(sso.bring_signed(reply), "time")


_END_OF_TIME = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.opens
@pytest.mark.parametrize("word", ["not_on_or_after", "confirmed_until", "session_until"])
def test_what_shall_never_end_is_believed_for_a_day(world: World, sso: SamlBrowser, word: str) -> None:
    set_up(world.client, world.ada, sso.idp, allow_idp_initiated=True)
    assert sso.bring_signed(sso.reply(GRACE, **{word: _END_OF_TIME})).status == 303
    endless = dict.fromkeys(("not_on_or_after", "confirmed_until"), _END_OF_TIME)
    unasked = sso.reply(GRACE, in_response_to=None, **endless)
    assert sso.bring_signed(unasked).status == 303
    kept = [row["ttl"] for row in world.aws.rows("idem") if row["pk"].startswith("SAML#")]
    assert max(kept) < (world.clock.now() + timedelta(days=2)).timestamp()
    world.clock.advance(days=1, seconds=59)
    assert refused(sso.bring_signed(unasked), "replayed")
    world.clock.advance(seconds=1)
    assert refused(sso.bring_signed(unasked), "time")


@pytest.mark.opens
@pytest.mark.parametrize("how", ["the answer", "both", "ECDSA", "SHA-512", "the second certificate"])
def test_what_honest_identity_providers_send_is_taken(world: World, sso: SamlBrowser, how: str) -> None:
    idp = sso.idp
    key = idp.key
    words: dict[str, Any] = {"whole": how in {"the answer", "both"}, "part": how != "the answer"}
    if how in {"ECDSA", "the second certificate"}:
        private = ec.generate_private_key(ec.SECP256R1()) if how == "ECDSA" else None
        key = new_key(world.clock.now(), private=private)
        facts = {"entity_id": idp.entity_id, "sso_url": idp.sso_url, "certificates": [idp.key.pem, key.pem]}
        set_up(world.client, world.ada, idp, metadata=None, **facts)
    if how == "SHA-512":
        words |= {"method": SignatureMethod.RSA_SHA512, "digest": DigestAlgorithm.SHA512}
    assert sso.bring(signed(sso.reply(GRACE), key, **words)).status == 303
