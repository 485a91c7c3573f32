"""Certificates as admins paste them. They are containers of keys here: nobody's signature on them is looked at."""

from __future__ import annotations

import base64
import re
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from chalicelib.features.identity.adapters.saml import metadata
from chalicelib.features.identity.model.saml import Certificate, Unfit

_PEM = re.compile(r"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")
_FEWEST_RSA_BITS = 2048
_MOST_RSA_BITS = 8192
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


class Certificates:
    def clean(self, text: str, *, now: datetime) -> str:
        """DER in base64, of PEM or what is inside it. Raises Unfit."""
        inside = _PEM.fullmatch(text)
        try:
            der = base64.b64decode("".join((inside[1] if inside else text).split()), validate=True)
            certificate = x509.load_der_x509_certificate(der)
            key, not_after = certificate.public_key(), certificate.not_valid_after_utc
        except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
            raise Unfit("This is not an X.509 certificate, in PEM or base64.") from None
        if isinstance(key, rsa.RSAPublicKey):
            if not _FEWEST_RSA_BITS <= key.key_size <= _MOST_RSA_BITS:
                raise Unfit(f"An RSA key has {_FEWEST_RSA_BITS} to {_MOST_RSA_BITS} bits.")
        elif not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, _CURVES):
            raise Unfit("A key is RSA, or ECDSA on P-256, P-384 or P-521.")
        if not_after <= now:
            raise Unfit("This certificate has expired.")
        return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()

    def describe(self, cleaned: str) -> Certificate:
        certificate = x509.load_der_x509_certificate(base64.b64decode(cleaned))
        return Certificate(
            fingerprint=certificate.fingerprint(SHA256()).hex(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )

    def of_metadata(self, text: str) -> tuple[str, str, list[str]]:
        """Entity id, where browsers go, and certificates. Raises Invalid."""
        return metadata.of_an_idp(text)
