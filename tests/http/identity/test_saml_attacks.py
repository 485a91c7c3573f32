"""Answers of identity providers that must not be believed (SECURITY 13), each brought through the real door."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from infra.local.saml.desk import encoded
from infra.local.saml.reply import Reply, Somebody
from infra.local.saml.signing import DSIG, SAML, new_key, sign
from tests.fakes.saml import SamlBrowser, desk, refused, set_up, signed
from tests.fakes.saml_forgeries import OF_ANSWERS, OF_ASSERTIONS, VICTIM
from tests.world import World

GRACE = Somebody("grace@example.com", name="Grace Hopper")


@pytest.fixture(autouse=True)
def _nobody_got_in(world: World, sso: SamlBrowser, request: pytest.FixtureRequest) -> Any:
    """Whatever was answered: there is no new member, and no code to come by one."""
    before = len(world.client.get("/v1/members", as_=world.ada).json()["data"])
    yield
    if "opens" not in request.keywords:
        assert len(world.client.get("/v1/members", as_=world.ada).json()["data"]) == before
        assert [row for row in world.aws.rows("idem") if row["pk"].startswith("SAML#")] == []


def text_of(root: etree._Element) -> str:
    return etree.tostring(root).decode()


def bring_text(sso: SamlBrowser, text: str | bytes) -> Any:
    raw = text if isinstance(text, bytes) else text.encode()
    return sso.post({"SAMLResponse": base64.b64encode(raw).decode(), "RelayState": sso.relay_state})


# --- Signature wrapping ---


@pytest.mark.parametrize("same_id", [True, False], ids=["its ID", "an ID of its own"])
@pytest.mark.parametrize("name", OF_ANSWERS)
@pytest.mark.parametrize("part", [True, False], ids=["both signed", "the answer signed"])
def test_a_wrapped_answer_is_refused(sso: SamlBrowser, name: str, same_id: bool, part: bool) -> None:
    genuine = signed(sso.reply(GRACE), sso.idp.key, whole=True, part=part)
    forged = OF_ANSWERS[name](genuine, same_id)
    assert VICTIM in text_of(forged)
    assert refused(sso.bring(forged), "shape", "signature", "unsigned")


@pytest.mark.parametrize("same_id", [True, False], ids=["its ID", "an ID of its own"])
@pytest.mark.parametrize("name", OF_ASSERTIONS)
def test_a_wrapped_assertion_is_refused(sso: SamlBrowser, name: str, same_id: bool) -> None:
    forged = OF_ASSERTIONS[name](signed(sso.reply(GRACE), sso.idp.key), same_id)
    assert VICTIM in text_of(forged)
    assert refused(sso.bring(forged), "shape", "signature")


# --- XML that hides things ---

_ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)
HIDING: Mapping[str, Callable[[str], str | bytes]] = {
    "a DOCTYPE": lambda text: f"<!DOCTYPE x>{text}",
    "a DOCTYPE after a declaration": lambda text: f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE x>{text}',
    "an external entity": lambda text: f'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>{text}'.replace("grace@", "&e;", 1),
    "an external DTD": lambda text: f'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">{text}',
    "a parameter entity": lambda text: f'<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/"> %e;]>{text}',
    "a billion laughs": lambda text: f"{_ENTITIES}]>{text}".replace("grace@", "&j;", 1),
    "an entity nobody declared": lambda text: text.replace("grace@", "&grace;", 1),
    "a comment in the name": lambda text: text.replace("id-of-grace@", "id-of-<!-- -->grace@"),
    "a comment that cuts the address": lambda text: text.replace("grace@example.com", "grace@example.com<!---->.evil.example"),
    "a comment anywhere": lambda text: text.replace("<saml:Subject>", "<!-- --><saml:Subject>"),
    "CDATA": lambda text: text.replace("id-of-grace", "<![CDATA[id-of-grace]]>"),
    "an instruction": lambda text: text.replace("id-of-grace", "<?x?>id-of-grace"),
    "two declarations": lambda text: '<?xml version="1.0"?><?xml version="1.0"?>' + text,
    "another encoding": lambda text: text.encode("utf-16"),
    "an encoding that lies": lambda text: f'<?xml version="1.0" encoding="utf-7"?>{text}',
    "a NUL": lambda text: text.replace("id-of-grace", "id-of-\0grace"),
    "no XML": lambda _: "{}",
    "nothing": lambda _: " ",
    "too much": lambda text: text.replace("</saml:Assertion>", f"{' ' * 129_000}</saml:Assertion>"),
    "too deep": lambda text: text.replace("</saml:Assertion>", f"{'<a>' * 60}{'</a>' * 60}</saml:Assertion>"),
    "far too deep": lambda text: text.replace("</saml:Assertion>", f"{'<a>' * 9_000}{'</a>' * 9_000}</saml:Assertion>"),
    "too many": lambda text: text.replace("</saml:Assertion>", f"{'<a/>' * 2_100}</saml:Assertion>"),
}  # fmt: skip


@pytest.mark.parametrize("trick", HIDING)
def test_xml_that_could_be_read_in_two_ways_is_not_read(sso: SamlBrowser, trick: str) -> None:
    text = text_of(signed(sso.reply(GRACE), sso.idp.key))
    assert HIDING[trick](text) != text
    assert refused(bring_text(sso, HIDING[trick](text)), "unreadable")


@pytest.mark.parametrize(
    "fields",
    [{}, {"RelayState": "x"}, {"SAMLResponse": ""}, {"SAMLResponse": "x" * 300_000}, {f"f{n}": "" for n in range(30)}],
)
def test_a_form_of_another_shape_is_told_so(sso: SamlBrowser, fields: dict[str, str]) -> None:
    assert sso.post(fields).status in {400, 413, 422}


@pytest.mark.parametrize("body", [b"\xff=\xfe", "SAMLResponse=a&SAMLResponse=b", "SAMLResponse=%ff%fe", "%", "&" * 50])
def test_a_form_that_is_none_is_told_so(world: World, sso: SamlBrowser, body: bytes | str) -> None:
    path = f"/v1/auth/saml/{sso.tenant_id}/acs"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert world.client.post(path, body=body, headers=headers).status in {400, 422}
    assert world.client.post(path, json={"SAMLResponse": "x"}).status == 415


@pytest.mark.parametrize("text", ["%%%", "é", "A", "====", "PD94bWw=\0"])
def test_what_is_no_base64_is_not_read(sso: SamlBrowser, text: str) -> None:
    sso.start()
    assert refused(sso.post({"SAMLResponse": text, "RelayState": sso.relay_state}), "unreadable")


# --- Signatures ---


def _hmac(root: etree._Element, sso: SamlBrowser) -> etree._Element:
    """The classic: the certificate, which everybody has, taken for a shared secret."""
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.HMAC_SHA256, c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"
    )
    assertion = root[-1]
    place = etree.Element(f"{{{DSIG}}}Signature", {"Id": "placeholder"})
    assertion.insert(1, place)
    signer.namespaces = {"ds": DSIG}
    made = signer.sign(assertion, key=sso.idp.key.pem.encode(), reference_uri=f"#{assertion.get('ID')}")
    root.replace(assertion, made)
    return root


def _sha1(root: etree._Element, sso: SamlBrowser, **how: Any) -> etree._Element:
    class Lax(XMLSigner):
        def check_deprecated_methods(self) -> None:
            """They are what is tested."""

    assertion = root[-1]
    place = etree.Element(f"{{{DSIG}}}Signature", {"Id": "placeholder"})
    assertion.insert(1, place)
    signer = Lax(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#", **how)
    signer.namespaces = {"ds": DSIG}
    key = sso.idp.key
    root.replace(
        assertion,
        signer.sign(assertion, key=key.private, cert=[key.certificate], reference_uri=f"#{assertion.get('ID')}"),
    )
    return root


def _changed(pattern: str, instead: str) -> Callable[[etree._Element, SamlBrowser], etree._Element]:
    def change(root: etree._Element, sso: SamlBrowser) -> etree._Element:
        text = text_of(signed_part(root, sso))
        assert re.search(pattern, text, re.DOTALL), pattern
        return etree.fromstring(re.sub(pattern, instead, text, count=1, flags=re.DOTALL).encode())

    return change


def signed_part(root: etree._Element, sso: SamlBrowser) -> etree._Element:
    root.replace(root[-1], sign(root[-1], sso.idp.key))
    return root


def _by_another(root: etree._Element, sso: SamlBrowser) -> etree._Element:
    """Which stands in the signature itself, as it should, and is nobody's."""
    root.replace(root[-1], sign(root[-1], desk("mallory").key))
    return root


def _wrong_part(root: etree._Element, sso: SamlBrowser) -> etree._Element:
    """Signed is the subject, and not the assertion."""
    assertion = root[-1]
    subject = assertion.find(f"{{{SAML}}}Subject")
    assert subject is not None
    subject.set("ID", "_subject")
    made = sign(subject, sso.idp.key)
    signature = made.find(f"{{{DSIG}}}Signature")
    assert signature is not None
    made.remove(signature)
    assertion.replace(subject, made)
    assertion.insert(1, signature)
    return root


def _beside(root: etree._Element, sso: SamlBrowser) -> etree._Element:
    signature = signed_part(root, sso)[-1].find(f"{{{DSIG}}}Signature")
    assert signature is not None
    root.insert(1, signature)
    return root


_EXC = re.escape("http://www.w3.org/2001/10/xml-exc-c14n#")
_DROPPED = r"<ds:Signature.*</ds:Signature>"
SIGNATURES: Mapping[str, tuple[Callable[[etree._Element, SamlBrowser], etree._Element], str]] = {
    "none": (lambda root, _: root, "unsigned"),
    "stripped": (_changed(_DROPPED, ""), "unsigned"),
    "empty": (_changed(_DROPPED, f'<ds:Signature xmlns:ds="{DSIG}"/>'), "shape"),
    "another's, with its certificate": (_by_another, "signature"),
    "HMAC under the certificate": (_hmac, "algorithm"),
    "RSA with SHA-1": (lambda root, sso: _sha1(root, sso, signature_algorithm=SignatureMethod.RSA_SHA1), "algorithm"),
    "a digest of SHA-1": (lambda root, sso: _sha1(root, sso, digest_algorithm=DigestAlgorithm.SHA1), "algorithm"),
    "the algorithm none": (_changed(r"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "none"), "algorithm"),
    "no value": (_changed(r"<ds:SignatureValue>[^<]*<", "<ds:SignatureValue><"), "signature"),
    "a value that is none": (_changed(r"<ds:SignatureValue>[^<]*<", "<ds:SignatureValue>%%%<"), "signature"),
    "no digest": (_changed(r"<ds:DigestValue>[^<]*<", "<ds:DigestValue><"), "signature"),
    "of nothing": (_changed(r"<ds:Reference .*</ds:Reference>", ""), "shape"),
    "of two things": (_changed(r"(<ds:Reference .*</ds:Reference>)", r"\1\1"), "shape"),
    "of the whole document": (_changed(r'URI="#[^"]*"', 'URI=""'), "shape"),
    "of something elsewhere": (_changed(r'URI="#[^"]*"', 'URI="http://127.0.0.1:9/"'), "shape"),
    "of a part": (_wrong_part, "shape"),
    "by XPath": (_changed(r"http://www.w3.org/2000/09/xmldsig#enveloped-signature", "http://www.w3.org/TR/1999/REC-xpath-19991116"), "algorithm"),
    "by XSLT": (_changed(_EXC + '"/></ds:Transforms>', 'http://www.w3.org/TR/1999/REC-xslt-19991116"/></ds:Transforms>'), "algorithm"),
    "with comments": (_changed(_EXC, "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"), "algorithm"),
    "with an object": (_changed(r"</ds:Signature>", "<ds:Object>x</ds:Object></ds:Signature>"), "shape"),
    "at the end": (_changed(rf"({_DROPPED})(.*)</saml:Assertion>", r"\2\1</saml:Assertion>"), "shape"),
    "beside the assertion": (_beside, "shape"),
    "in another namespace": (_changed(DSIG, "urn:x"), "shape"),
    "twice": (_changed(rf"({_DROPPED})", r"\1\1"), "shape"),
    "under an ID that is two elements'": (_changed(r"<saml:Subject>", '<saml:Subject xml:id="_same" Id="_same">'), "shape"),
}  # fmt: skip


@pytest.mark.parametrize("forgery", SIGNATURES)
def test_a_signature_that_is_not_the_identity_providers_is_refused(sso: SamlBrowser, forgery: str) -> None:
    forge, reason = SIGNATURES[forgery]
    assert refused(sso.bring(forge(sso.reply(GRACE).xml(), sso)), reason)


@pytest.mark.parametrize("victim", ["grace", "agent@", "id-of-"])
def test_what_was_changed_after_signing_is_refused(sso: SamlBrowser, victim: str) -> None:
    text = text_of(signed(sso.reply(Somebody("grace-agent@example.com")), sso.idp.key))
    place = text.rindex(victim)
    assert refused(bring_text(sso, text[:place] + "x" + text[place + 1 :]), "signature")


def test_a_good_assertion_in_an_answer_with_a_bad_signature_is_refused(sso: SamlBrowser) -> None:
    root = signed(sso.reply(GRACE), sso.idp.key, whole=True)
    root.set("IssueInstant", "2020-01-01T00:00:00Z")
    assert refused(sso.bring(root), "signature")


def test_a_certificate_that_has_expired_lets_nobody_in(world: World, sso: SamlBrowser) -> None:
    brief = new_key(world.clock.now(), lasts=timedelta(minutes=5))
    idp = desk()
    idp.key = brief
    set_up(world.client, world.ada, idp)
    sso.idp = idp
    world.clock.advance(minutes=6)
    assert refused(sso.bring_signed(sso.reply(GRACE)), "signature")


def test_a_certificate_that_was_taken_away_lets_nobody_in(world: World, sso: SamlBrowser) -> None:
    reply = sso.reply(GRACE)
    set_up(world.client, world.ada, desk("successor"), metadata=None, entity_id=sso.idp.entity_id,
           sso_url=sso.idp.sso_url, certificates=[desk("successor").key.pem])  # fmt: skip
    assert refused(sso.bring_signed(reply), "signature")


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
    text = text_of(root[-1])
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
