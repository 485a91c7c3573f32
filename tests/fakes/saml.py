"""The stand-in identity provider of a tenant, and a browser that goes there and comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from lxml import etree

from chalicelib.config import settings
from chalicelib.core import clock
from infra.local.saml.desk import Asked, Desk, encoded, posted, read_request
from infra.local.saml.reply import Reply, Somebody
from infra.local.saml.signing import SigningKey, new_key
from tests.fakes.gateway import Bearer, Client, HttpAnswer

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_KEYS: dict[str, SigningKey] = {}


def desk(name: str = "idp") -> Desk:
    """Making a key takes a while: one for each name, for all tests."""
    key = _KEYS.setdefault(name, new_key(clock.SystemClock().now()))
    return Desk(url=f"https://{name}.example", now=clock.now, key=key)


def set_up(client: Client, owner: Bearer, idp: Desk, **more: Any) -> Any:
    asked = {"metadata": idp.metadata(), "default_role": "agent", **more}
    answer = client.put("/v1/tenant/sso", as_=owner, json=asked)
    assert answer.status == 200, answer.text
    return answer.json()


@dataclass
class SamlBrowser:
    """Keeps its cookie, as browsers do."""

    client: Client
    idp: Desk
    tenant_id: str
    cookie: str = ""
    relay_state: str = ""
    start_query: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> Asked:
        """What the identity provider is asked."""
        path = f"/v1/auth/saml/{self.tenant_id}/start"
        answer = self.client.get(path, headers=self._headers(), query=self.start_query or None)
        assert answer.status == 302, answer.text
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        self.relay_state = query["RelayState"]
        return read_request(query)

    def reply(self, who: Somebody, **facts: Any) -> Reply:
        """Of a new trip."""
        told = self.idp.reply(self.start(), who)
        return Reply(**{**vars(told), **facts})

    def bring(self, root: etree._Element) -> HttpAnswer:
        return self.post({"SAMLResponse": encoded(root), "RelayState": self.relay_state})

    def bring_signed(self, reply: Reply) -> HttpAnswer:
        return self.post(posted(reply, self.idp.key, relay_state=self.relay_state))

    def post(self, fields: Mapping[str, str]) -> HttpAnswer:
        path = f"/v1/auth/saml/{self.tenant_id}/acs"
        return self.client.post(path, body=urlencode(fields), headers={**FORM, **self._headers()})

    def code_for(self, who: Somebody, **facts: Any) -> str:
        """Ours, after all of it."""
        return code_in(self.bring_signed(self.reply(who, **facts)))

    def exchange(self, code: str, **more: str) -> HttpAnswer:
        return self.client.post("/v1/auth/saml/exchange", json={"code": code, **more}, headers=self._headers())

    def sign_in(self, who: Somebody, **facts: Any) -> Any:
        answer = self.exchange(self.code_for(who, **facts))
        assert answer.status == 200, answer.text
        return answer.json()

    def _headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie} if self.cookie else {}


def code_in(answer: HttpAnswer) -> str:
    assert answer.status == 303, answer.text
    landing, _, code = answer.headers["location"].partition("#code=")
    assert landing == f"{settings().public_url}/signed-in"
    return code


def refused(answer: HttpAnswer, *reasons: str) -> bool:
    return (answer.status, answer.code) == (401, "sso_failed") and answer.json()["reason"] in reasons
