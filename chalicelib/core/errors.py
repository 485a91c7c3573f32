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
"""

from __future__ import annotations

from typing import Any, ClassVar


class PushError(Exception):
    """`code` is stable and public; `detail` is for a person; `facts` are extra members of the problem document."""

    code: ClassVar[str]
    title: ClassVar[str]
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str = "", **facts: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.facts = facts


class Invalid(PushError):
    code = "invalid"
    title = "The request does not fit its schema."

    def __init__(self, detail: str = "", *, pointer: str = "", **facts: Any) -> None:
        if pointer:
            facts["errors"] = [{"pointer": pointer, "detail": detail}]
        super().__init__(detail, **facts)


class Unauthenticated(PushError):
    code = "unauthenticated"
    title = "Credentials are missing or not valid."


class PaymentRequired(PushError):
    code = "payment_required"
    title = "This account is suspended until it is paid for."


class Forbidden(PushError):
    code = "forbidden"
    title = "These credentials may not do this."


class NotFound(PushError):
    code = "not_found"
    title = "There is nothing here, or it is not yours."


class Conflict(PushError):
    code = "conflict"
    title = "That cannot be done in the present state."


class OverLimit(PushError):
    code = "rate_limited"
    title = "Too many requests."

    def __init__(self, detail: str = "", *, retry_after_seconds: int, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(PushError):
    code = "unavailable"
    title = "A part of the service is not answering. Nothing was lost; try again."
    retryable = True


class Stale(Conflict):
    """An optimistic lock did not hold: somebody else wrote first."""

    code = "changed_meanwhile"
    title = "It was changed by someone else meanwhile. Read it again and retry."
