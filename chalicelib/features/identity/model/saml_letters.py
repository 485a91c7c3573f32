"""What we write to owners about their tenant's identity provider: whoever changes it decides who comes in."""

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
