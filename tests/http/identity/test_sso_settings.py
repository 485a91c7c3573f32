"""What an admin says of their identity provider over HTTP: who may, what will do, and who is told."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from chalicelib.core.identity import Role, Scope
from infra.local.saml.signing import new_key
from tests.fakes.saml import SamlBrowser, desk, set_up
from tests.world import World, add_member

IDP = desk()
FACTS = {"entity_id": IDP.entity_id, "sso_url": IDP.sso_url, "certificates": [IDP.key.pem]}


def put(world: World, **facts: Any) -> Any:
    return world.client.put("/v1/tenant/sso", as_=world.ada, json=facts)


def pointer(answer: Any) -> str:
    assert answer.status == 422, answer.text
    return str(answer.json()["errors"][0]["pointer"])


def test_what_it_has_to_be_told_is_known_before_there_is_one(world: World) -> None:
    shown = world.client.get("/v1/tenant/sso", as_=world.ada).json()
    assert (shown["identity_provider"], shown["required"]) == (None, False)
    assert shown["service_provider"]["acs_url"].endswith(f"/v1/auth/saml/{world.ada.tenant_id}/acs")


def test_metadata_says_what_could_be_said_one_by_one(world: World) -> None:
    by_metadata = put(world, metadata=IDP.metadata()).json()["identity_provider"]
    one_by_one = put(world, **FACTS).json()["identity_provider"]
    assert by_metadata | {"changed_at": ""} == one_by_one | {"changed_at": ""}
    assert one_by_one["entity_id"] == IDP.entity_id
    assert one_by_one["default_role"] is None
    assert re.fullmatch("[0-9a-f]{64}", one_by_one["certificates"][0]["fingerprint"])
    assert world.client.get("/v1/tenant/sso", as_=world.ada).json()["identity_provider"] == one_by_one


def test_metadata_may_have_comments_and_a_declaration(world: World) -> None:
    text = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- of us -->\n' + IDP.metadata()
    assert put(world, metadata=text).status == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "nothing of the kind",
        lambda text: f"<!DOCTYPE x>{text}",
        lambda text: text.replace("IDPSSODescriptor", "SPSSODescriptor"),
        lambda text: text.replace("HTTP-Redirect", "HTTP-POST"),
        lambda text: text.replace('use="signing"', 'use="encryption"'),
        lambda text: f"<many>{text}</many>",
        lambda text: text + " " * 131_072,
    ],
)
def test_what_is_no_metadata_of_an_identity_provider_is_refused(world: World, spoil: Any) -> None:
    assert pointer(put(world, metadata=spoil(IDP.metadata()))) == "/metadata"


@pytest.mark.parametrize(
    "facts", [{}, {"entity_id": "x"}, FACTS | {"certificates": None}, FACTS | {"metadata": IDP.metadata()}]
)
def test_half_of_it_is_not_enough_and_twice_is_too_much(world: World, facts: dict[str, Any]) -> None:
    assert pointer(put(world, **facts)) == "/metadata"


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example/sso", "javascript:alert(1)", "//idp.example", "https://", "https://me@idp.example/", "idp.example",
        "https://idp.example/#x", "https://idp.example/\r\nSet-Cookie: x=1", "https://idp.example/ ", "https://[::1", "ftp://x.y/",
    ],
)  # fmt: skip
def test_browsers_are_sent_to_https_only(world: World, url: str) -> None:
    assert pointer(put(world, **FACTS | {"sso_url": url})) == "/sso_url"


@pytest.mark.parametrize("word", ["https://idp.example\n\nAll is well.", "an idp", "\u202e", "\u00a0", "idp\x7f", " "])
def test_an_entity_id_is_a_word_and_no_letter_to_owners(world: World, word: str) -> None:
    """Owners read it in a letter of ours."""
    assert pointer(put(world, **FACTS | {"entity_id": word})) == "/entity_id"
    metadata = IDP.metadata().replace(IDP.entity_id, word.replace("\n", "&#10;"))
    assert pointer(put(world, metadata=metadata)) in {"/entity_id", "/metadata"}
    assert world.mail_to("ada@example.com") == []


def _pem(private: Any, **words: Any) -> str:
    from chalicelib.core import clock

    return new_key(clock.now(), private=private, **words).pem


def _of_version(number: int) -> str:
    der = bytearray(base64.b64decode(IDP.key.bare))
    der[der.find(b"\xa0\x03\x02\x01\x02") + 4] = number - 1
    return base64.b64encode(bytes(der)).decode()


CERTIFICATES: Mapping[str, Callable[[], str]] = {
    "no certificate": lambda: "x",
    "a key": lambda: IDP.key.pem.replace("CERTIFICATE", "PUBLIC KEY"),
    "two of them": lambda: IDP.key.pem * 2,
    "half of one": lambda: IDP.key.bare[:400],
    "one of version ten": lambda: _of_version(10),
    "a short key": lambda: _pem(rsa.generate_private_key(65_537, 1024)),
    "an old kind of key": lambda: _pem(dsa.generate_private_key(2048)),
    "a curve that nobody asked for": lambda: _pem(ec.generate_private_key(ec.SECP256K1())),
    "one that has expired": lambda: _pem(None, lasts=timedelta(seconds=-1)),
}


@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_certificate_that_will_not_do_is_refused_by_its_place(world: World, kind: str) -> None:
    asked = FACTS | {"certificates": [IDP.key.pem, CERTIFICATES[kind]()]}
    assert pointer(put(world, **asked)) == "/certificates/1"


def test_there_are_five_certificates_at_most_and_each_once(world: World) -> None:
    assert put(world, **FACTS | {"certificates": [IDP.key.pem] * 6}).status == 422
    shown = put(world, **FACTS | {"certificates": [IDP.key.pem, IDP.key.bare]}).json()
    assert len(shown["identity_provider"]["certificates"]) == 1


def test_who_may(world: World) -> None:
    admin = add_member("Eve", world.ada, Role.ADMIN, world.clock)
    key = world.api_key(world.ada, Scope.TEAM_READ, Scope.TEAM_WRITE)
    assert world.client.put("/v1/tenant/sso", json=FACTS).status == 401
    for bearer, status in ((world.ben, 403), (key, 403), (admin, 200)):
        assert world.client.put("/v1/tenant/sso", as_=bearer, json=FACTS).status == status
        assert world.client.get("/v1/tenant/sso", as_=bearer).status == status
    world.clock.advance(minutes=11)
    assert world.client.put("/v1/tenant/sso", as_=admin, json=FACTS).code == "step_up_required"
    assert world.client.delete("/v1/tenant/sso", as_=admin).code == "step_up_required"
    assert world.client.get("/v1/tenant/sso", as_=world.cyd).json()["identity_provider"] is None


def test_owners_are_told_and_so_is_the_trail(world: World, sso: SamlBrowser) -> None:
    admin = add_member("Eve", world.ada, Role.ADMIN, world.clock)
    set_up(world.client, admin, desk("mallory"))
    assert desk("mallory").entity_id in world.mail_to("ada@example.com")[-1].text
    assert world.client.delete("/v1/tenant/sso", as_=admin).status == 204
    assert "has been removed" in world.mail_to("ada@example.com")[-1].text
    assert world.mail_to(admin.email) == []
    actions = [row.get("action") for row in world.aws.rows("audit")]
    assert {"sso.changed", "sso.removed"} <= set(actions)


def test_who_joins_by_it_stands_in_the_trail(world: World, sso: SamlBrowser) -> None:
    from infra.local.saml.reply import Somebody

    set_up(world.client, world.ada, sso.idp, role_attribute="groups", roles={"boss": "admin"}, default_role="agent")
    user_id = sso.sign_in(Somebody("grace@example.com"))["user"]["id"]
    sso.sign_in(Somebody("grace@example.com", groups=["boss"]))
    noted = [row["action"] for row in world.aws.rows("audit") if row.get("actor") == user_id]
    assert noted == ["member.joined", "member.role_changed"]


@pytest.mark.parametrize(
    "field",
    [
        {"roles": {str(number): "agent" for number in range(51)}},
        {"roles": {"": 5}},
        {"roles": {"": "agent"}},
        {"roles": {"x" * 1025: "agent"}},
        {"email_attribute": ""},
        {"surprise": 1},
    ],
)
def test_what_does_not_fit_is_refused(world: World, field: dict[str, Any]) -> None:
    assert put(world, **FACTS | field).status == 422
