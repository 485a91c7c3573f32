"""A message to a few people, now."""

from __future__ import annotations

from chalicelib.channels.message import message_of
from chalicelib.core.identity import Scope
from chalicelib.core.limits import RouteClass
from chalicelib.features.sending.schemas.http import NotificationSent, SendNotification
from chalicelib.features.sending.wiring import notifications
from chalicelib.web.allow import holder
from chalicelib.web.api import Api
from chalicelib.web.call import Call

api = Api(__name__, tag="notifications", about="A message to a person, or a few, in a lane of its own.")

_ALL = "/v1/sites/{site_id}/notifications"
_SEND = holder(Scope.NOTIFICATIONS_SEND)


@api.endpoint(
    "POST", _ALL, allow=_SEND, body=SendNotification, returns=NotificationSent, status=202, audit="notification.sent",
    replayable=True, counts_as=RouteClass.SEND,
)  # fmt: skip
def send_notification(call: Call[SendNotification]) -> NotificationSent:
    """Send a message to up to 1,000 people or browsers.

    Answered before it is pushed, and never behind a campaign. Who cannot be reached is named with the reason.
    """
    body = call.body
    notified = notifications().send(
        tenant_id=call.tenant_id,
        site_id=call.path["site_id"],
        message=message_of(body.message.fields),
        keys=body.to.keys,
        external_ids=body.to.external_ids,
        mode=call.principal.mode,
        now=call.at,
    )
    return NotificationSent.of(notified)
