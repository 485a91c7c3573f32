"""Mail through SES."""

from __future__ import annotations

import hmac
from functools import cache

from chalicelib.features.mail.service import Mail

_LENGTH = 32


@cache
def mail() -> Mail:
    from chalicelib.config import settings
    from chalicelib.features.mail.adapters.ses import Ses
    from chalicelib.features.mail.store import RefusalRows

    office = Ses(sender=settings().mail_from, configuration_set=f"{settings().prefix}-mail")
    return Mail(post_office=office, refusals=RefusalRows(), mailbox_of=_mailbox_of)


def _mailbox_of(address: str) -> str:
    from chalicelib.aws.secrets import secret
    from chalicelib.config import settings

    key = secret(settings().secret_installation).encode()
    return hmac.digest(key, f"refusal\0{address.strip().lower()}".encode(), "sha256").hex()[:_LENGTH]
