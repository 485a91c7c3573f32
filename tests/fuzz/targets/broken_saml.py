"""Readers of an identity provider's answers that are broken on purpose, as known ones have been."""

from __future__ import annotations

import base64
from dataclasses import replace

from lxml import etree

from chalicelib.features.identity.adapters.saml import assertion
from chalicelib.features.identity.adapters.saml.document import SAML, read
from chalicelib.features.identity.model.saml import Said, SsoFailed
from tests.fuzz.targets import saml_answer
from tests.fuzz.targets.saml_answer import EXPECTED

_ASSERTION, _NAME_ID = f"{{{SAML}}}Assertion", f"{{{SAML}}}NameID"


def _root(encoded: str) -> etree._Element:
    return read(base64.b64decode(encoded))


def _first(root: etree._Element, tag: str) -> etree._Element:
    found = next(root.iter(tag), None)
    if found is None:
        raise SsoFailed("shape")
    return found


def refuses_every_answer(_encoded: str) -> Said:
    raise SsoFailed("shape")


def looks_for_no_signature(encoded: str) -> Said:
    return assertion.read(_first(_root(encoded), _ASSERTION), EXPECTED)


def reads_the_first_when_any_is_signed(encoded: str) -> Said:
    """The wrappings' own: what was checked is somewhere in the document, and something else is read."""
    root = _root(encoded)
    first = _first(root, _ASSERTION)
    for text in saml_answer.TRUTHS:
        genuine = _first(etree.fromstring(text.encode()), _ASSERTION)
        values = {each.text for each in genuine.iter("{*}SignatureValue")}
        if values & {each.text for each in root.iter("{*}SignatureValue")}:
            return assertion.read(first, EXPECTED)
    raise SsoFailed("unsigned")


def reads_up_to_a_comment(encoded: str) -> Said:
    """A signature says nothing of comments, and a parser ends a text at the first."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(base64.b64decode(encoded), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise SsoFailed("unreadable") from None
    cut = root.find(f".//{_NAME_ID}")
    subject = None if cut is None else cut.text
    etree.strip_tags(root, etree.Comment)
    said = saml_answer.read(saml_answer.posted(etree.tostring(root).decode()))
    return replace(said, subject=subject or "")


def lets_broken_xml_out(encoded: str) -> Said:
    etree.fromstring(base64.b64decode(encoded))
    return saml_answer.read(encoded)


def leaves_the_encoding_to_the_parser(encoded: str) -> Said:
    """What is looked through for a DOCTYPE is letters with NULs between them; what is parsed has none."""
    raw = base64.b64decode(encoded)
    if b"<!" in raw or b"<?" in raw:
        raise SsoFailed("unreadable")
    try:
        root = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        raise SsoFailed("unreadable") from None
    return saml_answer.read(saml_answer.posted(etree.tostring(root).decode()))
