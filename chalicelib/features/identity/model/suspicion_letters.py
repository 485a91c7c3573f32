"""What we write when something looked odd: to the owners of the tenant, and to the person it is about."""

from __future__ import annotations

from chalicelib.core.suspicion import Block, Consequence
from chalicelib.features.identity.model.letters import Letter

_WHAT = {
    Consequence.STEP_UP: "is asked for the password once more, and for the second factor where one is on",
    Consequence.BLOCK: "is refused",
}


def something_looks_odd(*, to: str, public_url: str, block: Block) -> Letter:
    facts = "\n".join(f"  {name.replace('_', ' ')}: {value}" for name, value in block.facts.items())
    text = f"""Hello,

something in your PushSaaS account looked like somebody else at work, so {block.subject} {_WHAT[block.consequence]}
until {block.until:%Y-%m-%d %H:%M} UTC.

  rule: {block.rule}
{facts}

An owner or admin sees this at {public_url}/v1/security/blocks under {block.id}, and may lift it there.
If nobody of you was at work here, choose new passwords and revoke the key. We write about this kind of thing
once a day at most, however often it happens.
"""
    return Letter(to=to, subject="Something in your account looks odd", text=text)
