"""What the two sides tell each other before: our metadata, and an identity provider's, pasted by an admin."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from chalicelib.core.errors import Invalid
from chalicelib.features.identity.adapters.saml.document import DSIG, METADATA, PROTOCOL, children, read, text_of
from chalicelib.features.identity.model.saml import Place, SsoFailed

_POINTER = "/metadata"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_NAME_ID_FORMATS = (
    "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
)


def of_ours(place: Place) -> str:
    root = etree.Element(f"{{{METADATA}}}EntityDescriptor", {"entityID": place.entity_id}, nsmap={"md": METADATA})
    words = {
        "protocolSupportEnumeration": PROTOCOL,
        "AuthnRequestsSigned": "false",
        "WantAssertionsSigned": "true",
    }
    role = etree.SubElement(root, f"{{{METADATA}}}SPSSODescriptor", words)
    for each in _NAME_ID_FORMATS:
        etree.SubElement(role, f"{{{METADATA}}}NameIDFormat").text = each
    acs = {"Binding": _POST, "Location": place.acs_url, "index": "0", "isDefault": "true"}
    etree.SubElement(role, f"{{{METADATA}}}AssertionConsumerService", acs)
    return etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8").decode()


def of_an_idp(text: str) -> tuple[str, str, list[str]]:
    """Entity id, where browsers go, and certificates. Its signature is not looked at: an admin vouches for it."""
    try:
        return _read(read(text.encode(), may_have_comments=True))
    except SsoFailed as failed:
        raise Invalid(failed.detail, pointer=_POINTER) from None


def _read(root: etree._Element) -> tuple[str, str, list[str]]:
    roles = children(root, METADATA, "IDPSSODescriptor")
    if root.tag != f"{{{METADATA}}}EntityDescriptor" or len(roles) != 1:
        raise Invalid("This is not the metadata of one identity provider.", pointer=_POINTER)
    services = children(roles[0], METADATA, "SingleSignOnService")
    places = [str(service.get("Location", "")) for service in services if service.get("Binding") == _REDIRECT]
    if not places:
        raise Invalid("It names no SingleSignOnService for HTTP-Redirect.", pointer=_POINTER)
    certificates = list(dict.fromkeys(_signing_certificates(roles[0])))
    if not certificates:
        raise Invalid("It names no certificate for signing.", pointer=_POINTER)
    return str(root.get("entityID", "")), places[0], certificates


def _signing_certificates(role: etree._Element) -> Iterator[str]:
    for key in children(role, METADATA, "KeyDescriptor"):
        if key.get("use") in {None, "signing"}:
            for each in key.iterfind(f".//{{{DSIG}}}X509Certificate"):
                yield text_of(each)
