"""`/docs`: the OpenAPI document for people. Everything on the page comes from the document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from chalicelib.web.openapi.preamble import Document
from chalicelib.web.openapi.samples import Samples
from chalicelib.web.pages.fields import Fields
from chalicelib.web.pages.html import Child, Html, el, inline, join, prose
from chalicelib.web.pages.layout import brand, page
from chalicelib.web.pages.paint import painted

_LINE = 58  # characters that the example's box shows without scrolling
_WHO = {
    "anyone": "Anyone, without credentials",
    "browser": "A browser on one of the site's origins",
    "user": "A signed-in person",
    "tenant": "A signed-in person or an API key",
    "operator": "The operator of this installation",
}


def reference(document: Document) -> str:
    info = document["info"]
    shelves = [_Shelf(tag, document) for tag in document["tags"]]
    lead, _, conventions = str(info["description"]).partition("\n\n")
    intro = el(
        "section",
        el("h1", info["title"]),
        el("p", inline(lead), class_="lead"),
        _facts(document),
        el("div", prose(conventions), class_="conventions"),
        id="conventions",
        class_="intro",
    )
    return page(
        f"{info['title']} reference",
        brand(el("a", "Problems", href="/problems"), el("a", "OpenAPI", href="/openapi.json")),
        _chips(shelves),
        el(
            "div",
            el("nav", (shelf.contents() for shelf in shelves), class_="rail", aria_label="Endpoints"),
            el("main", intro, (shelf.section() for shelf in shelves), id="content"),
            class_="frame",
        ),
        about=lead,
        kind="reference",
    )


def _facts(document: Document) -> Html:
    facts = {
        "Base address": el("code", document["servers"][0]["url"]),
        "Version": document["info"]["version"],
        "Contract": el("a", "openapi.json", href="/openapi.json"),
    }
    return el("dl", (el("div", el("dt", name), el("dd", value)) for name, value in facts.items()), class_="facts")


def _chips(shelves: list[_Shelf]) -> Html:
    links = (el("a", shelf.title, href=f"#{shelf.anchor}") for shelf in shelves)
    return el("nav", el("a", "Conventions", href="#conventions"), links, class_="chips", aria_label="Groups")


class _Shelf:
    """One tag and its endpoints."""

    def __init__(self, tag: Document, document: Document) -> None:
        self.anchor = f"group-{tag['name'].replace(' ', '-')}"
        self.title = _title(tag["name"])
        self._about = str(tag.get("description", ""))
        self._entries = [
            _Entry(method, path, operation, document)
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
            if tag["name"] in operation["tags"]
        ]

    def contents(self) -> Html:
        return el("div", el("a", self.title, href=f"#{self.anchor}", class_="group"), el("ul", self._links()))

    def _links(self) -> Iterator[Html]:
        for entry in self._entries:
            link = el("a", el("span", entry.summary), _method(entry.method), href=f"#{entry.anchor}")
            yield el("li", link)

    def section(self) -> Html:
        return el(
            "section",
            el("h2", el("a", self.title, href=f"#{self.anchor}")),
            el("p", inline(self._about), class_="about") if self._about else None,
            (entry.article() for entry in self._entries),
            id=self.anchor,
        )


class _Entry:
    """One endpoint: words on the left, an example on the right."""

    def __init__(self, method: str, path: str, operation: Document, document: Document) -> None:
        self.method = method.upper()
        self.anchor = operation["operationId"]
        self.summary = operation["summary"]
        self._path = path
        self._operation = operation
        self._document = document
        samples = Samples(document["components"]["schemas"])
        self._fields = Fields(samples, of_body=True)
        self._answer_fields = Fields(samples, of_body=False)

    def article(self) -> Html:
        told = [
            el("h3", el("a", self.summary, href=f"#{self.anchor}")),
            el("p", _method(self.method), el("code", _broken(self._path)), class_="address"),
            prose(self._operation.get("description", "")),
            self._who(),
            self._parameters(),
            self._body(),
            self._answers(),
            self._errors(),
        ]
        return el("article", el("div", told, class_="told"), el("div", self._example(), class_="shown"), id=self.anchor)

    def _who(self) -> Html:
        scope = self._operation.get("x-required-scope")
        needs = (" with the scope ", el("code", scope)) if scope else ()
        return el("p", _WHO[self._operation["x-who"]], needs, ".", class_="who")

    def _parameters(self) -> Html | None:
        parameters = self._operation.get("parameters", [])
        if not parameters:
            return None
        rows = (
            self._fields.row(
                each["name"],
                each["schema"] | {"description": _where(each) + each.get("description", "")},
                required=each.get("required", False),
            )
            for each in parameters
        )
        return join([el("h4", "Parameters"), el("ul", rows, class_="fields")])

    def _body(self) -> Html | None:
        schema = _schema(self._operation.get("requestBody", {}))
        return join([el("h4", "Body"), self._fields.of(schema)]) if schema else None

    def _answers(self) -> Html:
        told: list[Child] = [el("h4", "Answer")]
        shown: set[str] = set()
        for status, answer in self._successes():
            kinds = ", ".join(kind for kind in answer.get("content", {}) if kind != "application/json")
            head = [el("b", status, class_="ok"), " ", answer["description"], f" ({kinds})" if kinds else None]
            told += [el("p", join(head), class_="status"), _headers_of(answer)]
            schema = _schema(answer)
            fields = self._answer_fields.of(schema) if schema and str(schema) not in shown else None
            told.append(el("details", el("summary", "Fields"), fields) if fields else None)
            shown.add(str(schema))
        return join(told)

    def _errors(self) -> Html:
        lines = []
        for status, answer in self._failures():
            links = (
                join([" " if number else "", el("a", code, href=f"/problems/{code}")])
                for number, code in enumerate(answer["x-codes"])
            )
            lines.append(el("li", el("b", status), el("span", links)))
        return el("details", el("summary", "Errors"), el("ul", lines, class_="codes"), class_="errors")

    def _successes(self) -> Iterator[tuple[str, Document]]:
        return ((status, answer) for status, answer in self._operation["responses"].items() if status < "4")

    def _failures(self) -> Iterator[tuple[str, Document]]:
        failed = ((status, self._behind(each)) for status, each in self._operation["responses"].items())
        return ((status, answer) for status, answer in failed if "x-codes" in answer)

    def _behind(self, part: Document) -> Document:
        """What a reference into the components points to."""
        if "$ref" not in part:
            return part
        _, _, kind, name = part["$ref"].split("/")
        found: Document = self._document["components"][kind][name]
        return found

    def _example(self) -> Iterator[Html]:
        yield el("figure", el("figcaption", "Request"), el("pre", el("code", self._curl())))
        status, answer = next(self._successes())
        if shown := self._shown(answer):
            yield el("figure", el("figcaption", f"Answer {status}"), el("pre", el("code", painted(shown))))

    def _shown(self, part: Document) -> Any:
        """The example of a body or an answer."""
        examples = part.get("content", {}).get("application/json", {}).get("examples", {}).values()
        return next((self._behind(each)["value"] for each in examples), None)

    def _curl(self) -> str:
        variables = re.sub(r"\{(\w+)\}", lambda found: "$" + found[1].upper(), self._path)
        address = f"{self._document['servers'][0]['url']}{variables}"
        words = ["curl" if self.method == "GET" else f"curl -X {self.method}"]
        words += [f'"{address}"' if "$" in address else address]
        if len(words[0]) + len(words[1]) <= _LINE:
            words = [" ".join(words)]
        words += [f'-H "{header}"' for header in self._headers()]
        body = self._shown(self._operation.get("requestBody", {}))
        if body is not None:
            text = json.dumps(body, ensure_ascii=False, indent=2)
            quoted = text.replace("'", "'\\''")
            words.append(f"-d '{quoted}'")
        return " \\\n  ".join(words)

    def _headers(self) -> Iterator[str]:
        security = {name for each in self._operation["security"] for name in each}
        if security & {"accessToken", "apiKey"}:
            yield "Authorization: Bearer $TOKEN"
        if self._operation["x-who"] == "browser":
            yield "Origin: https://shop.example"
        if "subscriptionToken" in security:
            yield "X-Subscription-Token: $SUBSCRIPTION_TOKEN"
        if any(each["name"] == "Idempotency-Key" for each in self._operation.get("parameters", ())):
            yield "Idempotency-Key: $(uuidgen)"
        if "requestBody" in self._operation:
            yield "Content-Type: application/json"


def _schema(part: Document) -> Document | None:
    schema: Document | None = part.get("content", {}).get("application/json", {}).get("schema")
    return schema


def _headers_of(answer: Document) -> Html | None:
    """Beside the one that every answer has."""
    names = [name for name in answer.get("headers", {}) if name != "X-Request-Id"]
    listed = [[", " if number else "", el("code", name)] for number, name in enumerate(names)]
    return el("p", "Headers: ", listed, class_="notes") if names else None


def _where(parameter: Document) -> str:
    return {"query": "", "path": "", "header": "*Header.* "}[parameter["in"]]


def _title(tag: str) -> str:
    return "SDK" if tag == "sdk" else tag.replace("_", " ").capitalize()


def _method(method: str) -> Html:
    return el("b", method, class_=f"method {method.lower()}")


def _broken(path: str) -> Html:
    """A long address may break after a slash."""
    return join(
        join([part, Html("/<wbr>")]) if number < path.count("/") else part
        for number, part in enumerate(path.split("/"))
    )
