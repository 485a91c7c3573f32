"""Who may do what, as a page: from the one table of roles and what each endpoint says of itself. For `make docs`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the product reads its settings when it is imported: not before `make docs` has set them
    from chalicelib.web.allow import Allow
    from chalicelib.web.endpoint import Endpoint

_NOTE = "<!-- Written by `make docs` from chalicelib/core/identity.py and the endpoints. -->"
_INTRODUCTION = """\
A person may do what their role in the tenant includes; an API key what its scopes include, and never more than who made
it. Both tables follow from the code, and `make matrix` asks every route as everybody in turn.

- Nobody gives a role, or takes it away, that may do more than their own.
- A key that is bound to a site knows of no other site, and of nobody in the tenant.
- Another tenant's things, a site that a key is not bound to, and things that do not exist answer the same.
- Routes of the operator do not exist for tenants, and tenants' routes not for the operator.
- An access token is believed for its fifteen minutes. Where a route is marked *standing*, its session and its role have
  to stand at that moment; where it is marked *fresh*, the password has to have been given within ten minutes, too.
- What touches owners is fresh as well, whichever route it takes.
- Everybody may leave; to remove others takes `team:write`. To write a campaign that is scheduled, or to change one,
  takes `campaigns:send` as well.
- API keys stay when the member who made them leaves or is given another role: they are the tenant's. `GET /v1/api-keys`
  says who made each.
- An invitation is void when who wrote it may no longer give that role.
- Who came by a tenant's identity provider has their role in that tenant, and gets at nothing of a person's own but
  `GET /v1/me` and `POST /v1/auth/logout`. An owner does not come that way."""


def access_page(endpoints: Iterable[Endpoint]) -> str:
    parts = [
        _NOTE,
        "# Who may do what",
        _INTRODUCTION,
        "## Roles",
        _table(_roles()),
        "## Routes",
        _table(_routes(endpoints)),
    ]
    return "\n\n".join(parts) + "\n"


def _table(rows: Iterable[Iterable[str]]) -> str:
    head, *body = [list(row) for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _roles() -> Iterator[list[str]]:
    from chalicelib.core.identity import ROLE_SCOPES, TENANT_SCOPES, Scope

    yield ["scope", *map(str, ROLE_SCOPES)]
    for scope in (each for each in Scope if each in TENANT_SCOPES):
        yield [f"`{scope}`", *("✓" if scope in held else "" for held in ROLE_SCOPES.values())]


def _routes(endpoints: Iterable[Endpoint]) -> Iterator[list[str]]:
    yield ["route", "who", "scope", "roles", "keys", ""]
    for endpoint in endpoints:
        if endpoint.method != "OPTIONS":
            allow = endpoint.allow
            scope = f"`{allow.scope}`" if allow.scope else ""
            yield [
                f"`{endpoint.method} {endpoint.path}`",
                _who(allow),
                scope,
                _holders(allow),
                _keys(allow),
                _gate(allow),
            ]


def _who(allow: Allow) -> str:
    from chalicelib.web.allow import Caller

    names = {
        Caller.ANYONE: "anyone",
        Caller.BROWSER: "browsers on the site's pages",
        Caller.USER: "people",
        Caller.TENANT: "people and keys",
        Caller.OPERATOR: "the operator",
    }
    return names[allow.caller]


def _holders(allow: Allow) -> str:
    """The roles that pass, in the order of the table."""
    from chalicelib.core.identity import ROLE_SCOPES
    from chalicelib.web.allow import Caller

    if allow.caller not in {Caller.USER, Caller.TENANT}:
        return ""
    holders = [role for role, held in ROLE_SCOPES.items() if _passes(allow, role, held)]
    return "all" if len(holders) == len(ROLE_SCOPES) else " ".join(map(str, holders))


def _passes(allow: Allow, role: object, held: frozenset[object]) -> bool:
    return (allow.scope is None or allow.scope in held) and allow.role in {None, role}


def _keys(allow: Allow) -> str:
    from chalicelib.web.allow import Caller

    return "✓" if allow.caller is Caller.TENANT else ""


def _gate(allow: Allow) -> str:
    return "fresh" if allow.is_fresh else "standing" if allow.is_standing else ""
