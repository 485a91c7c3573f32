"""What the stand-in identity provider shows: a form that asks who somebody is, and one that sends them back."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from infra.local.console.exchange import Answer, answer_file

_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action {action}"
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Stand-in for an identity provider</title>
<main>
<h1>This stands in for an organisation's identity provider</h1>
<p>Nothing leaves this machine. Whoever you say you are, you are.</p>
<form method="post" action="{action}">
{fields}
<p><button>{button}</button></p>
</form>
</main>
</html>
"""
_ASKED = """<p><label>E-mail address <input name="email" type="email" required value="grace@example.com"></label></p>
<p><label>Name <input name="name" value="Grace Hopper"></label></p>
<p><label>Groups <input name="groups" value="marketing"></label></p>"""


def asking(query: Mapping[str, str]) -> Answer:
    kept = {name: query.get(name, "") for name in ("SAMLRequest", "RelayState")}
    return _page("sso", f"{_hidden(kept)}\n{_ASKED}", "Sign in", policy="'self'")


def sending_back(acs_url: str, fields: Mapping[str, str]) -> Answer:
    return _page(acs_url, _hidden(fields), "Go back", policy="http: https:")


def _page(action: str, fields: str, button: str, *, policy: str) -> Answer:
    text = _PAGE.format(action=escape(action), fields=fields, button=button)
    return answer_file(text.encode(), media_type="text/html; charset=utf-8", policy=_POLICY.format(action=policy))


def _hidden(fields: Mapping[str, str]) -> str:
    return "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
