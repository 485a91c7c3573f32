"""A row that newer code has written is left for newer code: no store takes it for what it knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.aws.replays import StoredReplays
from chalicelib.aws.values import known
from chalicelib.core import drive
from chalicelib.core.clock import minute_of
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.audit.model import NEWEST_VERSION, Place
from chalicelib.features.audit.store.entries import AuditRows
from chalicelib.features.audit.store.exports import ExportRows
from chalicelib.features.campaigns.model import Audience
from chalicelib.features.campaigns.store import CampaignRows
from chalicelib.features.due.store import DueEntries
from chalicelib.features.identity.store.api_key import ApiKeyRows
from chalicelib.features.identity.store.email_change import EmailChangeRows
from chalicelib.features.identity.store.password_reset import PasswordResetRows
from chalicelib.features.identity.store.person import PersonRows
from chalicelib.features.identity.store.second_factor import SecondFactorRows
from chalicelib.features.identity.store.session import SessionRows
from chalicelib.features.sending.store.batches import BatchRows
from chalicelib.features.sending.store.runs import RunRows
from chalicelib.features.sites.store import SiteRows
from chalicelib.features.subscriptions.store import SubscriptionRows
from chalicelib.features.tenants.store import TenantRows, put_tenant
from tests.adapters.sending.rows import AT, a_run

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

T = "ten_a"
KEY, FIRST, LAST = b"\x07" * 16, b"\x00" * 16, b"\xff" * 16
RUN = a_run(tenant_id=T, id="run_a", batches=1)
PLACE = Place("202603", 1)

Read = Callable[[], Any]
CAMPAIGN = ("core", f"T#{T}", "CAMP#cmp_a")
LINK = ("core", f"T#{T}", "CAMP#cmp_a#RUN#run_a")
SITE = ("core", f"T#{T}", "SITE#site_a")
SUBSCRIPTION = ("subs", f"S#{T}#site_a#0", KEY.hex())
BATCH = ("sends", f"C#{T}#run_a#0", "B#000000")
THE_RUN = ("sends", f"C#{T}#run_a", "RUN")
AN_ENTRY = ("audit", f"A#{T}#202603", "000000000001")
API_KEY = ("core", "APIKEY#abc", "-")
LISTING = ("core", f"T#{T}", "APIKEY#key_a")


def people() -> PersonRows:
    return PersonRows(tenant_write=put_tenant)


READERS: list[tuple[tuple[str, str, str], Read]] = [
    (CAMPAIGN, lambda: CampaignRows().get(T, "cmp_a")),
    (CAMPAIGN, lambda: CampaignRows().of_site(T, "site_a", limit=9, position=None)),
    (LINK, lambda: CampaignRows().runs(T, "cmp_a", limit=9, position=None)),
    (THE_RUN, lambda: drive.run(RunRows().get(T, "run_a"))),
    (THE_RUN, lambda: drive.run(RunRows().get_many(T, ["run_a"]))),
    (THE_RUN, lambda: drive.run(RunRows().add(T, RUN))),
    (BATCH, lambda: drive.run(BatchRows().get(T, RUN, 0))),
    (BATCH, lambda: drive.run(BatchRows().of_run(T, RUN))),
    (SITE, lambda: SiteRows().get(T, "site_a")),
    (SITE, lambda: SiteRows().page(T, after=None, limit=9)),
    (SITE, lambda: SiteRows().identity_secret(T, "site_a")),
    (("core", "SITEKEY#pk_a", "-"), lambda: SiteRows().find("pk_a")),
    (("core", f"T#{T}", "VAPID#site_a#key_a"), lambda: SiteRows().key(T, "site_a", "key_a")),
    (SUBSCRIPTION, lambda: SubscriptionRows().get(T, "site_a", KEY)),
    (SUBSCRIPTION, lambda: SubscriptionRows().page(T, "site_a", after=None, limit=9)),
    (SUBSCRIPTION, lambda: SubscriptionRows().read(T, "site_a", start=FIRST, end=LAST, limit=9)),
    (SUBSCRIPTION, lambda: SubscriptionRows().pick(T, "site_a", [KEY])),
    (("core", f"T#{T}", "TENANT"), lambda: TenantRows().get(T)),
    (AN_ENTRY, lambda: AuditRows().last_of(T, "202603")),
    (AN_ENTRY, lambda: AuditRows().at(T, PLACE)),
    (("core", f"T#{T}", "EXPORT#exp_a"), lambda: ExportRows().get(T, "exp_a")),
    (("core", "USER#usr_a", "-"), lambda: people().user("usr_a")),
    (("core", "EMAIL#abc", "-"), lambda: people().user_id_at("abc")),
    (("core", f"T#{T}", "MEMBER#usr_a"), lambda: people().member(T, "usr_a")),
    (("core", "USER#usr_a", "SESSION#ses_a"), lambda: SessionRows().get("usr_a", "ses_a")),
    (("core", "USER#usr_a", "TOTP"), lambda: SecondFactorRows().of_user("usr_a")),
    (("core", "USER#usr_a", "EMAIL_CHANGE"), lambda: EmailChangeRows().of_user("usr_a")),
    (("core", "RESET#box", "-"), lambda: PasswordResetRows().at("box")),
    (API_KEY, lambda: ApiKeyRows().at("abc")),
    (LISTING, lambda: ApiKeyRows().get(T, "key_a")),
    (LISTING, lambda: ApiKeyRows().of_tenant(T, limit=9, position=None)),
    (("due", "D#WATERMARK", "-"), lambda: DueEntries().watermark()),
    (
        ("due", f"D#{minute_of(AT)}#3", "run#later"),
        lambda: list(DueEntries().of_minute(minute_of(AT), 3, for_good=True)),
    ),
    (("idem", "REPLAY#here", "-"), lambda: StoredReplays().begin(place="here", fingerprint="f", now=AT)),
]


@pytest.mark.parametrize(
    ("place", "read"), READERS, ids=lambda value: "/".join(value) if value.__class__ is tuple else ""
)
def test_a_row_of_the_next_version_waits_for_code_that_knows_it(
    aws: Installation, place: tuple[str, str, str], read: Read
) -> None:
    table, pk, sk = place
    version = NEWEST_VERSION + 1 if place == AN_ENTRY else 2
    Table(table).put(
        {"pk": pk, "sk": sk, "v": version, "status": "new", "site_id": "site_a", "fingerprint": "f", "ttl": 2**33}
    )
    with pytest.raises(FromTheFuture):
        read()


def test_rows_of_this_version_and_the_one_before_are_known() -> None:
    assert known({"v": 2, "a": 1}, newest=2) == {"v": 2, "a": 1}
    assert known({"v": 1, "a": 1}, newest=2) == {"v": 1, "a": 1}
    with pytest.raises(FromTheFuture):
        known({"v": 3}, newest=2)


@pytest.mark.parametrize("audience", [{}, {"segment_id": "seg_a"}, {"all": True, "except": "seg_a"}])
def test_no_audience_is_taken_for_everyone(audience: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(audience, Audience)
