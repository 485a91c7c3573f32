"""Whether a page's policies let the SDK work, and which line is missing if not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.features.checks.model.csp import csp
from chalicelib.features.checks.model.finding import Finding, Status
from chalicelib.features.checks.model.visit import Page, Shown, Tag
from tests.unit.checks.cases import KEY, PRODUCT, SHOP, TAG, page, worker_file

FILE = f"{SHOP}/pushsaas-worker.js"
ENOUGH = "script-src 'self' https://push.example.com; connect-src https://push.example.com; worker-src 'self'"


def judged(seen: Page | None, file: Shown | None = None, *, worker_url: str = FILE) -> Finding:
    return csp(seen, file, worker_url, PRODUCT, site_key=KEY)


def under(*policies: str, tag: Tag = TAG) -> Finding:
    return judged(page(tag, policies=policies))


def test_without_a_policy_nothing_is_stopped() -> None:
    assert under().status is Status.OK
    assert "no Content-Security-Policy" in under().detail
    assert judged(page()).status is Status.OK


def test_of_no_page_nothing_is_known() -> None:
    assert judged(None).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "policy",
    [
        ENOUGH,
        "default-src 'self' https://push.example.com",
        "img-src 'none'",
        "default-src https:",
        "script-src-elem https://push.example.com/prod/sdk/v1/; connect-src *; worker-src 'self'",
        f"{ENOUGH}; trusted-types pushsaas; require-trusted-types-for 'script'",
        f"{ENOUGH}; trusted-types *",
        "child-src 'self'; script-src https://push.example.com",
    ],
)
def test_policies_that_suffice(policy: str) -> None:
    assert under(policy) == under(ENOUGH)
    assert under(policy).status is Status.OK


@pytest.mark.parametrize(
    ("policy", "line"),
    [
        ("script-src 'self'", "script-src 'self' https://push.example.com"),
        ("script-src-elem 'none'", "script-src-elem https://push.example.com"),
        ("script-src 'unsafe-inline'", "script-src 'unsafe-inline' https://push.example.com"),
        ("connect-src 'none'", "connect-src https://push.example.com"),
        ("connect-src 'self' https://api.example", "connect-src 'self' https://api.example https://push.example.com"),
        ("worker-src https://cdn.example", "worker-src https://cdn.example 'self'"),
        ("child-src 'none'", "worker-src 'self'"),
        ("default-src 'self'", "connect-src 'self' https://push.example.com"),
        ("default-src 'nonce-x' https://push.example.com", "worker-src https://push.example.com 'self'"),
        ("default-src 'nonce-x' https://a.example", "script-src 'nonce-x' https://a.example https://push.example.com"),
        ("trusted-types 'none'", "trusted-types pushsaas"),
        ("trusted-types dompurify", "trusted-types dompurify pushsaas"),
    ],
)
def test_what_is_missing_is_told_with_the_line_to_write(policy: str, line: str) -> None:
    found = under(policy)
    assert found.status is Status.PROBLEM
    assert f"`{line}`" in found.fix


def test_a_fallback_for_everything_misses_each_thing() -> None:
    fix = under("default-src 'none'").fix
    for line in ("script-src https://push.example.com", "connect-src https://push.example.com", "worker-src 'self'"):
        assert f"`{line}`" in fix


def test_all_policies_hold_wherever_they_are_said() -> None:
    assert under(ENOUGH, "script-src 'self'").status is Status.PROBLEM
    assert under(f"{ENOUGH}, script-src 'self'").status is Status.PROBLEM
    assert judged(page(TAG, policies=(ENOUGH,), metas=("connect-src 'self'",))).status is Status.PROBLEM
    assert under("connect-src 'none'", "connect-src 'none'").fix.count("connect-src") == 1


def test_a_nonce_or_a_hash_vouches_for_the_tag() -> None:
    policy = "script-src 'nonce-abc' 'sha256-xyz'; worker-src 'self'"
    assert under(policy, tag=replace(TAG, nonce="abc")).status is Status.OK
    assert under(policy, tag=replace(TAG, integrity="sha256-xyz?x")).status is Status.OK
    for tag in (TAG, replace(TAG, nonce="ABC"), replace(TAG, integrity="sha256-xyz sha384-other")):
        assert under(policy, tag=tag).status is Status.PROBLEM


def test_a_nonce_vouches_for_no_worker_and_no_connection() -> None:
    found = under("default-src 'nonce-abc'", tag=replace(TAG, nonce="abc"))
    assert "`worker-src 'self'`" in found.fix
    assert "`connect-src https://push.example.com`" in found.fix
    assert "script-src" not in found.fix


def test_a_strict_policy_believes_no_address() -> None:
    strict = "script-src 'nonce-abc' 'Strict-Dynamic' https:"
    found = under(strict)
    assert found.status is Status.PROBLEM
    assert "`script-src 'nonce-…' 'strict-dynamic', with that nonce in the tag`" in found.fix
    assert under(strict, tag=replace(TAG, nonce="abc")).status is Status.OK
    assert judged(page(policies=(strict,))).status is Status.OK  # a script that is trusted brings the SDK


def test_the_worker_file_may_bring_a_policy_of_its_own() -> None:
    file = worker_file(headers={"content-security-policy": ("default-src 'self'",)})
    found = judged(page(TAG), file)
    both = "`script-src 'self' https://push.example.com`; `connect-src 'self' https://push.example.com`"
    assert found.fix == f"Let that of the worker file say {both}."
    assert "worker-src" not in found.fix
    stopped = judged(page(TAG, policies=("worker-src 'none'",)), file)
    assert stopped.fix == f"Let the page's policy say `worker-src 'self'`, and that of the worker file say {both}."
    good = worker_file(headers={"content-security-policy": ("default-src https:",)})
    assert judged(page(TAG), good) == under(ENOUGH)


def test_a_worker_elsewhere_is_judged_as_the_one_it_should_be() -> None:
    seen = page(TAG, policies=("worker-src 'self'",))
    assert judged(seen, worker_url="https://cdn.example/w.js").status is Status.OK
    assert judged(page(replace(TAG, src="javascript:1"), policies=(ENOUGH,))).status is Status.OK


def test_a_line_that_is_too_long_is_cut_before_what_is_ours() -> None:
    many = " ".join(f"https://cdn{number}.example" for number in range(100))
    assert "`connect-src … https://push.example.com`" in under(f"connect-src {many}").fix


def test_a_page_of_endless_policies_gets_a_short_answer() -> None:
    metas = (",".join(f"connect-src https://a{number}.example" for number in range(10_000)),)
    found = judged(page(TAG, metas=metas))
    assert found.status is Status.PROBLEM
    assert len(found.fix) < 1_000
    assert len(under(f"trusted-types {'x' * 100_000}").fix) < 1_000
