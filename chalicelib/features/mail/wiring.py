"""Mail through SES."""

from __future__ import annotations

from functools import cache

from chalicelib.features.mail.service import Mail


@cache
def mail() -> Mail:
    from chalicelib.config import settings
    from chalicelib.features.mail.adapters.ses import Ses

    return Mail(post_office=Ses(sender=settings().mail_from))
