"""The two refusals of an Idempotency-Key. The store of answers raises them; the HTTP contract names them."""

from __future__ import annotations

from chalicelib.core.errors import Conflict


class KeyReused(Conflict):
    """An Idempotency-Key stands for one request. This one stands for another already, so nothing was done.

    When: A key is sent again within 24 hours with another body or query, to the same path.

    Do: Make a new key for each new request; use the old one only to repeat exactly what was sent before.
    """

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used with another body."


class InProgress(Conflict):
    """The first request with this Idempotency-Key has not answered yet. Its answer will be yours too.

    When: A client gives up waiting and repeats at once, or sends the same request twice at the same time.

    Do: Send the same request with the same key again after a second or two.
    """

    code = "idempotency_in_progress"
    title = "The call with this Idempotency-Key is still running."
