"""What we write about a tenant's identity provider: to owners, since whoever changes it decides who comes in; and to a
member whose membership it opens.
"""

from __future__ import annotations

from chalicelib.features.identity.model.letters import Letter


def sso_changed(*, to: str, tenant_name: str, entity_id: str) -> Letter:
    what = f"is now\n\n{entity_id}" if entity_id else "has been removed."
    text = f"""Hello,

the identity provider by which members of {tenant_name} sign in to PushSaaS {what}

It lets people in as members, with every role but yours. If none of you meant that, change it at
PUT /v1/tenant/sso, and look through your members: an admin has done it.
"""
    return Letter(to=to, subject="Single sign-on has changed", text=text)


def door_opened(*, to: str, entity_id: str, public_url: str) -> Letter:
    text = f"""Hello,

from now on an account at the identity provider

{entity_id}

opens your membership of the company that has named it, and nothing else of your PushSaaS account. Your password was
given for that just now; a new one asks for it once more.

If this was not you, somebody else knows your password. Have a link sent that lets you choose another:

{public_url}/forgot
"""
    return Letter(to=to, subject="Single sign-on opens your membership now", text=text)
