"""Who hears that a push host is closed to a site, or that its "gone" is not believed: whoever is on call by log and
metric, at once; and the site's owners by letter where it is theirs to mend, a little later and once a day at most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.aws import telemetry
from chalicelib.aws.letters import Letter, post
from chalicelib.channels.endpoints import vendor_of
from chalicelib.core import clock
from chalicelib.core.errors import PushError
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.news import News, Notice, letter, news_of, notices_of
from chalicelib.features.sending.model.run import Run

_OTHER = "other"  # a host that was on the list when it was stored


class Told(Protocol):
    """What owners were told lately."""

    def begin(self, tenant_id: str, notice: Notice, *, now: datetime) -> bool:
        """Whether nobody has told them, or is just about to."""
        ...

    def done(self, tenant_id: str, notice: Notice, *, now: datetime) -> None:
        """The letters are on their way: not again today."""
        ...


class LoudNotices:
    """`owners` gives addresses by tenant, `site_name` a name by tenant and site: asked only when there is a letter."""

    def __init__(
        self, *, told: Told, owners: Callable[[str], Sequence[str]], site_name: Callable[[str, str], str]
    ) -> None:
        self._told = told
        self._owners = owners
        self._site_name = site_name

    async def changed(self, run: Run, before: Gate, after: Gate) -> None:
        news = news_of(before, after)
        if news is not None:
            _report(run, after, news)

    async def write(self, run: Run, gates: Sequence[Gate]) -> None:
        now = clock.now()
        try:
            for gate in gates:
                for notice in notices_of(run.site_id, gate, now=now):
                    self._write(run.tenant_id, notice, gate, now=now)
        except PushError as error:  # the next look tries again
            telemetry.alarm("notice_not_written", code=error.code, tenant_id=run.tenant_id, site_id=run.site_id)

    def _write(self, tenant_id: str, notice: Notice, gate: Gate, *, now: datetime) -> None:
        if self._told.begin(tenant_id, notice, now=now):
            words = letter(notice.news, gate, site_name=self._site_name(tenant_id, notice.site_id))
            post(*(Letter(to=address, subject=words.subject, text=words.text) for address in self._owners(tenant_id)))
            self._told.done(tenant_id, notice, now=now)
            if notice.news is News.MASS_GONE:
                telemetry.count("hosts_suspected")  # here, because what a worker says dies with it


def _report(run: Run, gate: Gate, news: News) -> None:
    vendor = vendor_of(gate.host) or _OTHER
    facts = {"tenant_id": run.tenant_id, "site_id": run.site_id, "run_id": run.id, "vendor": str(vendor)}
    if news is News.MASS_GONE:
        telemetry.alarm("gone_not_believed", count=gate.gone, **facts)
    else:
        say = telemetry.alarm if news is News.VAPID_REFUSED else telemetry.warn
        say("host_closed", reason=news.value, **facts)
        telemetry.count(f"hosts_{news.value}", vendor=str(vendor))
