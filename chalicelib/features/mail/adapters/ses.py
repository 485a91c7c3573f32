"""SES. Its errors name the recipient, so none of their text goes further than this file."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import client
from chalicelib.core.errors import PushError, Unavailable

_FINAL = frozenset(
    {"MessageRejected", "InvalidParameterValue", "MailFromDomainNotVerified", "MailFromDomainNotVerifiedException"}
)


class Undeliverable(PushError):
    """A letter was refused for good, by the service that posts our mail.

    When: The address does not exist there, or the sender is not verified.

    Do: Check the address; if it is right, write to support.
    """

    code = "undeliverable_letter"
    title = "The letter was refused for good."


class Ses:
    """`configuration_set` is what makes SES tell of letters that come back: `infra/overlay/returned_mail.yaml`."""

    def __init__(self, *, sender: str, configuration_set: str) -> None:
        self._sender = sender
        self._configuration_set = configuration_set

    def post(self, *, to: str, subject: str, text: str) -> None:
        message = {
            "Subject": {"Data": subject, "Charset": "UTF-8"},
            "Body": {"Text": {"Data": text, "Charset": "UTF-8"}},
        }
        try:
            client("ses").send_email(
                Source=self._sender,
                Destination={"ToAddresses": [to]},
                Message=message,
                ConfigurationSetName=self._configuration_set,
            )
        except ClientError as error:
            raise (Undeliverable if error.response["Error"]["Code"] in _FINAL else Unavailable) from None
        except BotoCoreError:
            raise Unavailable from None
