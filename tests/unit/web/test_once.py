"""Idempotency-Key: one key and one body are one deed, and its answer is given again."""

from __future__ import annotations

import pytest

from tests.unit.web.toy_app import Reply, Toy

THING = '{"name":"x"}'


def make(toy: Toy, *, key: str | None = "k1", as_: str = "ada", body: str = THING, path: str = "/things") -> Reply:
    headers = {} if key is None else {"idempotency-key": key}
    return toy.call("POST", path, as_=as_, body=body, headers=headers)


def test_without_a_key_every_call_is_a_deed(toy: Toy) -> None:
    assert [make(toy, key=None).json()["id"] for _ in range(2)] == ["thing_0", "thing_1"]
    assert toy.notebook.kept == {}


def test_the_same_key_gives_the_same_answer_without_its_secret(toy: Toy) -> None:
    first, again = make(toy), make(toy)
    assert (first.status, again.status) == (201, 201)
    assert first.json() == {"id": "thing_0", "name": "x", "secret": "s3cret"}
    assert again.json() == {"id": "thing_0", "name": "x"}
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"] == "application/json"
    assert first.headers["X-Request-Id"] != again.headers["X-Request-Id"]
    assert len(toy.calls) == len(toy.notebook.trail) == 1


def test_an_answer_without_a_body_is_replayed_without_one(toy: Toy) -> None:
    replies = [make(toy, path="/things/all") for _ in range(2)]
    assert [(reply.status, reply.text) for reply in replies] == [(204, ""), (204, "")]
    assert len(toy.calls) == 1


def test_an_answer_of_another_type_is_replayed_as_it_was(toy: Toy) -> None:
    first, again = make(toy, path="/letters"), make(toy, path="/letters")
    assert (again.status, again.text, again.headers["Content-Type"]) == (202, first.text, "text/plain")


def test_another_body_or_a_running_call_is_a_conflict(toy: Toy) -> None:
    make(toy)
    assert make(toy, body='{"name":"y"}').json()["detail"] == "other body"
    place = next(iter(toy.notebook.kept))
    toy.notebook.kept[place] = (toy.notebook.kept[place][0], None, "")
    assert make(toy).json()["detail"] == "still running"
    assert len(toy.calls) == 1


def test_a_key_belongs_to_one_tenant_one_route_and_one_kind_of_credential(toy: Toy) -> None:
    for as_, path in [("ada", "/things"), ("cyd", "/things"), ("ada", "/letters"), ("key", "/things")]:
        make(toy, as_=as_, path=path)
    assert [call.tenant_id for call in toy.calls] == ["ten_a", "ten_c", "ten_a", "ten_a"]


def test_a_failed_call_frees_its_key(toy: Toy) -> None:
    for name, code in (("taken", "name_taken"), ("bug", "internal_error")):
        assert make(toy, body=f'{{"name":"{name}"}}').json()["code"] == code
        assert toy.notebook.kept == {}
    assert make(toy).status == 201


def test_a_call_that_may_not_or_cannot_be_read_takes_no_key(toy: Toy) -> None:
    assert make(toy, as_="agent").status == 403
    assert make(toy, body="{}").status == 422
    assert toy.notebook.kept == {}


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_1_to_255_characters(toy: Toy, key: str) -> None:
    assert make(toy, key=key).json()["code"] == "invalid"
    assert toy.calls == []


@pytest.mark.parametrize("key", ["x" * 255, " ", "ключ", "\0"])
def test_a_key_may_be_any_text(toy: Toy, key: str) -> None:
    assert make(toy, key=key).status == 201
    assert make(toy, key=key).headers["Idempotent-Replayed"] == "true"


def test_only_endpoints_that_ask_for_it_and_know_the_caller_take_a_key(toy: Toy) -> None:
    toy.call("POST", "/open", body=THING, headers={"Idempotency-Key": "k1"})
    toy.call("DELETE", "/sites/{site_id}", as_="ada", site_id="s", headers={"Idempotency-Key": "k1"})
    assert toy.notebook.kept == {}


def test_a_memory_that_does_not_answer_refuses_before_anything_is_done(toy: Toy) -> None:
    toy.notebook.broken.add("begin")
    assert make(toy).status == 503
    assert toy.calls == []


def test_a_memory_that_fails_afterwards_does_not_undo_what_was_done(toy: Toy) -> None:
    toy.notebook.broken.add("finish")
    assert make(toy).status == 201
    assert [entry[1] for entry in toy.notebook.log] == ["replay_not_kept"]


def test_a_memory_that_fails_on_failure_does_not_hide_it(toy: Toy) -> None:
    toy.notebook.broken.add("abandon")
    assert make(toy, body='{"name":"taken"}').json()["code"] == "name_taken"
