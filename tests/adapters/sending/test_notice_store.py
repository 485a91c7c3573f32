"""Who may write a letter: the first, until it is done and for a day; or whoever comes when the first has died."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.features.sending.model.news import News, Notice
from chalicelib.features.sending.store.notices import NoticeRows
from tests.adapters.aws.faults import Faults
from tests.adapters.sending.rows import ADA, AT, CYD
from tests.fakes.installation import Installation

NOTICE = Notice("site_a", "fcm", News.VAPID_REFUSED)


def test_the_first_may_write_and_nobody_after_it_for_a_day(aws: Installation) -> None:
    rows = NoticeRows()
    assert rows.begin(ADA, NOTICE, now=AT)
    rows.done(ADA, NOTICE, now=AT)
    assert not rows.begin(ADA, NOTICE, now=AT + timedelta(hours=23))
    assert rows.begin(ADA, NOTICE, now=AT + timedelta(days=1, seconds=1))


def test_a_writer_who_dies_leaves_it_to_the_next_after_five_minutes(aws: Installation) -> None:
    rows = NoticeRows()
    assert rows.begin(ADA, NOTICE, now=AT)
    assert not rows.begin(ADA, NOTICE, now=AT + timedelta(minutes=4))
    assert rows.begin(ADA, NOTICE, now=AT + timedelta(minutes=6))


def test_each_matter_is_its_own(aws: Installation) -> None:
    rows = NoticeRows()
    others = [replace(NOTICE, service="x"), replace(NOTICE, site_id="site_b"), replace(NOTICE, news=News.MASS_GONE)]
    assert all(rows.begin(ADA, each, now=AT) for each in (NOTICE, *others))
    assert rows.begin(CYD, NOTICE, now=AT)


def test_of_many_at_once_one_writes(aws: Installation) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: NoticeRows().begin(ADA, NOTICE, now=AT), range(16)))
    assert won.count(True) == 1


def test_an_answer_that_was_lost_is_ones_own(aws: Installation, faults: Faults) -> None:
    faults.silence("dynamodb.PutItem", times=2)
    assert NoticeRows().begin(ADA, NOTICE, now=AT)


def test_a_table_that_does_not_answer_is_unavailable(faults: Faults) -> None:
    faults.reject("dynamodb.PutItem", times=9)
    with pytest.raises(Unavailable):
        NoticeRows().begin(ADA, NOTICE, now=AT)
