"""Answers kept for an Idempotency-Key: whoever is erased is taken out of them. The answers themselves stay, because a
request that is repeated without one would be obeyed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.aws import bulk
from chalicelib.aws.dynamo import Refused, Table, Update, equals
from chalicelib.features.privacy.model import Portion
from chalicelib.features.subscriptions.model import key_of

IDEM = Table("idem")
ERASED = "erased"

Redaction = Callable[[str], str]


def redact(wanted: Condition, words: Iterable[str], *, position: str) -> Portion:
    """In one page of them. Compared here: DynamoDB takes no filter of so many words as a person may have browsers."""
    after = tuple(json.loads(position)) if position else None
    redaction = without(words)
    found, following = bulk.look_through(IDEM, wanted & Path("body").exists(), fields=("pk", "sk", "body"), after=after)
    redacted = 0
    for row in found:
        text = redaction(row["body"])
        if text != row["body"]:
            with suppress(Refused):  # gone meanwhile, or redacted
                IDEM.write(Update(IDEM, row["pk"], row["sk"], {"body": text}, equals("body", row["body"])))
                redacted += 1
    return Portion(redacted, json.dumps(following) if following else None)


def without(words: Iterable[str]) -> Redaction:
    """Of a JSON text. A word is a whole string in it: an id of a customer may be "1", which is in every date. What can
    be nothing else, an id of ours or an address, also takes longer strings with it, whichever its case.
    """
    wholes = {*words}
    parts = {word.lower() for word in wholes if "@" in word or key_of(word)}

    def names(text: str) -> bool:
        return text in wholes or any(part in text.lower() for part in parts)

    def redacted(value: Any) -> Any:
        match value:
            case dict():
                return {name: redacted(inner) for name, inner in value.items()}
            case list():
                return [redacted(inner) for inner in value]
            case str():
                return ERASED if names(value) else value
        return value

    def redacted_text(text: str) -> str:
        try:
            before = json.loads(text)
        except ValueError:
            return str(redacted(text))
        after = redacted(before)
        return text if after == before else json.dumps(after, ensure_ascii=False, separators=(",", ":"))

    return redacted_text
