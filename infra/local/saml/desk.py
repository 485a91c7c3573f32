"""A stand-in for an organisation's identity provider that speaks SAML 2.0: metadata, and signing in by a form.

It signs in whoever is asked for, as anybody, for every tenant that names it. The local product serves it under
/local/saml/; tests ask it directly.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from lxml import etree

from infra.local.console.exchange import Answer, Request, answer_file, answer_json
from infra.local.saml.page import asking, sending_back
from infra.local.saml.reply import PROTOCOL, Reply, Somebody
from infra.local.saml.signing import DSIG, SAML, SigningKey, sign

ROOT = "/local/saml/"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_LONGEST_REQUEST = 64 * 1024


@dataclass(frozen=True)
class Asked:
    """What a service provider wants."""

    id: str
    issuer: str
    acs_url: str
    is_fresh: bool


class Refused(Exception):
    """It asks for nothing that we could answer."""


class Desk:
    """`url` is where ROOT is reached."""

    def __init__(self, *, url: str, now: Callable[[], datetime], key: SigningKey) -> None:
        self.url = f"{url}{ROOT.rstrip('/')}"
        self.now = now
        self.key = key

    @property
    def entity_id(self) -> str:
        return f"{self.url}/metadata"

    @property
    def sso_url(self) -> str:
        return f"{self.url}/sso"

    @staticmethod
    def concerns(path: str) -> bool:
        return path.startswith(ROOT)

    def answer(self, request: Request) -> Answer:
        try:
            return self._answer(request)
        except Refused as refused:
            return answer_json({"error": str(refused)}, status=400)

    def metadata(self) -> str:
        root = etree.Element(f"{{{METADATA}}}EntityDescriptor", {"entityID": self.entity_id}, nsmap={"md": METADATA})
        role = etree.SubElement(root, f"{{{METADATA}}}IDPSSODescriptor", {"protocolSupportEnumeration": PROTOCOL})
        key = etree.SubElement(role, f"{{{METADATA}}}KeyDescriptor", {"use": "signing"})
        facts = etree.SubElement(etree.SubElement(key, f"{{{DSIG}}}KeyInfo"), f"{{{DSIG}}}X509Data")
        etree.SubElement(facts, f"{{{DSIG}}}X509Certificate").text = self.key.bare
        place = {"Binding": _REDIRECT, "Location": self.sso_url}
        etree.SubElement(role, f"{{{METADATA}}}SingleSignOnService", place)
        return etree.tostring(root, pretty_print=True).decode()

    def reply(self, asked: Asked, who: Somebody) -> Reply:
        """What it would say, to be signed."""
        return Reply(
            issuer=self.entity_id,
            audience=asked.issuer,
            recipient=asked.acs_url,
            in_response_to=asked.id,
            at=self.now(),
            who=who,
        )

    def _answer(self, request: Request) -> Answer:
        match request.method, request.path.removeprefix(ROOT):
            case "GET", "metadata":
                policy = "default-src 'none'; frame-ancestors 'none'"
                return answer_file(self.metadata().encode(), media_type="application/samlmetadata+xml", policy=policy)
            case "GET", "sso":
                read_request(request.query)
                return asking(request.query)
            case "POST", "sso":
                form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
                asked = read_request(form)
                groups = [group for group in form.get("groups", "").replace(",", " ").split() if group]
                who = Somebody(form.get("email", ""), name=form.get("name", ""), groups=groups)
                fields = posted(self.reply(asked, who), self.key, relay_state=form.get("RelayState", ""))
                return sending_back(asked.acs_url, fields)
        return answer_json({"error": "not_found"}, status=404)


def read_request(query: Mapping[str, str]) -> Asked:
    """Raises Refused."""
    try:
        unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        text = unpacker.decompress(base64.b64decode(query.get("SAMLRequest", "")), _LONGEST_REQUEST)
        root = etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True))
    except (ValueError, zlib.error, etree.XMLSyntaxError):
        raise Refused("this is no SAMLRequest") from None
    issuer, acs_url = root.findtext(f"{{{SAML}}}Issuer"), root.get("AssertionConsumerServiceURL")
    if not issuer or not acs_url or not root.get("ID"):
        raise Refused("the request says not who asks")
    return Asked(str(root.get("ID")), issuer, str(acs_url), root.get("ForceAuthn") == "true")


def posted(reply: Reply, key: SigningKey, *, relay_state: str) -> dict[str, str]:
    """The form that the browser brings back: the assertion signed, as most identity providers do."""
    root = reply.xml()
    assertion = root[-1]
    signed = sign(assertion, key)
    root.replace(assertion, signed)
    return {"SAMLResponse": encoded(root), "RelayState": relay_state}


def encoded(root: etree._Element) -> str:
    return base64.b64encode(etree.tostring(root)).decode()
