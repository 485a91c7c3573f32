"""What we write to people about their second factor: whoever switches it, or guesses at it, may not be them."""

from __future__ import annotations

from chalicelib.features.identity.model.letters import Letter

_NOT_YOU = """If this was not you, somebody else knows your password and is signed in. Have a link sent that lets you
choose another: that signs them out, too."""


def second_factor_on(*, to: str, public_url: str) -> Letter:
    text = f"""Hello,

your PushSaaS account asks for a code of your authenticator app from now on, whenever somebody signs in.
Every other session has been signed out.

Keep the recovery codes that you were shown: without the app, they are the only way in.

{_NOT_YOU}

{public_url}/forgot
"""
    return Letter(to=to, subject="Your second factor is on", text=text)


def second_factor_off(*, to: str, public_url: str) -> Letter:
    text = f"""Hello,

your PushSaaS account asks for the password alone from now on: its second factor has been switched off.

{_NOT_YOU}

{public_url}/forgot
"""
    return Letter(to=to, subject="Your second factor is off", text=text)


def recovery_codes_replaced(*, to: str, public_url: str) -> Letter:
    text = f"""Hello,

your PushSaaS account has new recovery codes. The ones you had before no longer work.

{_NOT_YOU}

{public_url}/forgot
"""
    return Letter(to=to, subject="You have new recovery codes", text=text)


def recovery_code_used(*, to: str, public_url: str, left: int) -> Letter:
    text = f"""Hello,

somebody, probably you, has signed in to your PushSaaS account with one of your recovery codes.
That code is used up. Codes left: {left}.

{_NOT_YOU}

{public_url}/forgot
"""
    return Letter(to=to, subject="A recovery code was used", text=text)


def codes_guessed(*, to: str, public_url: str) -> Letter:
    text = f"""Hello,

five wrong codes in a row were given for your PushSaaS account, together with its right password.
For a quarter of an hour no other code is taken, and after that one at a time until one is right.

If this was not you, somebody else knows your password. Have a link sent that lets you choose another:

{public_url}/forgot
"""
    return Letter(to=to, subject="Somebody is guessing your one-time codes", text=text)


def provider_linked(*, to: str, public_url: str, provider: str) -> Letter:
    text = f"""Hello,

from now on your PushSaaS account opens to whoever is signed in at {provider.capitalize()} with the account that was
used just now. Its password was given for that; a new password asks for it once more.

{_NOT_YOU}

{public_url}/forgot
"""
    return Letter(to=to, subject=f"You can sign in with {provider.capitalize()} now", text=text)
