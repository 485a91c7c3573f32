from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from infra.deploy.artifacts import Artifacts
from infra.deploy.aws_cli import Aws, Ran, Refused
from tests.adapters.deploy.scene import Scene, halted

_SECRET = {"Name": "/x/pepper", "Value": "CANARY-0123456789", "Type": "SecureString", "Overwrite": False}


def _complaining(words: str) -> Aws:
    return Aws(run=lambda _line: Ran(254, "", words))


@pytest.mark.parametrize(
    ("code", "then"),
    [
        ("AccessDenied", "docs/deploy.md lists what a deployer needs"),
        ("403", "docs/deploy.md lists what a deployer needs"),
        ("ExpiredToken", "sign in again"),
        ("LimitExceeded", "Mend that"),
    ],
)
def test_an_error_says_what_to_do_next(code: str, then: str) -> None:
    words = f"\nAn error occurred ({code}) when calling the PutThing operation: Not\n  like this\n"
    halt = halted(_complaining(words).call, "s3api", "put-thing")
    assert str(halt) == f"aws s3api put-thing: {code}: Not like this"
    assert then in halt.then


def test_an_endless_error_is_cut() -> None:
    assert len(str(halted(_complaining("x" * 100_000).call, "s3api", "put-thing"))) < 600


def test_an_error_that_quotes_a_secret_is_not_repeated() -> None:
    words = (
        f"An error occurred (ValidationException) when calling the PutParameter operation: Value '{_SECRET['Value']}' …"
    )
    halt = halted(_complaining(words).call_secretly, "ssm", "put-parameter", _SECRET)
    assert str(halt) == "aws ssm put-parameter: ValidationException"


def test_the_file_a_secret_travels_in_is_its_owners_and_gone_afterwards() -> None:
    from pathlib import Path

    seen: list[Path] = []

    def run(line: Sequence[str]) -> Ran:
        path = Path(line[line.index("--cli-input-json") + 1].removeprefix("file://"))
        assert path.stat().st_mode & 0o077 == 0
        assert "CANARY" in path.read_text()
        assert "CANARY" not in " ".join(line)
        seen.append(path)
        return Ran(0, "{}", "")

    Aws(run=run).call_secretly("ssm", "put-parameter", _SECRET)
    assert [path.exists() for path in seen] == [False]


def test_only_the_codes_that_mean_absence_do() -> None:
    words = "An error occurred (404) when calling the HeadObject operation: Not Found"
    assert _complaining(words).find("s3api", "head-object", absent={"404"}) is None
    with pytest.raises(Refused):
        _complaining(words).find("s3api", "head-object", absent={"NoSuchKey"})


def test_an_answer_that_is_no_json_is_an_ordinary_failure() -> None:
    with pytest.raises(Refused, match="no JSON"):
        Aws(run=lambda _line: Ran(0, "<html>", "")).call("sts", "get-caller-identity")


@pytest.mark.parametrize(("region", "is_said"), [("us-east-1", False), ("eu-west-1", True)])
def test_a_bucket_of_the_first_region_has_no_constraint(scene: Scene, region: str, is_said: bool) -> None:
    ground = scene.ground()
    Artifacts(replace(ground, aws=replace(ground.aws, region=region))).make_ready()
    [made] = [line for line in scene.cloud.lines if line[1] == "create-bucket"]
    assert ("--create-bucket-configuration" in made) is is_said
    assert scene.cloud.state.buckets[ground.artifact_bucket]["region"] == region
