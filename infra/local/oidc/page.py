"""Where somebody signs in at the stand-in provider: by saying who they are."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from infra.local.console.exchange import Answer, answer_file

_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_KEPT = (
    "client_id", "redirect_uri", "response_type", "state", "nonce", "code_challenge", "code_challenge_method",
)  # fmt: skip
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Stand-in for {name}</title>
<main>
<h1>This stands in for {name}</h1>
<p>Nothing leaves this machine. Whoever you say you are, you are.</p>
<form method="post" action="authorize">
{kept}
<p><label>E-mail address <input name="email" type="email" required value="ada@example.com"></label></p>
<p><label>Name <input name="name" value="Ada Lovelace"></label></p>
<p><label><input name="vouched" type="checkbox" value="yes" checked> The address is verified</label></p>
<p><button>Sign in</button></p>
</form>
</main>
</html>
"""


def page(name: str, asked: Mapping[str, str]) -> Answer:
    kept = [f'<input type="hidden" name="{each}" value="{escape(asked.get(each, ""))}">' for each in _KEPT]
    text = _PAGE.format(name=escape(name.capitalize()), kept="\n".join(kept))
    return answer_file(text.encode(), media_type="text/html; charset=utf-8", policy=_POLICY)
