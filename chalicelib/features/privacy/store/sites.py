"""Where everything of a site is, and how it goes. The site itself is out of sight already, as `CLOSED#<site>`.

| table | rows |
|---|---|
| subs | `S#<tenant>#<site>#<0-f>` |
| core | `CAMP#…` that name it, with the links to their runs; `VAPID#<site>#…`; API keys bound to it |
| core | `SEEN#<site>`; `CLOSED#<site>` |
| sends | `C#<tenant>#<run>…` of those runs; `H#<tenant>#<site>` |
| events | `E#<tenant>#<run>#<00-ff>`, `E#<tenant>#<run>#<0-f>` of those runs |
| idem | `NOTICE#<tenant>#<site>` |

Records of single notifications and their events, which nothing leads to but their own id, leave on the day that was
written into them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from chalicelib.aws import bulk
from chalicelib.aws.dynamo import Span, Table
from chalicelib.aws.values import Row
from chalicelib.features.privacy.model import Job, Portion
from chalicelib.features.privacy.store import keys

CORE, SUBS, SENDS, EVENTS, IDEM = map(Table, ("core", "subs", "sends", "events", "idem"))
_SHARDS = "0123456789abcdef"
_PARTITIONS_OF_A_RUN = 8
_CAMPAIGNS_A_PORTION = 25
EVENTS_A_PORTION = 5_000  # of a large run there are hundreds of thousands


def audience(job: Job, _now: datetime) -> Portion:
    """From the first row that is left, shard by shard: what is gone needs no cursor. `position` is the shard, and the
    last key that has been counted: rows are counted before they go, so that those of a worker that is killed in between
    are found again, and counted no second time.
    """
    shard, counted = job.position[:1] or _SHARDS[0], job.position[1:]
    found = keys.first(SUBS, f"S#{job.tenant_id}#{job.about['site_id']}#{shard}")
    if found:
        fresh = sum(key > counted for _, key in found)
        return Portion(fresh, shard + max(counted, found[-1][1]), then=partial(bulk.remove, SUBS, found))
    following = _SHARDS.find(shard) + 1
    return Portion(position=_SHARDS[following] if following < len(_SHARDS) else None)


def campaigns(job: Job, _now: datetime) -> Portion:
    """Each with its runs, and last itself. A link may outlive its campaign: then the run is asked whose it is."""
    page = CORE.query(
        f"T#{job.tenant_id}", Span(prefix="CAMP#"), limit=_CAMPAIGNS_A_PORTION, position=job.position or None
    )
    removed, position = 0, job.position
    for row in page.rows:
        for link in _links_that_go(job, row):
            gone, is_all = remove_run(job.tenant_id, link)
            removed += gone
            if not is_all:
                return Portion(removed, position)
        if row.get("site_id") == job.about["site_id"]:
            removed += bulk.remove(CORE, [keys.key_of(row)])
        position = row["sk"]
    return Portion(removed, page.position)


def belongings(job: Job, _now: datetime) -> Portion:
    """The rest, and last the row that says the site is closed."""
    tenant_id, site_id = job.tenant_id, job.about["site_id"]
    removed = keys.remove_all(CORE, f"T#{tenant_id}", f"VAPID#{site_id}#")
    removed += keys.remove_all(CORE, f"T#{tenant_id}", f"SEEN#{site_id}")
    removed += keys.remove_all(SENDS, f"H#{tenant_id}#{site_id}")
    removed += keys.remove_all(IDEM, f"NOTICE#{tenant_id}#{site_id}")
    removed += bulk.remove(CORE, _bound_keys(tenant_id, site_id))
    return Portion(removed)


def stone(job: Job, _now: datetime) -> Portion:
    return Portion(bulk.remove(CORE, [(f"T#{job.tenant_id}", f"CLOSED#{job.about['site_id']}")]))


def remove_run(tenant_id: str, link: Row) -> tuple[int, bool]:
    """How many rows, and whether that was all: of its events, so many go at once and no more. Then its batches, for
    without the run's own row nobody would find them; and last the link that leads to it.
    """
    run_id, removed = link["run_id"], 0
    for partition in _partitions_of_events(tenant_id, run_id):
        while found := keys.first(EVENTS, partition):
            removed += bulk.remove(EVENTS, found)
            if removed >= EVENTS_A_PORTION:
                return removed, False
    whole = f"C#{tenant_id}#{run_id}"
    places = [f"{whole}#{partition}" for partition in range(_PARTITIONS_OF_A_RUN)]
    removed += sum(keys.remove_all(SENDS, pk) for pk in [*places, whole])
    return removed + bulk.remove(CORE, [keys.key_of(link)]), True


def _partitions_of_events(tenant_id: str, run_id: str) -> list[str]:
    """None where no browser has told anything: a mark is never without sums. These go last, so that whoever is killed
    on the way is not taken to have been here already.
    """
    whole = f"E#{tenant_id}#{run_id}"
    sums = [f"{whole}#{shard}" for shard in _SHARDS]
    if not any(keys.first(EVENTS, partition) for partition in sums):
        return []
    return [*(f"{whole}#{first}{second}" for first in _SHARDS for second in _SHARDS), *sums]


def _links_that_go(job: Job, row: Row) -> Iterator[Row]:
    if row.get("site_id") == job.about["site_id"]:
        yield from keys.rows(CORE, row["pk"], f"{row['sk']}#RUN#")
    elif "status" not in row and _is_run_of(job, row):
        yield row


def _is_run_of(job: Job, link: Row) -> bool:
    run = SENDS.get(f"C#{job.tenant_id}#{link['run_id']}", "RUN")
    return run is not None and run["site_id"] == job.about["site_id"]


def _bound_keys(tenant_id: str, site_id: str) -> list[bulk.Key]:
    listings = {f"APIKEY#{row['prefix']}": row for row in keys.rows(CORE, f"T#{tenant_id}", "APIKEY#")}
    bound = [row for row in CORE.get_many((pk, "-") for pk in listings) if row.get("site_id") == site_id]
    return [keys.key_of(each) for row in bound for each in (row, listings[row["pk"]])]
