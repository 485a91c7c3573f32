"""The audit log over HTTP: read, proven, taken away."""

from __future__ import annotations

from typing import cast

from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.core.identity import Scope
from chalicelib.core.limits import RouteClass
from chalicelib.core.paging import BadCursor
from chalicelib.features.audit.schemas.bodies import AuditEntry, AuditList, AuditQuery, ExportView, Proof, ProofQuery
from chalicelib.features.audit.service.reading import Filter
from chalicelib.features.audit.wiring import exporting, trail
from chalicelib.web.allow import holder
from chalicelib.web.api import Api
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing

api = Api(
    __name__,
    tag="audit log",
    about="Who changed what, in a chain of hashes: nobody can change, drop or add an entry unseen.",
)
_READER = holder(Scope.AUDIT_READ)


@api.endpoint("GET", "/v1/audit-log", allow=_READER, query=AuditQuery, returns=AuditList)
def list_audit_log(call: Call[Nothing]) -> AuditList:
    """List what was changed, newest first.

    A filter may leave a page short, or empty: follow `next_cursor` for as long as there is one.
    """
    query = cast("AuditQuery", call.query)
    wanted = Filter(query.actor, query.action, query.since, query.until)
    _not_bound(call)
    page = trail().list(tenant_id=call.tenant_id, wanted=wanted, limit=query.limit, cursor=query.cursor)
    data = [AuditEntry.of(entry) for entry in page.rows]
    return AuditList(data=data, next_cursor=page.position, has_more=page.position is not None)


@api.endpoint("GET", "/v1/audit-log/verify", allow=_READER, query=ProofQuery, returns=Proof, errors=(BadCursor,))
def verify_audit_log(call: Call[Nothing]) -> Proof:
    """Verify the log, from its first entry on.

    It names the first entry that is not as it was written, or is not where it was. A long log takes several requests:
    follow `next_cursor`. Every day's last entry is known outside of the log's own table as well, so that a log that
    was cut off, or written anew, is found too.
    """
    _not_bound(call)
    verdict, cursor = trail().verify(tenant_id=call.tenant_id, cursor=cast("ProofQuery", call.query).cursor)
    return Proof.of(verdict, cursor)


@api.endpoint(
    "POST", "/v1/audit-log/export", allow=_READER, returns=ExportView, status=202, audit="audit_log.exported",
    replayable=True, counts_as=RouteClass.EXPORT,
)  # fmt: skip
def export_audit_log(call: Call[Nothing]) -> ExportView:
    """Ask for the whole log as a file.

    One JSON document a line, each with its hash, so that anybody can verify it without us. That you asked is in the
    log as well.
    """
    _not_bound(call)
    return ExportView.of(exporting().ask(tenant_id=call.tenant_id, actor=call.principal.subject, now=call.at))


@api.endpoint("GET", "/v1/exports/{export_id}", allow=_READER, returns=ExportView, errors=(NotFound,))
def get_export(call: Call[Nothing]) -> ExportView:
    """Show how far an export has got, with a link to its file when it is ready. Both are kept for a week."""
    _not_bound(call)
    export, link = exporting().show(tenant_id=call.tenant_id, export_id=call.path["export_id"])
    return ExportView.of(export, link)


def _not_bound(call: Call[Nothing]) -> None:
    if call.principal.site_id is not None:
        raise Forbidden("The log is the whole account's, and this key is bound to one site.")
