"""What a browser brings to and from a provider, and what its one-time code is exchanged with."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from chalicelib.features.identity.schemas.accounts import OneTimeCode, Password, TokenText
from chalicelib.features.tenants.model import LONGEST_NAME
from chalicelib.web.schema import Query, Schema, example

_STATE = "os_google_01kz8m5q3v7x9c2b4n6t8w0y1e_1772355600_-_q3Vv7x9c2b4n6t8w0y1eq3Vv7x9c2b4n6t8w0y1eq3V"


class Departing(Query):
    code_challenge: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{43}$",
        examples=["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
        description="base64url(SHA-256(code_verifier)), RFC 7636: then only who knows `code_verifier` can exchange the "
        "code. Front ends should always send one.",
    )


class Returning(Query):
    """Providers add parameters of their own, and may add others: those are not read."""

    model_config = ConfigDict(extra="ignore", strict=False, frozen=True)

    state: str = Field(max_length=512, examples=[_STATE], description="As it was sent there.")
    code: str | None = Field(None, max_length=4096, examples=["4/0AX4XfWh"])
    error: str | None = Field(None, max_length=512, examples=["access_denied"])
    iss: str | None = Field(
        None, max_length=512, examples=["https://accounts.google.com"], description="RFC 9207: who answers."
    )


class CodeExchange(Schema):
    model_config = example(
        code_verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        code="oc_01kz8m5q3v7x9c2b4n6t8w0y1e_q3Vv7x9c2b4n6t8w0y1eq3Vv7x9c2b4n6t8w0y1eq3V",
    )

    code: TokenText
    code_verifier: str | None = Field(
        None, min_length=43, max_length=128, description="Whose challenge the way there was begun with."
    )
    password: Password | None = Field(None, description="Where an account is met for the first time: its password.")
    otp: OneTimeCode | None = None
    tenant_id: str | None = Field(None, max_length=64, description="Which of your tenants; by default the oldest.")
    tenant_name: str | None = Field(
        None, min_length=1, max_length=LONGEST_NAME, description="What a newcomer's tenant is called; else as they are."
    )
