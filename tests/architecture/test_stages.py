from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.architecture.rules import stages
from tests.architecture.rules.tree import ROOT

Config = dict[str, Any]


@pytest.fixture
def config() -> Config:
    return stages.load(ROOT)


def test_every_stage_says_every_setting_and_nothing_else(config: Config) -> None:
    assert {"dev", "prod"} <= config["stages"].keys()
    assert list(stages.misfits(config)) == []


def test_stages_share_nothing_they_write_to(config: Config) -> None:
    assert list(stages.shared_names(config)) == []


def test_no_stage_guesses_its_permissions(config: Config) -> None:
    assert list(stages.trusting_stages(config)) == []


def test_a_missing_variable_is_caught(config: Config) -> None:
    del config["stages"]["dev"]["environment_variables"]["KMS_KEY"]
    assert list(stages.misfits(config)) == ["stage dev: KMS_KEY is not said"]


def test_a_tuning_number_left_to_its_default_is_caught(config: Config) -> None:
    del config["environment_variables"]["WINDOW"]
    assert "stage prod: WINDOW is not said" in stages.misfits(config)


def test_a_variable_that_nobody_reads_is_caught(config: Config) -> None:
    config["stages"]["prod"]["environment_variables"]["WIDNOW"] = "256"
    assert list(stages.misfits(config)) == ["stage prod: nobody reads WIDNOW"]


def test_a_value_out_of_bounds_is_caught(config: Config) -> None:
    config["environment_variables"]["WINDOW"] = "0"
    assert len(list(stages.misfits(config))) == len(config["stages"])


def test_a_stage_under_a_false_name_is_caught(config: Config) -> None:
    config["stages"]["prod"]["environment_variables"]["STAGE"] = "dev"
    assert list(stages.misfits(config)) == ["stage prod calls itself dev"]


def test_two_stages_with_the_same_tables_are_caught(config: Config) -> None:
    config["stages"]["copy"] = copy.deepcopy(config["stages"]["dev"])
    assert "PREFIX is pushsaas-dev in 2 stages" in stages.shared_names(config)


def test_a_stage_that_guesses_is_caught(config: Config) -> None:
    config["stages"]["dev"]["autogen_policy"] = True
    assert list(stages.trusting_stages(config)) == ["stage dev lets Chalice guess its permissions"]
