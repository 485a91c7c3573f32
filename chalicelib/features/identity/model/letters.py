"""What we write to people. Plain text: it can be read everywhere, and a token in it can be copied by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Letter:
    """`to` is None for a decoy, and `is_wanted` says that somebody has just asked for it: `chalicelib.aws.letters`."""

    to: str | None
    subject: str
    text: str
    is_wanted: bool = False


DECOY = Letter(to=None, subject="", text="")


def please_verify(*, to: str, public_url: str, token: str) -> Letter:
    text = f"""Hello,

somebody, probably you, opened a PushSaaS account with this address.
To confirm it, open this link and give the password you chose:

{public_url}/verify?token={token}

If you are asked for a token, this is it:

{token}

The link is good for 24 hours and only with that password.
If this was not you, do nothing, and nothing will happen.
"""
    return Letter(to=to, subject="Confirm your e-mail address", text=text, is_wanted=True)


def already_registered(*, to: str, public_url: str) -> Letter:
    text = f"""Hello,

somebody, perhaps you, wanted to open a PushSaaS account with this address.
There is one already, so nothing was changed. To sign in:

{public_url}/login

If this was not you, there is nothing to do.
"""
    return Letter(to=to, subject="You have an account already", text=text)


def reset_password(*, to: str, public_url: str, token: str) -> Letter:
    text = f"""Hello,

somebody, probably you, has forgotten the password of the PushSaaS account with this address.
To choose a new one, open this link:

{public_url}/reset?token={token}

If you are asked for a token, this is it:

{token}

The link is good for one hour, once, and only as long as no newer one was asked for.
If this was not you, do nothing: the password stays as it is.
"""
    return Letter(to=to, subject="Choose a new password", text=text, is_wanted=True)


def password_changed(*, to: str, public_url: str) -> Letter:
    text = f"""Hello,

the password of your PushSaaS account was changed, and every other session has been signed out.

If this was not you, somebody else can read your mail or knew your password. Make sure of your mailbox first,
then have a link sent that lets you choose another password:

{public_url}/forgot
"""
    return Letter(to=to, subject="Your password was changed", text=text)


def please_confirm(*, to: str, public_url: str, token: str) -> Letter:
    text = f"""Hello,

somebody, probably you, wants to use this address for a PushSaaS account.
To confirm it, open this link and give the password of that account:

{public_url}/confirm-email?token={token}

If you are asked for a token, this is it:

{token}

The link is good for 24 hours and only with that password.
If this was not you, do nothing, and nothing will happen.
"""
    return Letter(to=to, subject="Confirm your new e-mail address", text=text, is_wanted=True)


def address_may_change(*, to: str, public_url: str) -> Letter:
    text = f"""Hello,

somebody who is signed in to your PushSaaS account, and knows its password, asked to use another address for it.
Nothing has changed yet: the new address has to be confirmed first.

If this was not you, have a link sent that lets you choose another password. That also makes the request void:

{public_url}/forgot
"""
    return Letter(to=to, subject="Your e-mail address is about to change", text=text)


def address_changed(*, to: str) -> Letter:
    text = """Hello,

your PushSaaS account uses another address from now on, and this one no longer opens it.

If this was not you, answer this letter at once, or write to whoever runs this service: only they can undo it.
"""
    return Letter(to=to, subject="Your e-mail address was changed", text=text)


def you_are_invited(*, to: str, public_url: str, token: str, by: str, role: str) -> Letter:
    """In our own words alone: a name that somebody made up would let them write to strangers as us."""
    text = f"""Hello,

{by} invites you to work on their PushSaaS account with them, as {role}.
To accept, open this link:

{public_url}/join?token={token}

If you have an account with this address, you are asked for its password. If you have none, you choose one.
If you are asked for a token, this is it:

{token}

The link is good for seven days, once, and only as the newest that was sent.
If you do not know {by}, do nothing, and nothing will happen.
"""
    return Letter(to=to, subject="You are invited to a PushSaaS account", text=text)


def you_are_the_owner(*, to: str, by: str, tenant_name: str) -> Letter:
    text = f"""Hello,

{by} has handed the PushSaaS account "{tenant_name}" over to you. You are its owner now, they are an admin.

If you did not expect this, talk to them.
"""
    return Letter(to=to, subject="A PushSaaS account is yours now", text=text)


def you_handed_over(*, to: str, heir: str, tenant_name: str) -> Letter:
    text = f"""Hello,

you have handed the PushSaaS account "{tenant_name}" over to {heir}. They are its owner now, you are an admin.

If this was not you, somebody else has your password: change it, and ask {heir} to hand the account back.
"""
    return Letter(to=to, subject="You handed your PushSaaS account over", text=text)
