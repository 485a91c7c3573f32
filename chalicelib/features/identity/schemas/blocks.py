"""Blocks as owners see them: why, since when, and until when."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from chalicelib.core.suspicion import Block, Consequence
from chalicelib.web.schema import Schema, example


class BlockView(Schema):
    model_config = example(
        subject="key_01kz8m5q3v7x9c2b4n6t8w0y1e",
        rule="key_from_many_addresses",
        consequence="block",
        lifted_by="usr_01kz8m5q3v7x9c2b4n6t8w0y1e",
        facts={"signals": "50", "of": "use from another address", "within": "1 hour"},
    )

    id: str
    subject: str = Field(description="The person or the API key that it stops.")
    rule: str = Field(description="Which rule was met; docs/suspicion.md has the table.")
    consequence: Consequence = Field(description="A person has to step up, a key is blocked.")
    facts: dict[str, str] = Field(description="What met it: figures and countries.")
    since: datetime
    until: datetime
    lifted_at: datetime | None
    lifted_by: str | None

    @classmethod
    def of(cls, block: Block) -> BlockView:
        return cls(**{name: getattr(block, name) for name in cls.model_fields})


class BlockList(Schema):
    data: list[BlockView]
    next_cursor: str | None
    has_more: bool
