"""`make docs`: writes the pages of docs/ that follow from the code. A test compares them with what is committed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from infra.access import access_page
from infra.local.aws import environment

if TYPE_CHECKING:  # the product reads its settings when it is imported: not before `main` has set them
    from chalicelib.web.explain import Explanation

DOCS = Path(__file__).parents[1] / "docs"
_TABLE_BEGINS, _TABLE_ENDS = "<!-- table: `make docs` -->", "<!-- end of table -->"
_NOTE = "<!-- Written by `make docs` from the error's docstring. -->"


def main() -> None:
    os.environ.update(environment())  # noqa: TID251 -- an entry point: nothing of the product is imported yet
    from app import app
    from chalicelib.web.explain import explanations
    from infra.contract.current import contract, spelled

    write(DOCS / "problems", problem_pages(explanations()))
    (DOCS / "openapi.json").write_text(spelled(contract()), encoding="utf-8")
    print("openapi.json: the contract")
    (DOCS / "access.md").write_text(access_page(app.endpoints), encoding="utf-8")
    print("access.md: who may do what")
    renew(DOCS / "limits.md", limits_table())
    print("limits.md: its table")
    renew(DOCS / "suspicion.md", suspicion_table())
    print("suspicion.md: its table")
    renew(DOCS / "health.md", health_table())
    print("health.md: its table")


def write(folder: Path, pages: Mapping[str, str]) -> None:
    """Leaves exactly these pages in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.md"):
        if stale.name not in pages:
            stale.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    print(f"{folder.name}: {len(pages)} pages")


def renew(page: Path, table: str) -> None:
    """Puts the table between the page's two marks; what people wrote around it stays."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(_TABLE_BEGINS)
    _, end, after = rest.partition(_TABLE_ENDS)
    if not end:
        raise ValueError(f"{page.name} has no place for its table")
    page.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")


def limits_table() -> str:
    from chalicelib.core.limits import PLANS, RULES, rules_of

    lines = ["| of what | from whom | at most | from one user or key | plan |", "|---|---|---|---|---|"]
    by_plan = [(rule, name) for name, plan in PLANS.items() for rule in rules_of(plan)]
    for rule, plan in by_plan + [(rule, "every") for rule in RULES]:
        each = f"{rule.each:,}" if rule.each is not None else ""
        lines.append(f"| {rule.what} | {rule.whose} | {rule.most:,} in {rule.window} | {each} | {plan} |")
    return "\n".join(lines)


def suspicion_table() -> str:
    from chalicelib.core.suspicion import RULES, Whose

    to_people = {Whose.USER: "steps up", Whose.ACCOUNT: "steps up", Whose.CALLER: "a person steps up, a key is blocked"}
    lines = [
        "| rule | signal | of whom | score | threshold | within | what follows | for | noted from |",
        "|---" * 9 + "|",
    ]
    for rule in RULES:
        follows = to_people.get(rule.whose, "blocked")
        points = f"{rule.score} | {rule.threshold} | {rule.window} | {follows} | {rule.length} | {rule.told_from}"
        lines.append(f"| `{rule.name}` | {rule.signal} | {rule.whose} | {points} |")
    return "\n".join(lines)


def health_table() -> str:
    from chalicelib.features.subscriptions.service.health import STEPS

    lines = ["| last proof of life | chance | because |", "|---|---|---|"]
    for step in STEPS:
        age = "longer ago" if step.days is None else f"within {step.days} day{'s' if step.days > 1 else ''}"
        lines.append(f"| {age} | {step.chance:.2f} | {step.because} |")
    return "\n".join(lines)


def problem_pages(explanations: Mapping[str, Explanation]) -> dict[str, str]:
    """File names with their Markdown: one for each code, and an index by status."""
    pages = {f"{code}.md": _page(explanation) for code, explanation in explanations.items()}
    return pages | {"index.md": _index(explanations.values())}


def _index(explanations: Iterable[Explanation]) -> str:
    from chalicelib.web.explain import STATUS_NAMES

    lines = [
        _NOTE,
        "",
        "# Problems",
        "",
        "Errors are `application/problem+json` (RFC 9457). Act upon `code`: it is stable. The API serves these pages",
        "at `/problems/<code>`, which is where the `type` of a problem points.",
    ]
    by_status = sorted(explanations, key=lambda each: (each.status, each.code))
    for status, members in groupby(by_status, key=lambda each: each.status):
        lines += ["", f"## {status} {STATUS_NAMES[status]}", "", "| code | title |", "|---|---|"]
        lines += [f"| [`{each.code}`]({each.code}.md) | {each.title} |" for each in members]
    return "\n".join(lines) + "\n"


def _page(explanation: Explanation) -> str:
    parts = [
        _NOTE,
        f"# {explanation.title}",
        f"`{explanation.code}` · status {explanation.status}" + _family(explanation),
        explanation.meaning,
        f"## When it happens\n\n{explanation.when}",
        f"## What to do\n\n{explanation.do}",
        *_extras("Members of its own", explanation.members),
        *_extras("Headers", explanation.headers),
    ]
    return "\n\n".join(parts) + "\n"


def _family(explanation: Explanation) -> str:
    return f" · of the kind of [`{explanation.family}`]({explanation.family}.md)" if explanation.family else ""


def _extras(heading: str, extras: Mapping[str, str]) -> Iterable[str]:
    if extras:
        yield f"## {heading}\n\n" + "\n".join(f"- `{name}`: {words}" for name, words in extras.items())


if __name__ == "__main__":
    main()
