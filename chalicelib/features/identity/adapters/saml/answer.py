"""What an identity provider has answered: looked at as a whole first, then believed only as far as it is signed.

The order matters: XML that hides things, then its shape, then signatures, then what the signed assertion says. Nothing
of the document is read after its signature was checked, only what the check has returned.
"""

from __future__ import annotations

import base64
import binascii

from lxml import etree

from chalicelib.features.identity.adapters.saml import assertion
from chalicelib.features.identity.adapters.saml.document import (
    DSIG,
    PROTOCOL,
    SAML,
    children,
    ids,
    is_enclosed,
    name_of,
    only,
    read,
    text_of,
)
from chalicelib.features.identity.adapters.saml.signature import check_shape, verified
from chalicelib.features.identity.model.saml import Expected, Said, SsoFailed

_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_ISSUER, _ASSERTION, _SIGNATURE = f"{{{SAML}}}Issuer", f"{{{SAML}}}Assertion", f"{{{DSIG}}}Signature"
_OF_RESPONSE = (_ISSUER, _SIGNATURE, f"{{{PROTOCOL}}}Status", _ASSERTION)


class AnswerReader:
    def read(self, encoded: str, *, expected: Expected) -> Said:
        """`encoded` is what the browser has posted. Raises SsoFailed."""
        root = read(_decoded(encoded))
        _check_status(root)
        unsigned = _assertion_of(root)
        signatures = _signatures(root, unsigned)
        _check_envelope(root, expected)
        signed = _signed_assertion(root, signatures, expected)
        said = assertion.read(signed, expected)
        if root.get("InResponseTo") not in {None, said.in_response_to}:
            raise SsoFailed("trip", "Answer and assertion answer different requests.")
        return said


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SsoFailed("unreadable", "SAMLResponse is not base64.") from None


def _check_status(root: etree._Element) -> None:
    if root.tag != f"{{{PROTOCOL}}}Response" or root.get("Version") != "2.0":
        raise SsoFailed("shape", "This is not the Response of SAML 2.0.")
    code = only(only(root, PROTOCOL, "Status"), PROTOCOL, "StatusCode")
    if code.get("Value") != _SUCCESS:
        raise SsoFailed("status", "The identity provider has not signed anybody in.")


def _assertion_of(root: etree._Element) -> etree._Element:
    """The only one there is, wherever anybody would look. Everything has its place, and an id is one element's."""
    names = [name_of(element) for element in root.iter()]
    if any(name.startswith("Encrypted") for name in names):
        raise SsoFailed("encrypted", "Encrypted assertions are not read. Switch encryption off for this application.")
    if names.count("Assertion") != 1 or names.count("Response") != 1 or not is_enclosed(root, *_OF_RESPONSE):
        raise SsoFailed("shape", "A Response holds one Assertion, and nothing beside it.")
    found = list(ids(root))
    if len(found) != len(set(found)):
        raise SsoFailed("shape", "An ID is given twice.")
    return only(root, SAML, "Assertion")


def _signatures(root: etree._Element, unsigned: etree._Element) -> list[etree._Element]:
    """At most one in each of the two, right after its Issuer, and nowhere else."""
    found = [element for element in root.iter() if name_of(element) == "Signature"]
    if not found:
        raise SsoFailed("unsigned", "Neither the answer nor its assertion is signed.")
    for signature in found:
        parent, before = signature.getparent(), signature.getprevious()
        is_placed = parent is root or parent is unsigned
        is_second = before is not None and before.tag == _ISSUER and before.getprevious() is None
        if signature.tag != _SIGNATURE or not is_placed or not is_second:
            raise SsoFailed("shape", "A signature stands where none belongs.")
        check_shape(signature)
    return found


def _check_envelope(root: etree._Element, expected: Expected) -> None:
    """What is said outside the assertion may be unsigned: it can only be a reason to refuse."""
    for issuer in children(root, SAML, "Issuer"):
        if text_of(issuer) != expected.idp.entity_id:
            raise SsoFailed("issuer", "Another identity provider has answered.")
    if root.get("Destination") not in {None, expected.place.acs_url}:
        raise SsoFailed("recipient", "The answer was meant for another address.")


def _signed_assertion(root: etree._Element, signatures: list[etree._Element], expected: Expected) -> etree._Element:
    """Where both are signed, both have to be right, and the assertion's own signature says what is read."""
    certificates, now = expected.idp.certificates, expected.now
    signed: dict[str, etree._Element] = {}
    for signature in signatures:
        parent = signature.getparent()
        if parent is None:
            raise SsoFailed("shape")
        found = verified(root, parent, certificates, now)
        signed[str(found.tag)] = found
    whole = signed.get(_ASSERTION)
    return whole if whole is not None else only(next(iter(signed.values())), SAML, "Assertion")
