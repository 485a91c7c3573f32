"""How the product is led to the stand-in providers instead of the real ones. Nothing of it is in the package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import pycurl

from chalicelib.features.identity.adapters.oidc import terms
from chalicelib.features.identity.adapters.oidc.terms import GOOGLE, MICROSOFT, Terms
from chalicelib.features.identity.adapters.oidc.wire import Curl
from infra.local.oidc.desk import Desk, Persona


def lead_to(desk: Desk) -> None:
    terms.use(terms_of(desk), Curl(prepare=on_loopback))


def terms_of(desk: Desk) -> Mapping[str, Terms]:
    """The real ones' terms in all but their addresses."""
    real = {"google": GOOGLE, "microsoft": MICROSOFT}
    return {name: _instead(real[name], persona) for name, persona in desk.personas.items()}


def on_loopback(curl: pycurl.Curl) -> None:
    """Plain HTTP, which never leaves the machine: the addresses are the desk's own."""
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP)


def _instead(real: Terms, persona: Persona) -> Terms:
    return replace(
        real,
        authorize_url=f"{persona.url}/authorize",
        token_url=f"{persona.url}/token",
        keys_url=f"{persona.url}/keys",
        issuer=re.compile(re.escape(persona.issuer)),
    )
