"""The way to the identity provider: our request, in the address that the browser is sent to (HTTP-Redirect)."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime
from urllib.parse import urlencode, urlsplit

from lxml import etree

from chalicelib.features.identity.adapters.saml.document import PROTOCOL, SAML
from chalicelib.features.identity.model.saml import Request

_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


class Departures:
    def url(self, request: Request, *, sso_url: str, relay_state: str) -> str:
        message = base64.b64encode(_deflated(_authn_request(request, sso_url))).decode()
        mark = "&" if urlsplit(sso_url).query else "?"
        return f"{sso_url}{mark}{urlencode({'SAMLRequest': message, 'RelayState': relay_state})}"


def _authn_request(request: Request, sso_url: str) -> bytes:
    words = {
        "ID": request.id,
        "Version": "2.0",
        "IssueInstant": spelled(request.at),
        "Destination": sso_url,
        "AssertionConsumerServiceURL": request.place.acs_url,
        "ProtocolBinding": _POST,
    }
    if request.is_fresh:
        words["ForceAuthn"] = "true"
    root = etree.Element(f"{{{PROTOCOL}}}AuthnRequest", words, nsmap={"samlp": PROTOCOL, "saml": SAML})
    etree.SubElement(root, f"{{{SAML}}}Issuer").text = request.place.entity_id
    return etree.tostring(root)


def spelled(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _deflated(text: bytes) -> bytes:
    """Without zlib's frame, as the standard has it."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush()
