"""The contract for machines and for people: OpenAPI, the reference, and a page for every problem."""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from typing import Any

from chalicelib.config import settings
from chalicelib.core.errors import NotFound
from chalicelib.web.allow import ANYONE
from chalicelib.web.api import Api
from chalicelib.web.call import Answer, Call
from chalicelib.web.explain import Explanation, explanations
from chalicelib.web.openapi.document import document
from chalicelib.web.openapi.preamble import Document
from chalicelib.web.pages.layout import CSS, HEADERS, HTML, rooted, stylesheet
from chalicelib.web.pages.letters import LETTER_HEADERS, SCRIPT, SCRIPT_PATH, letter_page, letters_script
from chalicelib.web.pages.problem import missing_page, problem_index, problem_page
from chalicelib.web.pages.reference import reference
from chalicelib.web.pages.signed_in import signed_in_page
from chalicelib.web.problems import Headers
from chalicelib.web.schema import AnyQuery, Nothing, Schema, example

api = Api(__name__, tag="documentation", about="This reference, as pages and for machines. Everybody may read it.")

_CACHED: dict[int, type[Schema]] = {304: Nothing}
_PAGE_SECONDS = 300
_STYLE_SECONDS = 86_400


class Contract(Schema):
    """An OpenAPI 3.1 document: these are its most important members."""

    model_config = example(openapi="3.1.0", info={"title": "PushSaaS API", "version": "1.0"})

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]


class ProblemView(Schema):
    """The page of a problem, for machines."""

    model_config = example(
        code="wrong_campaign_state",
        title="The campaign's state does not allow that.",
        status=409,
        meaning="A campaign goes its way from draft to sent, and what may be done with it depends on where it is.",
        when="A campaign is sent a second time, changed while it is being sent, or cancelled when it is over.",
        do="Read the campaign again.",
        members={"campaign_status": "The state that the campaign is in."},
        family="conflict",
    )

    code: str
    title: str
    status: int
    meaning: str
    when: str
    do: str
    members: dict[str, str]
    headers: dict[str, str]
    family: str | None

    @classmethod
    def of(cls, explanation: Explanation) -> ProblemView:
        return cls.model_validate(vars(explanation))


@api.endpoint("GET", "/openapi.json", allow=ANYONE, query=AnyQuery, returns=Contract, also=_CACHED)
def get_contract(call: Call[Nothing]) -> Answer:
    """Fetch this contract as OpenAPI 3.1."""
    return _cacheable(
        call, _contract(settings().public_url), seconds=_PAGE_SECONDS, headers={"Access-Control-Allow-Origin": "*"}
    )


@api.endpoint("GET", "/docs", allow=ANYONE, query=AnyQuery, media_type=HTML, also=_CACHED)
def read_reference(call: Call[Nothing]) -> Answer:
    """Read this reference."""
    return _page(call, _reference(settings().public_url))


@api.endpoint("GET", "/docs/style.css", allow=ANYONE, query=AnyQuery, media_type=CSS, also=_CACHED)
def read_stylesheet(call: Call[Nothing]) -> Answer:
    """Fetch the stylesheet of these pages."""
    return _cacheable(call, stylesheet(), seconds=_STYLE_SECONDS, headers={})


@api.endpoint("GET", "/problems", allow=ANYONE, query=AnyQuery, media_type=HTML, also=_CACHED)
def list_problems(call: Call[Nothing]) -> Answer:
    """Read what problems there are."""
    return _page(call, problem_index(explanations().values()))


@api.endpoint(
    "GET",
    "/problems/{code}",
    allow=ANYONE,
    query=AnyQuery,
    returns=ProblemView,
    media_type=HTML,
    also={**_CACHED, 404: Nothing},
)
def read_problem(call: Call[Nothing]) -> Answer:
    """Read what a problem means, and what to do about it.

    A page for people; the same as JSON for who accepts nothing else.
    """
    call.answer_headers["Vary"] = "Accept"
    explanation = explanations().get(call.path["code"])
    if _wants_json(call):
        if explanation is None:
            raise NotFound
        return Answer(ProblemView.of(explanation), headers={"Content-Type": "application/json"})
    if explanation is None:
        return Answer(_rooted(missing_page(call.path["code"])), status=404, headers=HEADERS)
    return _page(call, problem_page(explanation))


@api.endpoint("GET", "/verify", allow=ANYONE, query=AnyQuery, media_type=HTML, also=_CACHED)
def read_verify_page(call: Call[Nothing]) -> Answer:
    """Open the link of the first letter."""
    return _letter_page(call, "/verify")


@api.endpoint("GET", "/confirm-email", allow=ANYONE, query=AnyQuery, media_type=HTML, also=_CACHED)
def read_confirm_page(call: Call[Nothing]) -> Answer:
    """Open the link of the letter to a new address."""
    return _letter_page(call, "/confirm-email")


@api.endpoint("GET", "/reset", allow=ANYONE, query=AnyQuery, media_type=HTML, also=_CACHED)
def read_reset_page(call: Call[Nothing]) -> Answer:
    """Open the link to a new password."""
    return _letter_page(call, "/reset")


@api.endpoint("GET", "/join", allow=ANYONE, query=AnyQuery, media_type=HTML, also=_CACHED)
def read_join_page(call: Call[Nothing]) -> Answer:
    """Open the link of an invitation."""
    return _letter_page(call, "/join")


@api.endpoint("GET", "/forgot", allow=ANYONE, query=AnyQuery, media_type=HTML, also=_CACHED)
def read_forgot_page(call: Call[Nothing]) -> Answer:
    """Open the page that has a link to a new password sent."""
    return _letter_page(call, "/forgot")


@api.endpoint("GET", "/signed-in", allow=ANYONE, query=AnyQuery, media_type=HTML, also=_CACHED)
def read_signed_in_page(call: Call[Nothing]) -> Answer:
    """Come back from a provider, where the installation has no front end of its own."""
    return _page(call, signed_in_page())


@api.endpoint("GET", SCRIPT_PATH, allow=ANYONE, query=AnyQuery, media_type=SCRIPT, also=_CACHED)
def read_verify_script(call: Call[Nothing]) -> Answer:
    """Fetch the script of the pages that letters lead to."""
    return _cacheable(call, letters_script(), seconds=_PAGE_SECONDS, headers={})


@cache
def _contract(server_url: str) -> str:
    return json.dumps(_document(server_url), ensure_ascii=False, separators=(",", ":"))


@cache
def _reference(server_url: str) -> str:
    return reference(_document(server_url))


def _document(server_url: str) -> Document:
    return document(api.app.endpoints, groups=api.app.groups, server_url=server_url)


def _wants_json(call: Call[Nothing]) -> bool:
    accepted = call.header("accept") or ""
    return "json" in accepted and "text/html" not in accepted


def _page(call: Call[Nothing], html: str, *, headers: Headers = HEADERS) -> Answer:
    return _cacheable(call, _rooted(html), seconds=_PAGE_SECONDS, headers=headers)


def _letter_page(call: Call[Nothing], path: str) -> Answer:
    return _page(call, letter_page(path), headers=LETTER_HEADERS)


def _rooted(html: str) -> str:
    return rooted(html, path=settings().public_path)


def _cacheable(call: Call[Nothing], text: str, *, seconds: int, headers: Headers) -> Answer:
    tag = f'"{sha256(text.encode()).hexdigest()[:20]}"'
    known = tag in (call.header("if-none-match") or "")
    return Answer(
        "" if known else text,
        status=304 if known else 200,
        headers={**headers, "Cache-Control": f"public, max-age={seconds}", "ETag": tag},
    )
