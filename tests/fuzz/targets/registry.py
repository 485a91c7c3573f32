"""All targets. One that comes anew is a module beside this one, and a line here: it is then part of `make fuzz` and of
the fast tests, which also want a broken reader that it catches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.fuzz.targets import access_token, cursor, endpoint_url, json_body, receipt, retry_after, saml_answer
from tests.fuzz.targets.target import Target

TARGETS: Mapping[str, Callable[[], Target]] = {
    "access_token": access_token.target,
    "cursor": cursor.target,
    "endpoint_url": endpoint_url.target,
    "json_body": json_body.target,
    "receipt": receipt.target,
    "retry_after": retry_after.target,
    "saml_answer": saml_answer.target,
}
