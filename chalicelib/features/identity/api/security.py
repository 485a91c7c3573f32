"""What looked odd, over HTTP: why somebody or something is blocked, and lifting it."""

from __future__ import annotations

from typing import cast

from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.identity import Scope
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.session import TokenExpired
from chalicelib.features.identity.schemas.blocks import BlockList, BlockView
from chalicelib.features.identity.wiring import suspicion
from chalicelib.web.allow import fresh, person, standing
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import ListQuery, Nothing

api = Api(__name__, tag="security", about="Who is blocked, and why.")

_KEEPER = person(Scope.TEAM_WRITE)


@api.endpoint(
    "GET", "/v1/security/blocks", allow=standing(_KEEPER), query=ListQuery, returns=BlockList,
    errors=(InvalidToken, TokenExpired),
)  # fmt: skip
def list_blocks(call: Call[Nothing]) -> BlockList:
    """List what looked odd and was blocked, newest first: which rule, which facts, since when and until when.

    Blocks that are over or lifted are shown for another 90 days.
    """
    query = cast("ListQuery", call.query)
    page = suspicion().blocks.list(tenant_id=call.tenant_id, limit=query.limit, cursor=query.cursor)
    data = [BlockView.of(block) for block in page.rows]
    return BlockList(data=data, next_cursor=page.position, has_more=page.position is not None)


@api.endpoint(
    "DELETE", "/v1/security/blocks/{block_id}", allow=fresh(_KEEPER), status=204, audit="block.lifted",
    errors=(NotFound, InvalidToken, TokenExpired, Stale),
)  # fmt: skip
def lift_block(call: Call[Nothing]) -> None:
    """Lift a block. It is over within half a minute, everywhere."""
    suspicion().blocks.lift(
        tenant_id=call.tenant_id, block_id=call.path["block_id"], by=call.principal.subject, now=call.at
    )
