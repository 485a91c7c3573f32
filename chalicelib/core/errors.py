"""The families of things that go wrong. Leaves live beside what raises them; numbers live at the HTTP edge only.

PushError
├ Invalid           the payload does not fit its schema
├ Unauthenticated   no credentials, or wrong ones
├ PaymentRequired   the tenant is suspended
├ Forbidden         known, but not allowed
├ NotFound          unknown, or another tenant's: nobody can tell which
├ Conflict          allowed, but not in this state
├ OverLimit         too much, too fast or too often
└ Unavailable       our side; try again

A leaf's docstring is its public page (`/problems/<code>`): what it means; then paragraphs that start with `When:` and
`Do:`; then `Members:` with one `- name: meaning` line for each fact it adds. What a leaf leaves out, its family says.
"""

from __future__ import annotations

from typing import Any, ClassVar


class PushError(Exception):
    """`code` is stable and public; `detail` is for a person; `facts` are extra members of the problem document."""

    code: ClassVar[str]
    title: ClassVar[str]
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str = "", **facts: Any) -> None:
        self.detail = detail or self.title
        self.facts = facts
        super().__init__(self.detail)


class Invalid(PushError):
    """The request was understood, but what it carries does not fit the schema of this endpoint.

    When: A field is missing, unknown, of the wrong type or out of its range, in the body or in the query string.

    Do: Correct every place that `errors` names. Each pointer is a JSON Pointer into the body that was sent.

    Members:
    - errors: a list of `{"pointer", "detail"}`, one for each place at fault, at most twenty
    """

    code = "invalid"
    title = "The request does not fit its schema."

    def __init__(self, detail: str = "", *, pointer: str = "", **facts: Any) -> None:
        super().__init__(detail, **facts)
        if pointer:
            self.facts["errors"] = [{"pointer": pointer, "detail": self.detail}]


class Unauthenticated(PushError):
    """Nobody is known by these credentials, so nothing was looked up.

    When: The Authorization header is missing, is not `Bearer <token>`, or its token is expired, revoked or made up.

    Do: Send `Authorization: Bearer <access token or API key>`. When an access token has expired, refresh it.
    """

    code = "unauthenticated"
    title = "Credentials are missing or not valid."


class PaymentRequired(PushError):
    """The account is suspended because an invoice is open. Nothing is deleted.

    When: Something that sends or costs is asked for while the account is suspended.

    Do: The owner settles the invoice in the billing portal; the account comes back by itself.
    """

    code = "payment_required"
    title = "This account is suspended until it is paid for."


class Forbidden(PushError):
    """We know who is asking, and these credentials do not reach that far.

    When: An API key lacks the scope that the endpoint needs, or a person's role does not include it.

    Do: Use a key with the scope that `detail` names, or ask an owner of the account to do it.
    """

    code = "forbidden"
    title = "These credentials may not do this."


class NotFound(PushError):
    """There is nothing under this address that these credentials may see. A thing of another account answers the same.

    When: The path or an id is mistyped, the thing was deleted, the key is bound to another site, or the thing is not
    yours.

    Do: Check the id, and which account and site the credentials belong to.
    """

    code = "not_found"
    title = "There is nothing here, or it is not yours."


class Conflict(PushError):
    """The request is in order, but the thing it asks about is not in a state that allows it.

    When: A finished campaign is cancelled, a name is taken, or two callers change the same thing at once.

    Do: Read the thing again, and decide whether the request still makes sense.
    """

    code = "conflict"
    title = "That cannot be done in the present state."


class OverLimit(PushError):
    """A limit protects everyone who shares the service, and this request went over one. Nothing was done.

    When: Requests come faster than the plan allows, or too many attempts failed.

    Do: Wait for as many seconds as the Retry-After header says, then send the same request again.
    """

    code = "rate_limited"
    title = "Too many requests."

    def __init__(self, detail: str = "", *, retry_after_seconds: float, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(PushError):
    """A part of the service that this request needs did not answer in time. We know, and it is on us.

    When: A table, a queue or a key service is slow or down. Rather than guess, the request was refused.

    Do: Send the same request again after a few seconds, with the same Idempotency-Key if it had one.
    """

    code = "unavailable"
    title = "A part of the service is not answering. Nothing was lost; try again."
    retryable = True


class FromTheFuture(Unavailable):
    """What was asked for is kept in a newer form than the part of the service that you reached can read.

    When: A new version of the service is being rolled out, and some of it still runs the one before.

    Do: Send the same request again after a few seconds, with the same Idempotency-Key if it had one.
    """

    code = "newer_format"
    title = "The service is being updated. Nothing was lost; try again."


class Stale(Conflict):
    """Somebody else changed the thing between your reading and your writing, and their change stands.

    When: Two people or programs change the same thing at the same moment.

    Do: Read it again, apply your change to what it is now, and send that.
    """

    code = "changed_meanwhile"
    title = "It was changed by someone else meanwhile. Read it again and retry."
