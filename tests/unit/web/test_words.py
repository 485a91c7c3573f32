"""What endpoints, callers and problems say of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.core.errors import Conflict, Forbidden, NotFound, OverLimit, PushError, Stale, Unavailable
from chalicelib.core.identity import Scope
from chalicelib.web import problems
from chalicelib.web.allow import ANYONE, BROWSER, OPERATOR, USER, Allow, holder
from chalicelib.web.body import TooLarge
from chalicelib.web.endpoint import Endpoint
from tests.unit.web.toy_app import PRINCIPALS, Thing


def list_sites(_call: Any) -> None: ...


def send_campaign(_call: Any) -> None:
    """Send a campaign now.

    Answers as soon as the run is planned.
    """


def rotate_key(_call: Any) -> None:
    """Rotate the key
    of a site. The old one
    stays good for a day, e.g. for caches.
    """


def endpoint(view: Any = list_sites, **words: Any) -> Endpoint:
    return Endpoint("GET", "/v1/sites/{site_id}/keys/{key_id}", ANYONE, view, "sites", **words)


def test_a_view_names_and_describes_its_endpoint() -> None:
    assert (endpoint().name, endpoint().summary, endpoint().description) == ("list_sites", "List sites", "")
    told = endpoint(send_campaign)
    assert (told.summary, told.description) == ("Send a campaign now", "Answers as soon as the run is planned.")
    long = endpoint(rotate_key)
    assert long.summary == "Rotate the key of a site"
    assert long.description == "The old one stays good for a day, e.g. for caches."


def test_an_endpoint_knows_its_parameters_and_body() -> None:
    assert endpoint().path_parameters == ["site_id", "key_id"]
    assert (endpoint().takes_body, endpoint(body=Thing).takes_body) == (False, True)


@pytest.mark.parametrize(("method", "mutates"), [("GET", False), ("HEAD", False), ("OPTIONS", False), ("DELETE", True)])
def test_reading_is_no_mutation(method: str, mutates: bool) -> None:
    assert Endpoint(method, "/", ANYONE, list_sites, "sites").is_mutation is mutates


@pytest.mark.parametrize(("allow", "asks"), [(ANYONE, False), (BROWSER, False), (USER, True), (OPERATOR, True)])
def test_only_open_doors_ask_nobody(allow: Allow, asks: bool) -> None:
    assert allow.needs_credentials is asks


def test_the_table_of_who_may_what() -> None:
    doors: dict[str, Allow] = {"user": USER, "holder": holder(Scope.SITES_WRITE), "operator": OPERATOR}
    expected: dict[tuple[str, str], type[PushError] | None] = {
        ("ada", "user"): None,
        ("ada", "holder"): None,
        ("ada", "operator"): NotFound,
        ("agent", "user"): None,
        ("agent", "holder"): Forbidden,
        ("agent", "operator"): NotFound,
        ("key", "user"): Forbidden,
        ("key", "holder"): None,
        ("key", "operator"): NotFound,
        ("operator", "user"): NotFound,
        ("operator", "holder"): NotFound,
        ("operator", "operator"): None,
    }
    found: dict[tuple[str, str], type[PushError] | None] = {}
    for who, door in expected:
        try:
            doors[door].check(PRINCIPALS[who])
            found[who, door] = None
        except PushError as refused:
            found[who, door] = type(refused)
    assert found == expected


class Leaf(Stale):
    code = "leaf"
    title = "A leaf of a leaf."


@pytest.mark.parametrize(
    ("error", "status"),
    [(Conflict, 409), (Leaf, 409), (TooLarge, 413), (problems.Broken, 500), (problems.MethodNotAllowed, 405)],
)
def test_a_leaf_has_the_number_of_its_nearest_family(error: type[PushError], status: int) -> None:
    assert problems.status_of(error) == status


def test_every_family_has_a_number() -> None:
    families = [each for each in PushError.__subclasses__() if each.__module__ == "chalicelib.core.errors"]
    assert len(families) == 8
    assert all(family in problems.STATUS for family in families)


@pytest.mark.parametrize(("wait", "header"), [(0, "1"), (-5, "1"), (1, "1"), (1.01, "2"), (86_400, "86400")])
def test_retry_after_is_whole_seconds_and_never_less_than_one(wait: float, header: str) -> None:
    assert problems.answer(OverLimit(retry_after_seconds=wait), instance="req_1").headers["Retry-After"] == header


def test_only_limits_and_faults_of_ours_promise_another_time() -> None:
    assert "Retry-After" in problems.answer(Unavailable(), instance="req_1").headers
    assert "Retry-After" not in problems.answer(Conflict(), instance="req_1").headers


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "unreadable_body"), (404, "not_found"), (405, "method_not_allowed"), (500, "internal_error"),
     (418, "internal_error")],
)  # fmt: skip
def test_chalices_numbers_have_our_words(status: int, code: str) -> None:
    assert problems.of_chalice(status).code == code
