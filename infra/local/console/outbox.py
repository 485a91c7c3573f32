"""Every mail the product has sent, read from moto's SES: on a laptop nothing else ever delivers them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from moto.ses.models import Message, ses_backends

from infra.local import aws
from infra.local.console.product_view import Mail

_LINK = re.compile(r"https?://[^\s<>\"]+")
_NOT_AT_THE_END = ".,;:!?)]}'"  # of a sentence, rather than of a link


class Outbox:
    def mails(self, *, to: str | None = None) -> Sequence[Mail]:
        """Oldest first; one for each address a message went to."""
        wanted = None if to is None else to.strip().lower()
        return [mail for mail in _all() if wanted in {None, mail.to.lower()}]


def links_in(text: str) -> Sequence[str]:
    return list(dict.fromkeys(found.rstrip(_NOT_AT_THE_END) for found in _LINK.findall(text)))


def _all() -> Iterator[Mail]:
    backend: Any = ses_backends[aws.ACCOUNT][aws.REGION]
    number = 0
    for message in list(backend.sent_messages):
        if isinstance(message, Message):
            for address in message.destinations.get("ToAddresses", []):
                number += 1
                yield Mail(
                    number=number,
                    to=address,
                    subject=message.subject,
                    text=message.body,
                    links=links_in(message.body),
                )
