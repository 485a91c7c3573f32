"""Who may change whom: nobody gives or takes more than they have themselves, and somebody always owns a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.core.errors import Conflict, Forbidden
from chalicelib.core.identity import Principal, Role
from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.tenants.model import Tenant

KEPT_WITHOUT_TEAM = timedelta(days=30)


class RoleNotYours(Forbidden):
    """Whoever gives a role, or takes it away, has to have all that it may do.

    When: An admin invites or makes an owner, or changes or removes one.

    Do: Ask an owner of the account to do it.

    Members:
    - role: the role that may do more than you
    """

    code = "role_not_yours"
    title = "That role may do more than you."


class LastOwner(Conflict):
    """An account belongs to somebody: its only owner cannot leave, be removed, or become something else.

    When: The only owner of an account leaves or changes their own role; also when two owners leave at the same moment.

    Do: Make somebody else an owner first, or hand the account over at `POST /v1/tenant/transfer-ownership`.
    """

    code = "last_owner"
    title = "This is the only owner of the account."


class AlreadyMember(Conflict):
    """Who is invited is there already, so there is nothing to accept.

    When: An address is invited whose person is a member of this account.

    Do: Change their role instead, if that was the point.
    """

    code = "already_member"
    title = "This person is a member already."


class OwnerWithoutAccount(Conflict):
    """An owner has to get in when nothing else works, and whom only an identity provider knows cannot.

    When: Somebody is made an owner who became a member by signing in with SAML, and has no account of their own.

    Do: Invite their address. With the account that comes of it they can own.
    """

    code = "owner_without_account"
    title = "Who is known by the identity provider alone cannot own the account."


@dataclass(frozen=True)
class Handover:
    """Everybody whom an account's change of hands concerns."""

    tenant: Tenant
    owner: Member
    heir: Member
    giver: User
    taker: User


@dataclass(frozen=True)
class Leaver:
    """Somebody whom no account needs, and where they are a member."""

    user: User
    members: Sequence[Member]


def check_reach(actor: Principal, *roles: Role) -> None:
    for role in roles:
        if not actor.may_grant(role):
            raise RoleNotYours(f"The role {role} may do more than yours.", role=str(role))
