from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from typing import Any

import pytest

from infra.packaging.functions import functions_of
from tests.adapters.deploy.pages import FOLDER, Page, pages
from tests.adapters.deploy.scene import ROOT
from tests.architecture.rules.package import packaged
from tests.fakes.aws_syntax import faults

_FREE_OF_FORM = {"index.md", "alarms.md"}
_PARTS = ["## When", "## See", "## Do", "## Over"]
_ALL = pytest.mark.parametrize("page", pages(), ids=lambda page: page.path.stem)


@_ALL
def test_their_commands_are_ones_that_aws_takes(page: Page) -> None:
    assert [fault for line in page.aws_lines() for fault in faults(line)] == []


def test_commands_are_found_wherever_they_stand() -> None:
    found = [" ".join(line[:2]) for page in pages() for line in page.aws_lines()]
    assert len(found) > 60
    assert {"sqs start-message-move-task", "dynamodb restore-table-to-point-in-time", "lambda get-function"} <= set(
        found
    )


@pytest.mark.parametrize("line", ["aws sqs redrive", "X=$(aws sqs get-queue-url)", 'aws s3 cp "$(aws sts whoami)" -'])
def test_a_command_that_does_not_exist_is_caught(tmp_path: Any, line: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"Do this:\n\n```sh\nfor x in y; do\n  {line}\ndone\n```\n")
    assert [fault for found in Page(path).aws_lines() for fault in faults(found)] != []


@_ALL
def test_their_shell_is_well_formed(page: Page) -> None:
    script = "\n".join(page.shell()) + "\n"
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert done.stderr == ""


@_ALL
def test_every_variable_they_use_is_set_before_on_the_same_page_or_on_the_first(page: Page) -> None:
    known = {"PREFIX", "STAGE", "AWS_REGION"}
    unset = []
    for line in page.shell():
        unset += [name for name in re.findall(r"\$\{?([A-Za-z_]\w*)", line) if name not in known]
        known.update(re.findall(r"(?:^|for |read -rs )([A-Za-z_]\w*)(?==| in |$)", line))
    assert unset == []


@_ALL
def test_what_a_shell_would_read_in_a_query_is_quoted(page: Page) -> None:
    assert [line for line in page.shell() if re.search(r"--query [^'\"\s]*[\[\]*?|{}]", line)] == []


@_ALL
def test_their_make_commands_exist(page: Page) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = set(re.findall(r"\bmake ([a-z][a-z-]+)(?= [A-Z]+=|`)", page.text))
    assert sorted(called - targets) == []


@_ALL
def test_their_links_lead_somewhere(page: Page) -> None:
    dead = []
    for link in page.links():
        target, _, anchor = link.partition("#")
        path = page.path.parent / target if target else page.path
        if "://" not in link and not (path.exists() and (not anchor or anchor in _anchors(path.read_text()))):
            dead.append(link)
    assert dead == []


@_ALL
def test_every_route_they_name_is_in_the_contract(page: Page) -> None:
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    named = re.findall(r"`(GET|POST|PATCH|DELETE)\s(/[\w/{}.-]+)`", page.text)
    assert [f"{method} {path}" for method, path in named if method.lower() not in paths.get(path, {})] == []


@pytest.mark.parametrize(
    "page", [page for page in pages() if page.path.parent == FOLDER], ids=lambda page: page.path.stem
)
def test_each_says_when_how_to_see_what_to_do_and_when_it_is_over(page: Page) -> None:
    if page.path.name in _FREE_OF_FORM:
        return
    assert [line for line in page.text.splitlines() if line in _PARTS] == _PARTS


def test_the_index_names_every_page() -> None:
    named = {link for link in Page(FOLDER / "index.md").links() if "#" not in link}
    assert {path.name for path in FOLDER.glob("*.md")} - {"index.md"} == named


def test_every_alarm_has_its_line_and_no_line_is_of_none() -> None:
    resources = packaged("prod").template["Resources"]
    alarms = {name for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    lines = re.findall(r"^\| (`\w.*?) \|", (FOLDER / "alarms.md").read_text(), re.MULTILINE)
    assert {name for line in lines for name in re.findall(r"`(\w+)`", line)} == alarms


def test_every_queue_of_dead_letters_has_its_line() -> None:
    resources = packaged("prod").template["Resources"].values()
    names = [each["Properties"]["QueueName"]["Fn::Sub"] for each in resources if each["Type"] == "AWS::SQS::Queue"]
    dead = {name.removeprefix("${Prefix}-").removesuffix("-dlq") for name in names if name.endswith("-dlq")}
    rows = re.findall(r"^\| (`[a-z].*?) \|", (FOLDER / "dead-letters.md").read_text(), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)} == dead


def test_functions_are_called_by_their_names() -> None:
    functions = functions_of(packaged("prod").template).values()
    known = {each["FunctionName"]["Fn::Sub"].removeprefix("${Prefix}-") for each in functions}
    text = "\n".join(page.text for page in pages())
    named = set(re.findall(r'(?:--function-name "|/aws/lambda/)\$PREFIX-([a-z-]+)"', text))
    looped = {name for names in re.findall(r"for function in ([a-z -]+);", text) for name in names.split()}
    assert named | looped <= known
    assert looped == known - {"tick", "api-handler"}


def test_tables_are_called_by_their_names() -> None:
    resources = packaged("prod").template["Resources"].values()
    tables = {
        each["Properties"]["TableName"]["Fn::Sub"] for each in resources if each["Type"] == "AWS::DynamoDB::Table"
    }
    known = {name.removeprefix("${Prefix}-") for name in tables}
    text = (FOLDER / "restore.md").read_text()
    [looped] = re.findall(r"for table in ([a-z ]+);", text)
    assert set(looped.split()) == known
    assert set(re.findall(r'--(?:source-)?table-name "\$PREFIX-(\w+)"', text)) <= known


@pytest.mark.parametrize("name", ["jwt", "pepper"])
def test_new_secrets_are_made_as_the_product_reads_them(name: str) -> None:
    lines = [
        line
        for line in Page(FOLDER / "leaked-key.md").shell()
        if line.startswith(".venv/bin/python") and f"/{name}" in line
    ]
    [line] = lines
    _, flag, program, *_ = shlex.split(line)
    done = subprocess.run(
        [sys.executable, flag, program, "pushsaas-prod"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    made = json.loads(done.stdout)
    value = made.pop("Value")
    assert made == {
        "Name": f"/pushsaas-prod/{name}",
        "Type": "SecureString",
        "KeyId": "alias/pushsaas-prod",
        "Overwrite": True,
    }
    assert len(json.loads(value)["keys"]) == 1 if name == "jwt" else len(value) == 43


def _anchors(text: str) -> set[str]:
    """As GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
