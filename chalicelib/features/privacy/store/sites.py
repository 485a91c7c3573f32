"""Where everything of a site is, and how it goes. The site itself is out of sight already, as `CLOSED#<site>`.

| table | rows |
|---|---|
| subs | `S#<tenant>#<site>#<0-f>` |
| core | `CAMP#…` that name it, with the links to their runs; `VAPID#<site>#…`; API keys bound to it |
| core | `SEEN#<site>`; `CLOSED#<site>` |
| sends | `C#<tenant>#<run>…` of those runs; `H#<tenant>#<site>` |
| idem | `NOTICE#<tenant>#<site>` |

Records of single notifications, which nothing leads to but their own id, leave on the day that was written into them.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from chalicelib.aws import bulk
from chalicelib.aws.dynamo import Span, Table
from chalicelib.aws.values import Row
from chalicelib.features.privacy.model import Job, Portion
from chalicelib.features.privacy.store import keys

CORE, SUBS, SENDS, IDEM = Table("core"), Table("subs"), Table("sends"), Table("idem")
_SHARDS = "0123456789abcdef"
_PARTITIONS_OF_A_RUN = 8
_CAMPAIGNS_A_PORTION = 25


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
    site_id, position = job.about["site_id"], job.position or None
    page = CORE.query(f"T#{job.tenant_id}", Span(prefix="CAMP#"), limit=_CAMPAIGNS_A_PORTION, position=position)
    removed = 0
    for row in page.rows:
        if row.get("site_id") == site_id:
            removed += _remove_campaign(job.tenant_id, row)
        elif "status" not in row and _is_run_of(job, row):
            removed += _remove_linked(job.tenant_id, row)
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


def remove_run(tenant_id: str, run_id: str) -> int:
    """Its batches first: without the run's own row nobody would find them."""
    whole = f"C#{tenant_id}#{run_id}"
    places = [f"{whole}#{partition}" for partition in range(_PARTITIONS_OF_A_RUN)]
    return sum(keys.remove_all(SENDS, pk) for pk in [*places, whole])


def _remove_campaign(tenant_id: str, row: Row) -> int:
    links = keys.rows(CORE, row["pk"], f"{row['sk']}#RUN#")
    return sum(_remove_linked(tenant_id, link) for link in links) + bulk.remove(CORE, [keys.key_of(row)])


def _remove_linked(tenant_id: str, link: Row) -> int:
    return remove_run(tenant_id, link["run_id"]) + bulk.remove(CORE, [keys.key_of(link)])


def _is_run_of(job: Job, link: Row) -> bool:
    run = SENDS.get(f"C#{job.tenant_id}#{link['run_id']}", "RUN")
    return run is not None and run["site_id"] == job.about["site_id"]


def _bound_keys(tenant_id: str, site_id: str) -> list[bulk.Key]:
    listings = {f"APIKEY#{row['prefix']}": row for row in keys.rows(CORE, f"T#{tenant_id}", "APIKEY#")}
    bound = [row for row in CORE.get_many((pk, "-") for pk in listings) if row.get("site_id") == site_id]
    return [keys.key_of(each) for row in bound for each in (row, listings[row["pk"]])]
