"""Access tokens: JWTs that live 15 minutes, signed with Ed25519. Everything a token says of itself is pinned.

PyJWT checks signature, issuer and audience; times are checked here, because they go by the product's clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import jwt
import msgspec
from jwt.types import Options

from chalicelib.core import ids
from chalicelib.core.clock import in_seconds
from chalicelib.core.identity import Role
from chalicelib.features.identity.adapters.key_set import KeySet
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.session import Access, TokenExpired

LIVES = timedelta(minutes=15)
LEEWAY = timedelta(seconds=30)
AUDIENCE = "pushsaas"
_ALGORITHM = "EdDSA"
_TYPE = "at+jwt"
_LONGEST = 2_048
_OPTIONS: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "strict_aud": True}


class _Claims(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    iss: str
    aud: str
    sub: str
    jti: str
    iat: int
    nbf: int
    exp: int
    tenant: str
    session: str
    role: Role
    auth_time: int = 0  # OpenID Connect's word; 0 in tokens that older code signed
    owes_second_factor: bool = False
    is_by_sso: bool = False
    owes_sso: bool = False


class AccessTokens:
    def __init__(self, *, issuer: str, keys: Callable[[], KeySet]) -> None:
        self._issuer = issuer
        self._keys = keys

    def issue(self, access: Access, *, now: datetime) -> tuple[str, int]:
        issued_at, expires_at = in_seconds(now), in_seconds(min(now + LIVES, access.ends_at or now + LIVES))
        claims = _Claims(
            iss=self._issuer,
            aud=AUDIENCE,
            sub=access.user_id,
            jti=ids.ulid(),
            iat=issued_at,
            nbf=issued_at,
            exp=expires_at,
            tenant=access.tenant_id,
            session=access.session_id,
            role=access.role,
            auth_time=in_seconds(access.proven_at) if access.proven_at else 0,
            owes_second_factor=access.owes_second_factor,
            is_by_sso=access.is_by_sso,
            owes_sso=access.owes_sso,
        )
        keys = self._keys()
        headers = {"typ": _TYPE, "kid": keys.kid}
        token = jwt.encode(msgspec.to_builtins(claims), keys.private_key, algorithm=_ALGORITHM, headers=headers)
        return token, expires_at - issued_at

    def read(self, token: str, *, now: datetime) -> Access:
        claims = self._genuine(token)
        present, leeway = now.timestamp(), LEEWAY.total_seconds()
        lives = claims.exp - claims.iat
        if claims.nbf > present + leeway or claims.iat > present + leeway or lives > LIVES.total_seconds():
            raise InvalidToken
        if claims.exp <= present - leeway:
            raise TokenExpired
        proven_at = datetime.fromtimestamp(claims.auth_time, UTC) if claims.auth_time else None
        return Access(
            user_id=claims.sub,
            tenant_id=claims.tenant,
            session_id=claims.session,
            role=claims.role,
            proven_at=proven_at,
            owes_second_factor=claims.owes_second_factor,
            is_by_sso=claims.is_by_sso,
            owes_sso=claims.owes_sso,
        )

    def _genuine(self, token: str) -> _Claims:
        if len(token) > _LONGEST or not token.isascii():  # half a surrogate pair breaks who would encode it
            raise InvalidToken
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys().public_keys.get(header.get("kid", ""))
            if key is None or header != {"alg": _ALGORITHM, "typ": _TYPE, "kid": header["kid"]}:
                raise InvalidToken
            claims = jwt.decode(
                token, key, algorithms=[_ALGORITHM], audience=AUDIENCE, issuer=self._issuer, options=_OPTIONS
            )
            return msgspec.convert(claims, _Claims)
        except (jwt.PyJWTError, msgspec.ValidationError):
            raise InvalidToken from None
