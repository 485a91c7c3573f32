"""What an authenticator app does, on our side: RFC 6238 with SHA-1, six digits and 30 seconds, as all of them do."""

from __future__ import annotations

import base64
from io import BytesIO

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from chalicelib.features.identity.model.second_factor import STEP_SECONDS

_DIGITS = 6
_ISSUER = "PushSaaS"


class AuthenticatorApp:
    def code(self, secret: bytes, step: int) -> str:
        return HOTP(secret, _DIGITS, SHA1()).generate(step).decode()  # nosec B303 # noqa: S303 -- RFC 6238's own; HMAC, no signature

    def typed(self, secret: bytes) -> str:
        return base64.b32encode(secret).decode()

    def url(self, secret: bytes, *, account: str) -> str:
        totp = TOTP(secret, _DIGITS, SHA1(), STEP_SECONDS)  # nosec B303 # noqa: S303 -- the same
        return totp.get_provisioning_uri(account, _ISSUER)

    def picture(self, url: str) -> str:
        """A QR code as SVG. Imported late: few requests need it, and all would pay."""
        import segno

        out = BytesIO()
        segno.make_qr(url, error="m").save(out, kind="svg", xmldecl=False, scale=4, svgclass=None, lineclass=None)
        return out.getvalue().decode()
