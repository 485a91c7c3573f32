"""What waits in the queue of events: reports, each of one browser or of one click."""

from __future__ import annotations

from chalicelib.aws.messages import Message
from chalicelib.features.analytics.model import Event, Life, Report


class ReportMessage(Message, frozen=True):
    """No endpoint, no external id: a mark names nobody, and a key only whom it is to be noted of that they live."""

    tenant: str
    site: str
    events: tuple[Event, ...]
    lives: tuple[Life, ...] = ()

    @classmethod
    def of(cls, report: Report) -> ReportMessage:
        return cls(tenant=report.tenant_id, site=report.site_id, events=report.events, lives=report.lives)

    @property
    def report(self) -> Report:
        return Report(self.tenant, self.site, self.events, self.lives)
