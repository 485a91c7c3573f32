"""The stand-in's key and certificate, and signatures as identity providers make them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

DSIG = "http://www.w3.org/2000/09/xmldsig#"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
_BITS = 2048
_YEARS = timedelta(days=3650)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class SigningKey:
    private: Key
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def bare(self) -> str:
        """As metadata has it."""
        return base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()


def new_key(
    now: datetime, *, private: Key | None = None, lasts: timedelta = _YEARS, begins: timedelta = timedelta()
) -> SigningKey:
    key = private or rsa.generate_private_key(65_537, _BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stand-in")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now + begins - timedelta(days=1)).not_valid_after(now + lasts)
    return SigningKey(key, builder.sign(key, SHA256()))


def kept_at(path: Path, now: datetime) -> SigningKey:
    """The same after a restart: what a tenant was told of it is still true."""
    if path.exists():
        text = path.read_bytes()
        private = load_pem_private_key(text, None)
        if not isinstance(private, rsa.RSAPrivateKey):
            raise TypeError(f"{path} holds no RSA key")
        return SigningKey(private, x509.load_pem_x509_certificate(text))
    made = new_key(now)
    pem = made.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(pem + made.pem.encode())
    return made


def sign(
    element: etree._Element,
    key: SigningKey,
    *,
    method: SignatureMethod | None = None,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256,
) -> etree._Element:
    """`element` with its signature right after its Issuer, where the standard wants it."""
    place = etree.Element(f"{{{DSIG}}}Signature", {"Id": "placeholder"}, nsmap={"ds": DSIG})
    issuer = element.find(f"{{{SAML}}}Issuer")
    element.insert(0 if issuer is None else element.index(issuer) + 1, place)
    signer = XMLSigner(
        signature_algorithm=method or _usual(key),
        digest_algorithm=digest,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signer.namespaces = {"ds": DSIG}
    return signer.sign(element, key=key.private, cert=[key.certificate], reference_uri=f"#{element.get('ID')}")


def _usual(key: SigningKey) -> SignatureMethod:
    is_ec = isinstance(key.private, ec.EllipticCurvePrivateKey)
    return SignatureMethod.ECDSA_SHA256 if is_ec else SignatureMethod.RSA_SHA256
