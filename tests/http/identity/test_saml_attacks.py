"""Answers of identity providers that must not be believed (SECURITY 13), each brought through the real door."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from operator import methodcaller
from typing import Any

import pytest
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from infra.local.saml.reply import Somebody
from infra.local.saml.signing import DSIG, SAML, new_key, sign
from tests.fakes.saml import SamlBrowser, desk, refused, set_up
from tests.fakes.saml_forgeries import OF_ANSWERS, OF_ASSERTIONS, VICTIM
from tests.fakes.saml_signed import signed
from tests.world import World

GRACE = Somebody("grace@example.com", name="Grace Hopper")

pytestmark = pytest.mark.usefixtures("nobody_gets_in")


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
UNMARKED = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


def _namespaces(many: int) -> str:
    return " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(many))


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
    **{f"{each} without a mark": methodcaller("encode", each) for each in UNMARKED},
    "a control character": lambda text: text.replace("id-of-grace", "id-of-\x01grace"),
    "what is no character": lambda text: text.replace("id-of-grace", "id-of-\ufffegrace"),
    "too many namespaces": lambda text: text.replace("<samlp:Response ", f"<samlp:Response {_namespaces(1_001)} "),
    "too many namespaces, spread out": lambda text: text.replace("<saml:Subject>", "<x xmlns = 'urn:x'/>" * 1_001 + "<saml:Subject>"),
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
