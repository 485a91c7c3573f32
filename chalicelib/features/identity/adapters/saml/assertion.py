"""What a signed assertion says, and whether it says it to us, about now, and of somebody who may be known by it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from lxml import etree

from chalicelib.features.identity.adapters.saml.document import DSIG, SAML, children, is_enclosed, only, text_of
from chalicelib.features.identity.model.saml import Expected, Said, SsoFailed

SKEW = timedelta(seconds=60)
BELIEVED_FOR = timedelta(days=1)  # whatever it says of itself: so long is kept what could come again
LONGEST_SUBJECT = 256
_LONGEST_VALUE = 1024
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_OWN_PARTS = ("Issuer", "Subject", "Conditions", "AuthnStatement", "AttributeStatement")
_PARTS = (f"{{{DSIG}}}Signature", *(f"{{{SAML}}}{name}" for name in _OWN_PARTS))
_CONDITIONS = tuple(f"{{{SAML}}}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction"))
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


def read(signed: etree._Element, expected: Expected) -> Said:
    """Raises SsoFailed."""
    if signed.get("Version") != "2.0" or not signed.get("ID") or not is_enclosed(signed, *_PARTS):
        raise SsoFailed("shape", "This is no Assertion of SAML 2.0 that we know.")
    issuer = text_of(only(signed, SAML, "Issuer"))
    if issuer != expected.idp.entity_id:
        raise SsoFailed("issuer", "Another identity provider has issued this assertion.")
    issued_at = _instant(signed, "IssueInstant")
    conditions_end = _check_conditions(only(signed, SAML, "Conditions"), expected)
    subject = only(signed, SAML, "Subject")
    confirmed = _confirmation(subject, expected)
    expires_at = _end_of(issued_at, max(conditions_end, _instant(confirmed, "NotOnOrAfter")), expected.now)
    authenticated_at, session_ends_at = _authentication(signed, expected.now)
    return Said(
        assertion_id=str(signed.get("ID")),
        issuer=issuer,
        subject=_name_id(subject),
        in_response_to=_text(confirmed.get("InResponseTo")),
        attributes=_attributes(signed),
        authenticated_at=authenticated_at,
        expires_at=expires_at,
        session_ends_at=session_ends_at,
    )


def _name_id(subject: etree._Element) -> str:
    name_id = only(subject, SAML, "NameID")
    text = text_of(name_id)
    if name_id.get("Format") == _TRANSIENT:
        raise SsoFailed("subject", "A transient NameID names nobody. Send a persistent one, or the e-mail address.")
    if not 0 < len(text) <= LONGEST_SUBJECT:
        raise SsoFailed("subject", f"A NameID has 1 to {LONGEST_SUBJECT} characters.")
    return text


def _check_conditions(conditions: etree._Element, expected: Expected) -> datetime:
    """A condition that we do not understand does not hold. Returns their end."""
    if not is_enclosed(conditions, *_CONDITIONS):
        raise SsoFailed("shape", "There is a condition that we do not know.")
    _check_begun(conditions, expected.now)
    end = _check_end(conditions, expected.now)
    restrictions = children(conditions, SAML, "AudienceRestriction")
    audiences = [[text_of(each) for each in children(one, SAML, "Audience")] for one in restrictions]
    if not audiences or any(expected.place.entity_id not in each for each in audiences):
        raise SsoFailed("audience", f"The audience has to be {expected.place.entity_id}.")
    return end


def _confirmation(subject: etree._Element, expected: Expected) -> etree._Element:
    """The browser that brings it is who it is about, here and now."""
    confirmation = only(subject, SAML, "SubjectConfirmation")
    confirmed = only(confirmation, SAML, "SubjectConfirmationData")
    if confirmation.get("Method") != _BEARER or len(confirmed):
        raise SsoFailed("shape", "The subject is to be confirmed as its bearer, and by nothing else.")
    if confirmed.get("Recipient") != expected.place.acs_url:
        raise SsoFailed("recipient", f"The recipient has to be {expected.place.acs_url}.")
    _check_begun(confirmed, expected.now)
    _check_end(confirmed, expected.now)
    return confirmed


def _authentication(signed: etree._Element, now: datetime) -> tuple[datetime, datetime | None]:
    """When somebody has proven there who they are, and until when that is to be good."""
    statement = only(signed, SAML, "AuthnStatement")
    at = min(_instant(statement, "AuthnInstant"), now)
    if statement.get("SessionNotOnOrAfter") is None:
        return at, None
    ends_at = _instant(statement, "SessionNotOnOrAfter")
    if ends_at <= now:
        raise SsoFailed("time", "The session at the identity provider is over.")
    return at, ends_at


def _attributes(signed: etree._Element) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for statement in children(signed, SAML, "AttributeStatement"):
        for attribute in children(statement, SAML, "Attribute"):
            values = found.setdefault(str(attribute.get("Name", "")), [])
            for value in children(attribute, SAML, "AttributeValue"):
                if not len(value) and len(value.text or "") <= _LONGEST_VALUE:
                    values.append((value.text or "").strip())
    return found


def _end_of(issued_at: datetime, end: datetime, now: datetime) -> datetime:
    """When it could not come again."""
    if issued_at > now + SKEW:
        raise SsoFailed("time", "It was issued in the future. Compare the clocks.")
    if issued_at + BELIEVED_FOR <= now - SKEW:
        raise SsoFailed("time", "It was issued more than a day ago.")
    return min(end, issued_at + BELIEVED_FOR) + SKEW


def _check_begun(element: etree._Element, now: datetime) -> None:
    if element.get("NotBefore") is not None and _instant(element, "NotBefore") > now + SKEW:
        raise SsoFailed("time", "It is not good yet. Compare the clocks.")


def _check_end(element: etree._Element, now: datetime) -> datetime:
    end = _instant(element, "NotOnOrAfter")
    if end <= now - SKEW:
        raise SsoFailed("time", "It is good no longer. Compare the clocks.")
    return end


def _instant(element: etree._Element, name: str) -> datetime:
    text = _INSTANT.fullmatch(_text(element.get(name)) or "")
    try:
        return datetime.fromisoformat(text[0] if text else "").astimezone(UTC)
    except ValueError:
        raise SsoFailed("time", f"{name} is missing, or no time in UTC.") from None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
