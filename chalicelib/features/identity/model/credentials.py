"""What people type to be let in: e-mail addresses and passwords."""

from __future__ import annotations

import re
import unicodedata

from chalicelib.core.errors import Invalid, Unauthenticated
from chalicelib.features.identity.model.signature import Signer

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 128
_LONGEST_EMAIL = 254
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])")


class InvalidCredentials(Unauthenticated):
    """The e-mail address and the password do not belong together. Which of the two is wrong is nobody's business.

    When: The address is not registered, the password is wrong, or a link is used with another password than the one
    given at that registration. Behind the right password also: a one-time code is wrong, or was used before.

    Do: Try again, or reset the password. The authenticator app shows another code every 30 seconds.
    """

    code = "invalid_credentials"
    title = "E-mail address or password is wrong."


def clean_email(text: str) -> str:
    """One spelling for each mailbox. ASCII only: SES posts to no other, and look-alike letters have no place here."""
    email = text.strip().lower()
    if len(email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(email):
        raise Invalid("This is not an e-mail address.", pointer="/email")
    return email


def mailbox_of(email: str, signer: Signer) -> str:
    """Under which an address is claimed: says nothing to whoever reads the table, and never changes."""
    return signer.digest(email).hex()[:32]


def clean_password(text: str) -> str:
    """For a password that is being chosen."""
    password = same_spelling(text)
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.", pointer="/password")
    return password


def same_spelling(password: str) -> str:
    """NFKC: keyboards spell the same password in different ways."""
    return unicodedata.normalize("NFKC", password)
