from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.features.identity.adapters.key_set import read_key_set
from infra.deploy.deploy import deploy
from infra.deploy.wishes import Wishes
from tests.adapters.deploy.dist import write_package
from tests.adapters.deploy.scene import BUCKET, PREFIX, Scene, halted

_CHANGE = ["create-change-set", "wait change-set-create-complete", "describe-change-set", "execute-change-set"]
_UPLOAD = ["s3api head-object", "s3api put-object"]
_CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
_SDK_CERTIFICATE = _CERTIFICATE.replace("eu-central-1", "us-east-1")
WALK = [
    "sts get-caller-identity",
    "cloudformation describe-stacks",
    "s3api head-bucket",  # whether there is anything to begin
    "s3api head-bucket",
    "s3api create-bucket",
    "s3api put-public-access-block",
    "s3api put-bucket-versioning",
    "s3api put-bucket-encryption",
    "s3api put-bucket-policy",
    *_UPLOAD * 3,
    "lambda get-account-settings",
    "s3api get-object",  # what a teardown kept
    *(f"cloudformation {operation}" for operation in _CHANGE),
    "cloudformation wait stack-create-complete",
    "s3api get-object",  # whether that is in the stack again
    "cloudformation describe-stacks",
    "cloudformation update-termination-protection",
    "ssm get-parameters",
    "dynamodb scan",
    *["ssm put-parameter"] * 3,
    "cloudformation describe-stacks",
]
SDK = ["s3api put-object"]
MAIL = ["sesv2 get-email-identity", "sesv2 create-email-identity", "sesv2 get-account"]
RENAME = [
    "cloudformation describe-stacks",  # whether it stands like this already
    *(f"cloudformation {operation}" for operation in _CHANGE),
    "cloudformation wait stack-update-complete",
    "cloudformation describe-stacks",
]
PROOF = [
    "s3api get-object",  # whether anything has ever stood
    "cloudformation describe-stacks",
    "cloudformation get-template",
    "s3api get-object",
    "s3api put-object",
]


def test_a_first_deploy_goes_from_nothing_to_a_proven_release(scene: Scene) -> None:
    scene.deploy()
    assert scene.cloud.calls == WALK + SDK + RENAME + PROOF
    assert scene.stack["status"] == "UPDATE_COMPLETE"
    assert f"{PREFIX} stands: {scene.api.url.rstrip('/')}" in scene.terminal.text


def test_without_a_domain_the_product_calls_itself_what_aws_calls_it(scene: Scene) -> None:
    scene.deploy()
    parameters = scene.stack["parameters"]
    assert parameters["PublicUrl"] == scene.api.url.rstrip("/")
    assert (parameters["Prefix"], parameters["ArtifactBucket"]) == (PREFIX, BUCKET)


def test_with_a_domain_there_is_one_change_and_a_record_to_set(scene: Scene) -> None:
    scene.deploy(
        domain="push.shop.io", certificate=_CERTIFICATE, mail_from="Shop <hello@mail.shop.io>", alarm_email="a@b.io"
    )
    assert scene.cloud.calls == [*WALK, *MAIL, *SDK, *PROOF]
    parameters = scene.stack["parameters"]
    assert parameters["PublicUrl"] == "https://push.shop.io"
    assert (parameters["MailFrom"], parameters["AlarmEmail"]) == ("Shop <hello@mail.shop.io>", "a@b.io")
    assert "  push.shop.io  CNAME  d-abc.execute-api.eu-central-1.amazonaws.com" in scene.terminal.told
    assert "  tok1._domainkey.mail.shop.io  CNAME  tok1.dkim.amazonses.com" in scene.terminal.told
    assert "sandbox" in scene.terminal.text


def test_a_zone_of_ours_needs_no_record_by_hand(scene: Scene) -> None:
    scene.deploy(domain="push.shop.io", certificate=_CERTIFICATE, zone="Z123")
    assert "CNAME" not in scene.terminal.text


@pytest.mark.parametrize("has_access", [True, False])
def test_the_sandbox_is_told_with_what_fails_in_it(scene: Scene, has_access: bool) -> None:
    scene.cloud.state.has_production_mail = has_access
    scene.deploy(mail_from="Shop <hello@mail.shop.io>")
    assert ("nobody can sign up" in scene.terminal.text) is not has_access
    assert ("production access first: docs/deploy.md, Letters" in scene.terminal.text) is not has_access


def test_a_placeholder_is_not_made_known_to_the_post(scene: Scene) -> None:
    scene.deploy()
    assert scene.cloud.state.identities == []
    assert "MAIL_FROM" in scene.terminal.text


def test_a_domain_without_its_certificate_is_refused_before_anything_is_made(scene: Scene) -> None:
    halt = halted(scene.deploy, domain="push.shop.io")
    assert "CERTIFICATE" in halt.then
    assert scene.cloud.changes == []


def test_a_certificate_of_another_region_is_refused_before_anything_is_made(scene: Scene) -> None:
    halt = halted(scene.deploy, domain="push.shop.io", certificate=_CERTIFICATE.replace("eu-central-1", "us-east-1"))
    assert "eu-central-1" in str(halt)
    assert scene.cloud.changes == []


@pytest.mark.parametrize("zone", ["", "Z123"])
def test_the_sdk_may_have_a_name_of_its_own(scene: Scene, zone: str) -> None:
    scene.deploy(sdk_domain="cdn.shop.io", sdk_certificate=_SDK_CERTIFICATE, zone=zone)
    assert scene.stack["parameters"]["SdkDomainName"] == "cdn.shop.io"
    assert ("  cdn.shop.io  CNAME  d111.cloudfront.net" in scene.terminal.told) is not bool(zone)


def test_cloudfront_has_its_certificates_in_one_region_only(scene: Scene) -> None:
    halt = halted(scene.deploy, sdk_domain="cdn.shop.io")
    assert halt.then.endswith("--region us-east-1, then SDK_CERTIFICATE=its ARN")
    halt = halted(scene.deploy, sdk_domain="cdn.shop.io", sdk_certificate=_CERTIFICATE)
    assert "SDK_CERTIFICATE is not one of ACM in us-east-1" in str(halt)
    assert scene.cloud.changes == []


def test_an_sdk_that_is_not_built_is_said_before_anything_is_made(scene: Scene, tmp_path: Path) -> None:
    wishes = Wishes(package=write_package(tmp_path / "dist"), sdk=tmp_path / "sdk")
    assert halted(deploy, scene.ground(), wishes).then == "make sdk"
    assert scene.cloud.changes == []


def test_the_bucket_is_private_versioned_encrypted_and_only_over_tls(scene: Scene) -> None:
    scene.deploy()
    bucket = scene.cloud.state.buckets[BUCKET]
    assert bucket["region"] == "eu-central-1"
    assert len(bucket["settings"]) == 4
    closed = next(line for line in scene.cloud.lines if line[1] == "put-public-access-block")
    assert set(json.loads(closed[closed.index("--public-access-block-configuration") + 1]).values()) == {True}


def test_archives_and_templates_are_named_by_their_content(scene: Scene) -> None:
    scene.deploy()
    names = sorted(scene.objects())
    assert [name[:5] for name in names] == ["code-", "layer", "relea", "relea"]
    assert scene.code in names


def test_the_secrets_are_what_the_product_reads(scene: Scene) -> None:
    scene.deploy()
    secrets = scene.cloud.state.secrets
    assert sorted(secrets) == [f"/{PREFIX}/{name}" for name in ("installation", "jwt", "pepper")]
    assert read_key_set(secrets[f"/{PREFIX}/jwt"]).kid
    assert len(secrets[f"/{PREFIX}/pepper"]) == len(secrets[f"/{PREFIX}/installation"]) == 43
    assert secrets[f"/{PREFIX}/pepper"] != secrets[f"/{PREFIX}/installation"]


@pytest.mark.parametrize("name", ["pepper", "installation"])
def test_a_secret_that_rows_hang_on_is_not_quietly_made_anew(scene: Scene, name: str) -> None:
    scene.deploy()
    scene.cloud.state.rows = 7
    del scene.cloud.state.secrets[f"/{PREFIX}/{name}"]
    halt = halted(scene.deploy)
    assert f"/{PREFIX}/{name} is gone" in str(halt)
    assert f"/{PREFIX}/{name}" not in scene.cloud.state.secrets


def test_a_key_set_that_is_gone_is_made_anew(scene: Scene) -> None:
    scene.deploy()
    scene.cloud.state.rows = 7
    del scene.cloud.state.secrets[f"/{PREFIX}/jwt"]
    scene.deploy()
    assert f"/{PREFIX}/jwt" in scene.cloud.state.secrets


def test_no_secret_is_on_any_command_line_or_told(scene: Scene) -> None:
    scene.deploy()
    spoken = json.dumps(scene.cloud.lines) + scene.terminal.text
    key_set = json.loads(scene.cloud.state.secrets[f"/{PREFIX}/jwt"])
    values = [*scene.cloud.state.secrets.values(), key_set["keys"][0]["d"]]
    assert [value for value in values if value in spoken] == []


def test_what_aws_says_of_a_secret_is_not_repeated(scene: Scene) -> None:
    scene.cloud.refused = (WALK).index("ssm put-parameter")
    halt = halted(scene.deploy)
    assert "not authorized" not in f"{halt} {halt.then} {scene.terminal.text}"
    assert "AccessDenied" in str(halt)


def test_the_key_of_an_operator_is_not_shown_to_a_log(scene: Scene) -> None:
    scene.deploy()
    assert "make operator-key STAGE=prod" in scene.terminal.text
    assert "ps_live_" not in scene.terminal.text


def test_nothing_is_made_before_the_first_question(scene: Scene) -> None:
    scene.terminal = replace(scene.terminal, says_yes=False)
    halt = halted(scene.deploy)
    assert str(halt).startswith(f"Begin {PREFIX} in account 123456789012, region eu-central-1?")
    assert scene.cloud.changes == []


@pytest.mark.parametrize(("limit", "kept"), [(10, "0"), (149, "0"), (150, "50"), (1_000, "50")])
def test_a_young_account_is_promised_only_what_it_has(scene: Scene, limit: int, kept: str) -> None:
    scene.cloud.state.concurrency = limit
    scene.deploy()
    assert scene.stack["parameters"]["TransactionalConcurrency"] == kept
    assert ("CONCURRENCY=50" in scene.terminal.text) is (kept == "0")


def test_concurrency_that_was_asked_for_is_not_argued_with(scene: Scene) -> None:
    scene.cloud.state.concurrency = 120
    scene.deploy(concurrency="20")
    assert scene.stack["parameters"]["TransactionalConcurrency"] == "20"
