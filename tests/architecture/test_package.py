from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec import inspect

from chalicelib.config import Url
from infra.packaging.functions import functions_of
from infra.packaging.stage import read_config, read_stage
from infra.packaging.verdict import judge, wildcards
from tests.architecture.rules import package
from tests.architecture.rules.package import packaged
from tests.architecture.rules.tree import ROOT

Template = dict[str, Any]
Rule = Callable[[Template], Iterator[str]]
STAGES = sorted(read_config(ROOT)["stages"])
RULES: list[Rule] = [
    package.unfit_functions,
    package.shared_or_hidden_roles,
    package.forgetful_or_endless_logs,
    package.unwatched_functions,
    package.unconsumed_queues,
    package.silent_batches,
    wildcards,
]


@pytest.fixture
def template() -> Template:
    """One's own, to plant breaches in."""
    return copy.deepcopy(packaged("prod").template)


def _send(template: Template) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"]["Send"]["Properties"]
    return properties


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_stage_keeps_every_rule(stage: str, rule: Rule) -> None:
    assert list(rule(packaged(stage).template)) == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_function_reads_the_settings_of_its_stage(stage: str) -> None:
    expected = read_stage(ROOT, stage).environment
    assert list(package.misread_environments(packaged(stage).template, expected)) == []


def test_the_linter_has_nothing_to_say() -> None:
    """Of dev, the command's own test sees to it."""
    assert judge(packaged("prod").template, unzipped_mb=None).faults == []


def test_the_parameter_takes_the_addresses_that_the_setting_takes(template: Template) -> None:
    setting = inspect.type_info(Url)
    assert isinstance(setting, inspect.StrType)
    assert setting.pattern == rf"^{template['Parameters']['PublicUrl']['AllowedPattern']}\Z"


def test_every_default_fits_its_parameter(template: Template) -> None:
    for parameter in template["Parameters"].values():
        if "Default" in parameter:
            assert re.fullmatch(parameter.get("AllowedPattern", ".*"), str(parameter["Default"]))


def test_whoever_builds_the_layer_installs_the_same() -> None:
    assert list(package.undecided_requirements((ROOT / "requirements.txt").read_text())) == []


def test_stages_differ_in_nothing_but_their_names() -> None:
    dev, prod = (functions_of(packaged(stage).template) for stage in ("dev", "prod"))
    assert dev.keys() == prod.keys()
    assert {name: each["Handler"] for name, each in dev.items()} == {
        name: each["Handler"] for name, each in prod.items()
    }


def test_the_code_is_the_product_and_chalices_runtime_alone() -> None:
    code = packaged("prod").code
    assert {name.partition("/")[0] for name in code} == {"app.py", "chalice", "chalicelib"}
    assert [name for name in code if name.endswith(".pyc") or "/." in name] == []
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / "chalicelib").rglob("*.py")}
    assert ours <= code


# --- Each rule catches its own ---


@pytest.mark.parametrize(
    "marker", ["python_version < '3.13'", "platform_machine == 'x86_64'", "sys_platform == 'darwin'"]
)
def test_a_requirement_of_some_builders_is_caught(marker: str) -> None:
    lock = f"a==1.0 \\\n    --hash=sha256:0\nb==2.0 ; {marker} \\\n    --hash=sha256:1\n"
    assert list(package.undecided_requirements(lock)) == [f"b==2.0 ; {marker}: depends on who builds"]


@pytest.mark.parametrize("word", ["Runtime", "Architectures", "Layers"])
def test_an_unfit_function_is_caught(template: Template, word: str) -> None:
    del _send(template)[word]
    assert list(package.unfit_functions(template)) == ["Send does not run on python3.13, arm64, with the layer"]


def test_a_shared_role_is_caught(template: Template) -> None:
    _send(template)["Role"] = {"Fn::GetAtt": ["TickRole", "Arn"]}
    assert list(package.shared_or_hidden_roles(template)) == [
        "Tick shares its role with another function",
        "Send shares its role with another function",
    ]


@pytest.mark.parametrize("role", [None, "arn:aws:iam::000000000000:role/replaced", {"Fn::GetAtt": ["Nobody", "Arn"]}])
def test_a_role_from_elsewhere_is_caught(template: Template, role: object) -> None:
    _send(template)["Role"] = role
    assert list(package.shared_or_hidden_roles(template)) == ["Send has no role in the template"]


def test_a_policy_that_is_not_in_the_template_is_caught(template: Template) -> None:
    template["Resources"]["SendRole"]["Properties"]["ManagedPolicyArns"] = [
        "arn:aws:iam::aws:policy/AdministratorAccess"
    ]
    assert list(package.shared_or_hidden_roles(template)) == ["Send may do what somebody else's policy says"]


def test_roles_that_sam_would_make_are_caught(template: Template) -> None:
    _send(template)["Policies"] = ["AmazonSQSFullAccess"]
    template["Resources"]["Steps"] = {"Type": "AWS::Serverless::StateMachine"}
    assert list(package.shared_or_hidden_roles(template)) == [
        "Send has SAM make a role: Policies",
        "Steps is a AWS::Serverless::StateMachine, which may make roles of its own",
    ]


def test_a_log_that_nobody_made_is_caught(template: Template) -> None:
    del template["Resources"]["SendLogs"]
    assert list(package.forgetful_or_endless_logs(template)) == ["Send writes into a log that is not in the template"]


def test_an_endless_log_is_caught(template: Template) -> None:
    del template["Resources"]["SendLogs"]["Properties"]["RetentionInDays"]
    assert list(package.forgetful_or_endless_logs(template)) == ["SendLogs keeps its lines for ever"]


def test_a_function_without_an_alarm_is_caught(template: Template) -> None:
    del template["Resources"]["SendErrors"]
    assert list(package.unwatched_functions(template)) == ["Send fails without waking anyone"]


def test_a_queue_without_a_consumer_is_caught(template: Template) -> None:
    _send(template)["Events"] = {}
    assert list(package.unconsumed_queues(template)) == ["SendQueue has 0 consumers"]


def test_a_batch_without_a_report_is_caught(template: Template) -> None:
    (event,) = _send(template)["Events"].values()
    del event["Properties"]["FunctionResponseTypes"]
    assert list(package.silent_batches(template)) == ["Send takes 4 messages and cannot say which failed"]


@pytest.mark.parametrize(
    "wild", [{"Action": "sqs:*", "Resource": "a"}, {"Action": ["sqs:SendMessage"], "Resource": ["a", "*"]}]
)
def test_a_wildcard_is_caught(template: Template, wild: dict[str, Any]) -> None:
    (policy,) = template["Resources"]["SendRole"]["Properties"]["Policies"]
    policy["PolicyDocument"]["Statement"].append({"Effect": "Allow", **wild})
    assert [finding.partition(":")[0] for finding in wildcards(template)] == ["SendRole allows a wildcard"]


def test_a_setting_that_the_product_cannot_read_is_caught(template: Template) -> None:
    variables = _send(template)["Environment"]["Variables"]
    expected = read_stage(ROOT, "prod").environment
    variables["LOG_LEVEL"] = "LOUD"
    found = list(package.misread_environments(template, expected))
    assert found[0].startswith("Send reads [('LOG_LEVEL', ")
    assert found[1].startswith("Send would not start: LOG_LEVEL")
