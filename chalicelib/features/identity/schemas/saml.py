"""What a tenant says of its identity provider, what that has browsers post, and what our code is exchanged with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from chalicelib.core.identity import Role
from chalicelib.features.identity.model.saml import MOST_CERTIFICATES, Certificate, Place, Sso
from chalicelib.features.identity.schemas.accounts import OneTimeCode, Password, TokenText
from chalicelib.features.identity.service.sso import Shown, Wish
from chalicelib.web.schema import Form, Query, Schema, example

_LONGEST_XML = 128 * 1024
_LONGEST_ANSWER = 180_000  # that much XML in base64, with line breaks
_MOST_ROLES = 50
_PEM = "-----BEGIN CERTIFICATE-----\nMIIC…\n-----END CERTIFICATE-----\n"
_IDP = "https://idp.example.com/saml"
Attribute = Annotated[str, Field(min_length=1, max_length=256)]
GivenRole = Literal["admin", "editor", "analyst", "agent"]


class SsoChange(Schema):
    """All of it is replaced. Give `metadata`, or the three after it."""

    model_config = example(entity_id=_IDP, sso_url=f"{_IDP}/sso", certificates=[_PEM], default_role="agent")

    metadata: str | None = Field(
        None, min_length=1, max_length=_LONGEST_XML, description="The identity provider's own, as XML."
    )
    entity_id: str | None = Field(None, min_length=1, max_length=1024, description="Whom it calls itself.")
    sso_url: str | None = Field(None, min_length=1, max_length=2048, description="Where browsers are sent: https.")
    certificates: list[Annotated[str, Field(min_length=1, max_length=16_384)]] | None = Field(
        None,
        min_length=1,
        max_length=MOST_CERTIFICATES,
        description="That it signs with, in PEM. Several while one takes the other's place.",
    )
    email_attribute: Attribute | None = Field(
        None, description="Where the address is; by default in the usual attributes, else in the NameID."
    )
    name_attribute: Attribute | None = None
    role_attribute: Attribute | None = Field(
        None, description="Whose values `roles` gives roles to, each time that somebody signs in."
    )
    roles: dict[str, GivenRole] = Field({}, max_length=_MOST_ROLES, examples=[{"marketing": "editor"}])
    default_role: GivenRole | None = Field(
        None, description="Of whom `roles` gives none. Without it such people are not let in."
    )
    allow_idp_initiated: bool = Field(
        False, description="Whether to take answers that nobody has asked for: anybody can then be signed in by a link."
    )
    required: bool | None = Field(
        None, description="Whether members but owners have to sign in this way. Only an owner may say so."
    )

    def wish(self) -> Wish:
        return Wish(
            metadata=self.metadata,
            entity_id=self.entity_id,
            sso_url=self.sso_url,
            certificates=self.certificates,
            email_attribute=self.email_attribute or "",
            name_attribute=self.name_attribute or "",
            role_attribute=self.role_attribute or "",
            roles={value: Role(role) for value, role in self.roles.items()},
            default_role=Role(self.default_role) if self.default_role else None,
            allows_idp_initiated=self.allow_idp_initiated,
            requires_sso=self.required,
        )


class ServiceProviderView(Schema):
    """What the identity provider has to be told."""

    model_config = example(
        entity_id="https://push.example.com/v1/auth/saml/ten_01kz8m5q3v7x9c2b4n6t8w0y1e/metadata",
        acs_url="https://push.example.com/v1/auth/saml/ten_01kz8m5q3v7x9c2b4n6t8w0y1e/acs",
        start_url="https://push.example.com/v1/auth/saml/ten_01kz8m5q3v7x9c2b4n6t8w0y1e/start",
    )

    entity_id: str = Field(description="Also where our metadata is.")
    acs_url: str
    start_url: str = Field(description="Where people begin to sign in.")

    @classmethod
    def of(cls, place: Place) -> ServiceProviderView:
        return cls(**vars(place))


class CertificateView(Schema):
    model_config = example(fingerprint="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")

    fingerprint: str = Field(description="SHA-256, in hex.")
    not_before: datetime
    not_after: datetime = Field(description="Nobody is let in by it after that.")

    @classmethod
    def of(cls, certificate: Certificate) -> CertificateView:
        return cls(**vars(certificate))


class IdentityProviderView(Schema):
    model_config = example(
        entity_id=_IDP,
        sso_url=f"{_IDP}/sso",
        role_attribute="groups",
        roles={"marketing": "editor"},
        default_role="agent",
        allow_idp_initiated=False,
    )

    entity_id: str
    sso_url: str
    certificates: list[CertificateView]
    email_attribute: str | None
    name_attribute: str | None
    role_attribute: str | None
    roles: dict[str, Role]
    default_role: Role | None
    allow_idp_initiated: bool
    changed_at: datetime | None

    @classmethod
    def of(cls, sso: Sso, certificates: list[CertificateView]) -> IdentityProviderView:
        return cls(
            entity_id=sso.entity_id,
            sso_url=sso.sso_url,
            certificates=certificates,
            email_attribute=sso.email_attribute or None,
            name_attribute=sso.name_attribute or None,
            role_attribute=sso.role_attribute or None,
            roles=dict(sso.roles),
            default_role=sso.default_role,
            allow_idp_initiated=sso.allows_idp_initiated,
            changed_at=sso.changed_at,
        )


class SsoView(Schema):
    service_provider: ServiceProviderView
    identity_provider: IdentityProviderView | None = Field(description="Null until there is one.")
    required: bool

    @classmethod
    def of(cls, shown: Shown) -> SsoView:
        certificates = [CertificateView.of(each) for each in shown.certificates]
        return cls(
            service_provider=ServiceProviderView.of(shown.place),
            identity_provider=IdentityProviderView.of(shown.sso, certificates) if shown.sso else None,
            required=shown.requires_sso,
        )


class SsoDeparting(Query):
    code_challenge: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{43}$",
        examples=["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
        description="As with `GET /v1/auth/oauth/{provider}/start`.",
    )
    fresh: bool = Field(
        False, description="Ask the identity provider not to take an old session there: for what is dangerous here."
    )


class SamlAnswer(Form):
    model_config = ConfigDict(
        extra="ignore",
        strict=False,
        frozen=True,
        json_schema_extra={
            "examples": [{"SAMLResponse": "PHNhbWxwOlJlc3BvbnNl…", "RelayState": "q3Vv7x9c.1772355600.-"}]
        },
    )

    answer: str = Field(alias="SAMLResponse", min_length=1, max_length=_LONGEST_ANSWER)
    relay_state: str = Field("", alias="RelayState", max_length=1024)


class SsoExchange(Schema):
    model_config = example(
        code_verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        code="sc_9f86d081884c7d659a2feaa0c55ad015_q3Vv7x9c2b4n6t8w0y1eq3Vv7x9c2b4n6t8w0y1eq3V",
    )

    code: TokenText
    code_verifier: str | None = Field(
        None, min_length=43, max_length=128, description="Whose challenge the way there was begun with."
    )
    password: Password | None = Field(None, description="Of a member who comes this way for the first time.")
    otp: OneTimeCode | None = None
