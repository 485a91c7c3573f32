"""XML signatures, of the one shape that SAML allows, by the certificates that the tenant has named and no others.

What is returned is parsed from the very bytes that were signed: nothing else of a document may be believed. What the
signature itself says of keys is not looked at.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from chalicelib.features.identity.adapters.saml.document import DSIG, SAML, children, is_enclosed, only, parser, text_of
from chalicelib.features.identity.model.saml import SsoFailed

_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_INCLUSIVE_PREFIXES = f"{{{_EXCLUSIVE}}}InclusiveNamespaces"
_RSA = frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512})
_ECDSA = frozenset({SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512})
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_METHODS = {method.value for method in _RSA | _ECDSA}
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_PARTS = tuple(f"{{{DSIG}}}{name}" for name in ("SignedInfo", "SignatureValue", "KeyInfo"))
_DIGEST_NAMES = {digest.value for digest in _DIGESTS}


def check_shape(signature: etree._Element) -> None:
    """Before any key is tried: one reference, to the element that the signature stands in, and no freedom beyond."""
    parent = signature.getparent()
    if parent is None or not is_enclosed(signature, *_PARTS):
        raise SsoFailed("shape", "The signature holds more than a signature.")
    signed_info = only(signature, DSIG, "SignedInfo")
    reference = only(signed_info, DSIG, "Reference")
    if not parent.get("ID") or reference.get("URI") != f"#{parent.get('ID')}":
        raise SsoFailed("shape", "The signature is not about the element that it stands in.")
    if _algorithm(signed_info, "SignatureMethod") not in _METHODS:
        raise SsoFailed("algorithm", "Signatures are RSA or ECDSA, with SHA-256 or more.")
    for value in (only(signature, DSIG, "SignatureValue"), only(reference, DSIG, "DigestValue")):
        if not _BASE64.fullmatch("".join(text_of(value).split())):
            raise SsoFailed("signature", "There is no signature in the signature.")
    if _algorithm(reference, "DigestMethod") not in _DIGEST_NAMES:
        raise SsoFailed("algorithm", "Digests are SHA-256 or more.")
    if _algorithm(signed_info, "CanonicalizationMethod") != _EXCLUSIVE:
        raise SsoFailed("algorithm", "The canonicalization is not the exclusive one, without comments.")
    _check_transforms(only(reference, DSIG, "Transforms"))


def verified(
    root: etree._Element, parent: etree._Element, certificates: Sequence[str], now: datetime
) -> etree._Element:
    """`parent`, the root or its child, as it was signed. Its signature has the right shape."""
    location = "./" if parent is root else f"./{{{SAML}}}Assertion/"
    for certificate, methods in _usable(certificates, now):
        config = SignatureConfiguration(
            location=location, signature_methods=methods, digest_algorithms=_DIGESTS, ignore_ambiguous_key_info=True,
            verification_time=now,
        )  # fmt: skip
        try:
            result = XMLVerifier().verify(
                root, x509_cert=certificate, parser=parser(), id_attribute="ID", expect_config=config
            )
        except (SignXMLException, etree.LxmlError, ValueError):
            continue  # the next key: there are several while one takes the other's place
        signed = None if isinstance(result, list) else result.signed_xml
        if signed is not None and signed.tag == parent.tag and signed.get("ID") == parent.get("ID"):
            return signed
    raise SsoFailed("signature", "No certificate of the identity provider's fits this signature.")


def _usable(
    certificates: Sequence[str], now: datetime
) -> Iterator[tuple[x509.Certificate, frozenset[SignatureMethod]]]:
    for each in certificates:
        certificate = x509.load_der_x509_certificate(base64.b64decode(each))
        if certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            is_ec = isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
            yield certificate, _ECDSA if is_ec else _RSA


def _check_transforms(transforms: etree._Element) -> None:
    steps = children(transforms, DSIG, "Transform")
    if len(steps) != len(transforms) or [step.get("Algorithm") for step in steps] != [_ENVELOPED, _EXCLUSIVE]:
        raise SsoFailed("algorithm", "The signed part is to be canonicalized, and nothing else done to it.")
    if not (is_enclosed(steps[0]) and is_enclosed(steps[1], _INCLUSIVE_PREFIXES)):
        raise SsoFailed("algorithm", "The signed part is to be canonicalized, and nothing else done to it.")


def _algorithm(parent: etree._Element, name: str) -> str:
    return only(parent, DSIG, name).get("Algorithm") or ""
