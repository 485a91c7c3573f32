"""A limit meant for an account's Lambdas must not become as many threads on a laptop."""

from __future__ import annotations

from infra.local.clock import LocalClock
from infra.local.runner import Runner
from tests.fakes.installation import Installation


def test_no_worker_of_the_app_gets_more_threads_than_the_laptop_allows(aws: Installation) -> None:
    from app import app

    runner = Runner(app, clock=LocalClock(), prefix=aws.prefix, most_at_once=2)
    assert {source.workers for source in runner.sources} <= {1, 2}
