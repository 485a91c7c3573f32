"""What a tenant's admins say of their identity provider. Whoever says it decides who comes in, so owners are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from chalicelib.core.errors import Invalid, NotFound, Stale
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.saml import (
    MOST_CERTIFICATES,
    Certificate,
    Place,
    Sso,
    Unfit,
    epoch_after,
    place_of,
)
from chalicelib.features.identity.model.saml_letters import sso_changed
from chalicelib.features.identity.service.office import Office
from chalicelib.features.tenants.model import Tenant

_MOST_ROUNDS = 8
_LONGEST_URL = 2_048
_LONGEST_ENTITY_ID = 1_024
_LONGEST_VALUE = 1_024  # of an attribute: what is longer is not read
Lift = Callable[[], None]  # raises where the caller may not end what an owner has required
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class SsoStore(Protocol):
    def of(self, tenant_id: str) -> tuple[Sso | None, Tenant]:
        """Both as last written, in one look-up. Raises NotFound for a tenant that is none."""
        ...

    def put(self, sso: Sso, *, instead_of: Sso | None, tenant: Tenant) -> None:
        """Both or none; `tenant` as it shall be. Raises Stale when either was changed meanwhile."""
        ...

    def remove(self, sso: Sso, *, tenant: Tenant) -> None:
        """The same."""
        ...


class CertificateReader(Protocol):
    def clean(self, text: str, *, now: datetime) -> str:
        """One spelling for each. Raises Unfit."""
        ...

    def describe(self, cleaned: str) -> Certificate:
        """For showing."""
        ...

    def of_metadata(self, text: str) -> tuple[str, str, list[str]]:
        """Entity id, where browsers go, and certificates. Raises Invalid."""
        ...


class Owners(Protocol):
    def owner_addresses(self, *, tenant_id: str) -> list[str]:
        """Where they read their mail."""
        ...


@dataclass(frozen=True)
class Wish:
    """`metadata` takes the place of the three after it. `requires_sso` None leaves as it is."""

    metadata: str | None = None
    entity_id: str | None = None
    sso_url: str | None = None
    certificates: Sequence[str] | None = None
    email_attribute: str = ""
    name_attribute: str = ""
    role_attribute: str = ""
    roles: Mapping[str, Role] = field(default_factory=dict)
    default_role: Role | None = None
    allows_idp_initiated: bool = False
    requires_sso: bool | None = None


@dataclass(frozen=True)
class Shown:
    """`sso` is None where there is none yet: what the identity provider has to be told is known before."""

    place: Place
    sso: Sso | None
    certificates: Sequence[Certificate]
    requires_sso: bool


class SsoSettings:
    def __init__(self, *, store: SsoStore, certificates: CertificateReader, owners: Owners, office: Office) -> None:
        self._store = store
        self._certificates = certificates
        self._owners = owners
        self._office = office

    def show(self, *, tenant_id: str) -> Shown:
        return self._shown(*self._store.of(tenant_id))

    def change(self, *, tenant_id: str, wish: Wish, request_id: str, now: datetime) -> Shown:
        """All of it is replaced. Writing `required` and the rest at once leaves no moment in which nobody gets in."""
        wanted = self._wanted(tenant_id, wish, now)
        for _ in range(_MOST_ROUNDS):
            before, tenant = self._store.of(tenant_id)
            required = tenant.requires_sso if wish.requires_sso is None else wish.requires_sso
            epoch = epoch_after(tenant.sso_epoch, before, wanted)
            sso = replace(wanted, epoch=epoch)
            try:
                self._store.put(sso, instead_of=before, tenant=replace(tenant, requires_sso=required, sso_epoch=epoch))
            except Stale:
                continue
            self._tell(tenant, sso.entity_id, request_id)
            return Shown(self._place(tenant_id), sso, self._described(sso), required)
        raise Stale

    def remove(self, *, tenant_id: str, lift: Lift, request_id: str) -> None:
        """Nobody is asked for it any more: `lift`."""
        for _ in range(_MOST_ROUNDS):
            before, tenant = self._store.of(tenant_id)
            if before is None:
                raise NotFound
            if tenant.requires_sso:
                lift()
            epoch = epoch_after(tenant.sso_epoch, before, None)
            try:
                self._store.remove(before, tenant=replace(tenant, requires_sso=False, sso_epoch=epoch))
            except Stale:
                continue
            self._tell(tenant, "", request_id)
            return
        raise Stale

    def _wanted(self, tenant_id: str, wish: Wish, now: datetime) -> Sso:
        entity_id, sso_url, certificates = self._of_provider(wish)
        if not 0 < len(entity_id) <= _LONGEST_ENTITY_ID or not entity_id.isprintable() or " " in entity_id:
            why = f"An entity id is one word of 1 to {_LONGEST_ENTITY_ID} visible characters."
            raise Invalid(why, pointer="/entity_id")
        if not all(0 < len(value) <= _LONGEST_VALUE for value in wish.roles):
            raise Invalid(f"What has a role is a text of 1 to {_LONGEST_VALUE} characters.", pointer="/roles")
        return Sso(
            tenant_id=tenant_id,
            entity_id=entity_id,
            sso_url=self._clean_url(sso_url),
            certificates=self._clean_certificates(certificates, now),
            email_attribute=wish.email_attribute,
            name_attribute=wish.name_attribute,
            role_attribute=wish.role_attribute,
            roles=wish.roles,
            default_role=wish.default_role,
            allows_idp_initiated=wish.allows_idp_initiated,
            changed_at=now,
        )

    def _of_provider(self, wish: Wish) -> tuple[str, str, Sequence[str]]:
        told = (wish.entity_id, wish.sso_url, wish.certificates)
        if wish.metadata is not None:
            if any(each is not None for each in told):
                raise Invalid("Metadata says all that: give one or the other.", pointer="/metadata")
            return self._certificates.of_metadata(wish.metadata)
        if wish.entity_id is None or wish.sso_url is None or not wish.certificates:
            raise Invalid("Give metadata; or entity_id, sso_url and certificates.", pointer="/metadata")
        return wish.entity_id, wish.sso_url, wish.certificates

    def _clean_url(self, text: str) -> str:
        """Browsers are sent there, nobody else. Plain HTTP is for the local product, which speaks it itself."""
        try:
            url = urlsplit(text)
            is_plain = url.scheme == "http" and url.hostname in _LOOPBACK and self._is_local()
            is_good = (url.scheme == "https" or is_plain) and url.hostname and "@" not in url.netloc
        except ValueError:
            is_good = False
        is_printable = text.isascii() and text.isprintable() and not set(text) & set(' "<>\\^`{|}')
        if not is_good or not is_printable or len(text) > _LONGEST_URL or "#" in text:
            raise Invalid("This is not the https address of an identity provider.", pointer="/sso_url")
        return text

    def _is_local(self) -> bool:
        return self._office.public_url.startswith("http:")

    def _clean_certificates(self, certificates: Sequence[str], now: datetime) -> tuple[str, ...]:
        if len(certificates) > MOST_CERTIFICATES:
            raise Invalid(f"At most {MOST_CERTIFICATES} certificates.", pointer="/certificates")
        cleaned: list[str] = []
        for number, each in enumerate(certificates):
            try:
                cleaned.append(self._certificates.clean(each, now=now))
            except Unfit as unfit:
                raise Invalid(str(unfit), pointer=f"/certificates/{number}") from None
        return tuple(dict.fromkeys(cleaned))

    def _shown(self, sso: Sso | None, tenant: Tenant) -> Shown:
        return Shown(self._place(tenant.id), sso, self._described(sso) if sso else [], tenant.requires_sso)

    def _described(self, sso: Sso) -> Sequence[Certificate]:
        return [self._certificates.describe(each) for each in sso.certificates]

    def _place(self, tenant_id: str) -> Place:
        return place_of(tenant_id, self._office.public_url)

    def _tell(self, tenant: Tenant, entity_id: str, request_id: str) -> None:
        for address in self._owners.owner_addresses(tenant_id=tenant.id):
            letter = sso_changed(to=address, tenant_name=tenant.name, entity_id=entity_id)
            self._office.recorder.tell(letter, request_id=request_id)
