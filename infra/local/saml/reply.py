"""What the stand-in says of somebody, as XML. Every fact can be replaced: tests have it lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lxml import etree

from chalicelib.core import chance
from infra.local.saml.signing import SAML

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_NAMES = {"samlp": PROTOCOL, "saml": SAML}
_LASTS = timedelta(minutes=5)


def new_id() -> str:
    return f"_{chance.token(16).hex()}"


@dataclass(frozen=True)
class Somebody:
    """`name_id` is who they are there for good."""

    email: str
    name: str = ""
    groups: Sequence[str] = ()
    name_id: str = ""


@dataclass(frozen=True)
class Reply:
    issuer: str
    audience: str
    recipient: str
    in_response_to: str | None
    at: datetime
    who: Somebody
    response_id: str = field(default_factory=new_id)
    assertion_id: str = field(default_factory=new_id)
    destination: str | None = None
    response_issuer: str | None = None
    status: str = SUCCESS
    name_id_format: str = PERSISTENT
    method: str = BEARER
    version: str = "2.0"
    not_before: datetime | None = None
    not_on_or_after: datetime | None = None
    confirmed_until: datetime | None = None
    issued_at: datetime | None = None
    authenticated_at: datetime | None = None
    session_until: datetime | None = None

    def xml(self) -> etree._Element:
        """Not signed."""
        destination = self.recipient if self.destination is None else self.destination
        words = {"ID": self.response_id, "Version": "2.0", "IssueInstant": spelled(self.at), "Destination": destination}
        root = etree.Element(f"{{{PROTOCOL}}}Response", self._answering(words), nsmap=_NAMES)
        _put(root, "Issuer", self.response_issuer or self.issuer)
        status = etree.SubElement(root, f"{{{PROTOCOL}}}Status")
        etree.SubElement(status, f"{{{PROTOCOL}}}StatusCode", {"Value": self.status})
        root.append(self.assertion())
        return root

    def assertion(self) -> etree._Element:
        issued_at = self.issued_at or self.at
        words = {"ID": self.assertion_id, "Version": self.version, "IssueInstant": spelled(issued_at)}
        found = etree.Element(f"{{{SAML}}}Assertion", words, nsmap={"saml": SAML})
        _put(found, "Issuer", self.issuer)
        self._subject(found)
        self._conditions(found)
        self._authentication(found)
        self._attributes(found)
        return found

    def _subject(self, parent: etree._Element) -> None:
        subject = _put(parent, "Subject")
        _put(subject, "NameID", self.who.name_id or f"id-of-{self.who.email}", Format=self.name_id_format)
        confirmation = _put(subject, "SubjectConfirmation", Method=self.method)
        until = self.confirmed_until or self.at + _LASTS
        words = {"Recipient": self.recipient, "NotOnOrAfter": spelled(until)}
        _put(confirmation, "SubjectConfirmationData", **self._answering(words))

    def _conditions(self, parent: etree._Element) -> None:
        begins, ends = self.not_before or self.at - _LASTS, self.not_on_or_after or self.at + _LASTS
        conditions = _put(parent, "Conditions", NotBefore=spelled(begins), NotOnOrAfter=spelled(ends))
        _put(_put(conditions, "AudienceRestriction"), "Audience", self.audience)

    def _authentication(self, parent: etree._Element) -> None:
        words = {"AuthnInstant": spelled(self.authenticated_at or self.at)}
        if self.session_until:
            words["SessionNotOnOrAfter"] = spelled(self.session_until)
        context = _put(_put(parent, "AuthnStatement", **words), "AuthnContext")
        _put(context, "AuthnContextClassRef", "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified")

    def _attributes(self, parent: etree._Element) -> None:
        told: Mapping[str, Sequence[str]] = {
            "email": [self.who.email],
            "displayName": [self.who.name] if self.who.name else [],
            "groups": self.who.groups,
        }
        statement = _put(parent, "AttributeStatement")
        for name, values in told.items():
            attribute = _put(statement, "Attribute", Name=name)
            for value in values:
                _put(attribute, "AttributeValue", value)

    def _answering(self, words: dict[str, str]) -> dict[str, str]:
        return words if self.in_response_to is None else {**words, "InResponseTo": self.in_response_to}


def spelled(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _put(parent: etree._Element, name: str, text: str = "", **words: str) -> etree._Element:
    made = etree.SubElement(parent, f"{{{SAML}}}{name}", words)
    made.text = text or None
    return made
