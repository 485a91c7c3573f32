from __future__ import annotations

from pathlib import Path

import pytest

from infra.packaging.refusal import Refused
from infra.packaging.sources import read_overlay, read_policies, read_template
from infra.packaging.stage import read_stage

_CONFIG = """{"environment_variables": {"WINDOW": "1", "PREFIX": "all"}, "stages": {"dev": {"environment_variables":
    {"PREFIX": "shop-dev", "PUBLIC_URL": "https://x.example", "MAIL_FROM": "a@x.example"}}, "bare": {}}}"""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Resources: {A: {Type: T}, A: {Type: U}}", "A twice"),
        ("Resources:\n  A: {\n", "x.yaml: "),
        ("- a list", "not a template"),
        ("", "not a template"),
        ("A: !GetAtt B.Arn", "x.yaml: "),
        ("A: !!python/object/apply:os.getcwd []", "x.yaml: "),
    ],
)
def test_an_unreadable_template_is_refused_in_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(Refused, match=complaint) as refusal:
        read_template(tmp_path / "x.yaml")
    assert "\n" not in str(refusal.value)


def test_a_missing_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"overlay\.yaml: .*No such file"):
        read_template(tmp_path / "overlay.yaml")


def test_the_overlay_has_a_file_for_each_subject(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text("Resources: {RestAPI: {Properties: {}}}")
    (tmp_path / "sdk.yaml").write_text("Resources: {Files: {Type: AWS::S3::Bucket}}")
    assert read_overlay(tmp_path)["Resources"].keys() == {"RestAPI", "Files"}


def test_an_overlay_that_says_nothing_or_something_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="holds nothing"):
        read_overlay(tmp_path)
    for name in ("api", "domain"):
        (tmp_path / f"{name}.yaml").write_text("Resources: {RestAPI: {Properties: {}}}")
    with pytest.raises(Refused, match="RestAPI is defined twice"):
        read_overlay(tmp_path)


def test_policies_are_named_by_their_files_and_may_be_empty(tmp_path: Path) -> None:
    (tmp_path / "tick.yaml").write_text("# nothing but its own log\n")
    (tmp_path / "send.yaml").write_text("- {Effect: Allow, Action: [a:B], Resource: [c]}")
    assert read_policies(tmp_path) == {
        "send": [{"Effect": "Allow", "Action": ["a:B"], "Resource": ["c"]}],
        "tick": [],
    }


@pytest.mark.parametrize("text", ["Statement: []", "- a word", "just words"])
def test_a_policy_that_is_no_list_of_statements_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "tick.yaml").write_text(text)
    with pytest.raises(Refused, match=r"policies/tick\.yaml is not a list of statements"):
        read_policies(tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text(_CONFIG)
    return tmp_path


def test_a_stage_overrides_what_all_stages_share(root: Path) -> None:
    stage = read_stage(root, "dev")
    assert (stage.prefix, stage.environment["WINDOW"]) == ("shop-dev", "1")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nope", r"'nope' is not in .chalice/config.json, which knows bare, dev"),
        ("bare", "does not say MAIL_FROM, PUBLIC_URL"),
    ],
)
def test_an_unknown_or_unfinished_stage_is_refused(root: Path, name: str, complaint: str) -> None:
    with pytest.raises(Refused, match=complaint):
        read_stage(root, name)


@pytest.mark.parametrize("text", [None, "{", ""])
def test_an_unreadable_configuration_is_refused(root: Path, text: str | None) -> None:
    config = root / ".chalice" / "config.json"
    config.unlink() if text is None else config.write_text(text)
    with pytest.raises(Refused, match=r"^\.chalice/config\.json: "):
        read_stage(root, "dev")
