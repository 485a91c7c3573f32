"""What lies in the tables lets nobody in: no password, token or key, in whatever spelling (SECURITY 6, 11)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from chalicelib.core.clock import now
from chalicelib.core.encoding import unb64url
from chalicelib.core.identity import ROLE_SCOPES, Mode, Principal, Role, Scope
from chalicelib.features.identity.model.api_key import draw_key
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.wiring import identity
from tests.fakes.lambdas import Lambdas

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

PASSWORD = "canary correct horse"


def spellings(secret: str) -> set[str]:
    raw = unb64url(secret) if re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) else secret.encode()
    return {secret, raw.hex(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), repr(raw)}


def test_nothing_at_rest_lets_anybody_in(aws: Installation) -> None:
    house = identity()
    house.accounts.register(email="ada@example.com", password=PASSWORD, tenant_name="Ada", now=now())
    Lambdas(aws.prefix).work("mail")
    link = re.findall(r"vt_\S+", aws.outbox("ada@example.com")[0].text)[0]
    dumps = [aws.dump()]
    tokens = house.accounts.verify_email(token=link, password=PASSWORD, request_id="req_1", now=now())
    tokens = house.sessions.refresh(token=tokens.refresh_token, now=now())
    owner = Principal(tokens.user.id, tokens.tenant.id, ROLE_SCOPES[Role.OWNER], Role.OWNER)
    key = house.api_keys.create(creator=owner, name="CI", scopes=[Scope.SITES_READ], now=now()).key
    house.api_keys.authenticate(key, now=now())
    operator = house.issue_operator_key(name="night", now=now()).key
    dumps.append(aws.dump())
    secrets = [
        PASSWORD,
        link,
        link[-43:],
        tokens.refresh_token,
        tokens.refresh_token[-43:],
        tokens.access_token,
        key,
        key[-52:],
        operator,
        operator[-52:],
    ]
    for dump in dumps:
        assert "$argon2id$" in dump  # the dump does hold what it should
        found = [secret for secret in secrets for spelling in spellings(secret) if spelling in dump]
        assert found == []


def test_a_dump_of_one_installation_is_no_use_in_another(aws: Installation) -> None:
    """The hash of a key is keyed: without the pepper nobody can check a guess, or write a row that lets them in."""
    text = draw_key(Mode.LIVE)
    assert text.hash(Signer(lambda: "one pepper", "api key")) != text.hash(Signer(lambda: "another", "api key"))
