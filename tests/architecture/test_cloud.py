"""The packaged template of every stage: its edge, its alarms, what it keeps and whom it trusts; and each rule, broken."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.packaging.stage import read_config
from tests.architecture.rules import alarms, cloud, edge
from tests.architecture.rules.package import packaged
from tests.architecture.rules.tree import ROOT

Template = dict[str, Any]
Rule = Callable[[Template], Iterator[str]]
STAGES = sorted(read_config(ROOT)["stages"])
RULES: list[Rule] = [
    edge.misspoken_answers,
    edge.talkative_logs,
    edge.unguarded_stages,
    edge.open_buckets,
    edge.strange_readers,
    alarms.unheard_alarms,
    alarms.blind_alarms,
    alarms.muddled_alarms,
    alarms.unwatched_lanes,
    alarms.late_alarms,
    alarms.impatient_alarms,
    alarms.broken_dashboards,
    cloud.perishable_data,
    cloud.careless_tables,
    cloud.legible_queues,
    cloud.told_secrets,
    cloud.bought_policies,
    cloud.trusting_roles,
    cloud.throttled_pollers,
]


@pytest.fixture
def template() -> Template:
    """One's own, to plant breaches in."""
    return copy.deepcopy(packaged("prod").template)


def _of(template: Template, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"][name]["Properties"]
    return properties


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_stage_keeps_every_rule(stage: str, rule: Rule) -> None:
    assert list(rule(packaged(stage).template)) == []


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ("MailFrom", ["a@b.c", "PushSaaS <push@push.example.com>"], ["", "PushSaaS", "a@b@c", "a@b, c@d", "<a@b", "a@b>>"]),
        ("AlarmEmail", ["", "on-call@example.com"], ["nobody", "a b@c"]),
        ("DomainName", ["", "push.example.com"], ["https://push.example.com", "push.example.com/", "push", "Push.example.com"]),
        ("CertificateArn", ["", "arn:aws:acm:eu-central-1:123456789012:certificate/x"], ["arn:aws:iam::1:x", "x"]),
        ("SdkDomainName", ["", "cdn.example.com"], ["https://cdn.example.com", "cdn"]),
        ("SdkCertificateArn", ["", "arn:aws:acm:us-east-1:123456789012:certificate/x"], ["arn:aws:acm:eu-central-1:1:x", "x"]),
        ("HostedZoneId", ["", "Z0123456789ABC"], ["push.example.com", "/hostedzone/Z1"]),
    ],
)  # fmt: skip
def test_parameters_take_what_makes_sense(template: Template, parameter: str, good: list[str], bad: list[str]) -> None:
    pattern = template["Parameters"][parameter]["AllowedPattern"]
    assert [value for value in good if not re.fullmatch(pattern, value)] == []
    assert [value for value in bad if re.fullmatch(pattern, value)] == []


def test_what_deploying_needs_to_know_is_put_out(template: Template) -> None:
    assert {"EndpointURL", "RestAPIId", "SdkUrl", "SdkBucketName", "DomainTarget", "SdkTarget"} <= template[
        "Outputs"
    ].keys()


def test_an_installation_without_a_domain_and_without_an_address_makes_neither(template: Template) -> None:
    resources = template["Resources"]
    conditional = {name: each["Condition"] for name, each in resources.items() if "Condition" in each}
    assert conditional == {
        "ApiDomain": "HasDomain",
        "ApiDomainMapping": "HasDomain",
        "ApiDomainRecords": "HasZone",
        "SdkDomainRecords": "HasSdkZone",
        "AlarmSubscription": "HasAlarmEmail",
        "SecretsKey": "FirstKeyOpens",
        "SecondSecretsKey": "SecondKeyOpens",
    }
    unsaid = ("DomainName", "SdkDomainName", "SdkCertificateArn", "AlarmEmail", "HostedZoneId")
    assert all(template["Parameters"][name]["Default"] == "" for name in unsaid)


def test_whoever_hands_its_job_over_to_itself_is_not_taken_for_a_loop(template: Template) -> None:
    """Lambda stops what it believes to be one after some sixteen rounds; a site of a million takes about as many."""
    assert [
        name for name, each in template["Resources"].items() if each.get("Properties", {}).get("RecursiveLoop")
    ] == ["Erase"]
    assert _of(template, "Erase")["RecursiveLoop"] == "Allow"


def test_the_sdks_files_come_over_tls_alone_and_for_every_page(template: Template) -> None:
    behaviour = _of(template, "SdkEdge")["DistributionConfig"]["DefaultCacheBehavior"]
    assert (behaviour["ViewerProtocolPolicy"], behaviour["AllowedMethods"]) == ("https-only", ["GET", "HEAD"])
    headers = _of(template, "SdkHeaders")["ResponseHeadersPolicyConfig"]
    assert headers["CorsConfig"]["AccessControlAllowOrigins"] == {"Items": ["*"]}
    assert headers["CorsConfig"]["AccessControlAllowCredentials"] is False
    assert headers["SecurityHeadersConfig"]["ContentTypeOptions"] == {"Override": True}


def test_the_product_tells_sites_where_the_sdk_is(template: Template) -> None:
    """What it says and what is put out must not part: pages and worker files keep it for years."""
    said = _of(template, "APIHandler")["Environment"]["Variables"]["SDK_URL"]
    assert said == template["Outputs"]["SdkUrl"]["Value"]
    assert said == {
        "Fn::If": [
            "HasSdkDomain",
            {"Fn::Sub": "https://${SdkDomainName}"},
            {"Fn::Sub": "https://${SdkEdge.DomainName}"},
        ]
    }


# --- The edge, broken ---


def _answer(template: Template, kind: str) -> dict[str, Any]:
    responses = copy.deepcopy(_of(template, "RestAPI")["GatewayResponses"])  # no anchor shared with a neighbour
    _of(template, "RestAPI")["GatewayResponses"] = responses
    answer: dict[str, Any] = copy.deepcopy(responses[kind])
    responses[kind] = answer
    return answer


def test_an_answer_in_api_gateways_own_words_is_caught(template: Template) -> None:
    del _of(template, "RestAPI")["GatewayResponses"]["THROTTLED"]
    assert list(edge.misspoken_answers(template)) == ["THROTTLED answers in API Gateway's own words"]


def test_an_answer_to_nothing_is_caught(template: Template) -> None:
    responses = _of(template, "RestAPI")["GatewayResponses"]
    responses["TROTTLED"] = responses["THROTTLED"]
    assert list(edge.misspoken_answers(template)) == ["nothing ever answers TROTTLED"]


def test_another_status_is_caught(template: Template) -> None:
    _answer(template, "MISSING_AUTHENTICATION_TOKEN")["StatusCode"] = 403
    (finding,) = edge.misspoken_answers(template)
    assert finding == "MISSING_AUTHENTICATION_TOKEN: answers 403, the app 404"


def test_other_words_are_caught(template: Template) -> None:
    texts = _answer(template, "DEFAULT_5XX")["ResponseTemplates"]["application/json"]
    texts["Fn::Sub"] = texts["Fn::Sub"].replace("internal_error", "broken")
    (finding,) = edge.misspoken_answers(template)
    assert finding.startswith("DEFAULT_5XX: says {")


@pytest.mark.parametrize("name", ["Retry-After", "X-Request-Id", "Content-Security-Policy", "Content-Type"])
def test_a_missing_header_is_caught(template: Template, name: str) -> None:
    del _answer(template, "THROTTLED")["ResponseParameters"]["Headers"][name]
    assert list(edge.misspoken_answers(template)) == [f"THROTTLED: has other headers: {[name]}"]


@pytest.mark.parametrize("name", ["path", "identity.sourceIp", "error.message", "authorizer.token"])
def test_a_log_that_tells_too_much_is_caught(template: Template, name: str) -> None:
    settings = _of(template, "RestAPI")["AccessLogSetting"]
    settings["Format"] = settings["Format"].replace('{"at"', f'{{"more":"$context.{name}","at"')
    assert list(edge.talkative_logs(template)) == [f"the access log tells {name}"]


def test_a_log_line_that_is_put_together_is_caught(template: Template) -> None:
    _of(template, "RestAPI")["AccessLogSetting"]["Format"] = '{"what": "$context.httpMethod $context.resourcePath"}'
    assert list(edge.talkative_logs(template)) == ["the access log is no JSON of one variable each"]


def test_an_api_without_a_log_is_caught(template: Template) -> None:
    del _of(template, "RestAPI")["AccessLogSetting"]
    assert list(edge.talkative_logs(template)) == ["the API keeps no access log"]


def test_sams_own_stage_is_caught(template: Template) -> None:
    del _of(template, "RestAPI")["OpenApiVersion"]
    assert list(edge.unguarded_stages(template)) == ["SAM adds a stage of its own, which nobody guards"]


def test_an_api_without_brakes_is_caught(template: Template) -> None:
    del _of(template, "RestAPI")["MethodSettings"][0]["ThrottlingBurstLimit"]
    assert list(edge.unguarded_stages(template)) == ["the API is not throttled"]


@pytest.mark.parametrize(("word", "value"), [("LoggingLevel", "INFO"), ("DataTraceEnabled", True)])
def test_a_log_of_executions_is_caught(template: Template, word: str, value: object) -> None:
    _of(template, "RestAPI")["MethodSettings"][0][word] = value
    assert list(edge.unguarded_stages(template)) == ["* /* logs its execution"]


@pytest.mark.parametrize("word", ["PublicAccessBlockConfiguration", "BucketEncryption", "VersioningConfiguration"])
def test_a_careless_bucket_is_caught(template: Template, word: str) -> None:
    del _of(template, "SdkBucket")[word]
    assert len(list(edge.open_buckets(template))) == 1


def test_a_bucket_without_tls_is_caught(template: Template) -> None:
    del template["Resources"]["BlobsBucketPolicy"]
    assert list(edge.open_buckets(template)) == ["BlobsBucket is reached without TLS"]


@pytest.mark.parametrize(("word", "value"), [("Action", "s3:*"), ("Principal", "*"), ("Condition", {})])
def test_a_strange_reader_is_caught(template: Template, word: str, value: object) -> None:
    _of(template, "SdkBucketPolicy")["PolicyDocument"]["Statement"][0][word] = value
    assert len(list(edge.strange_readers(template))) == 1


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("Action", "s3:DeleteObject"),
        ("Principal", {"AWS": {"Fn::GetAtt": ["SendRole", "Arn"]}}),
        ("Resource", [{"Fn::Sub": "${BlobsBucket.Arn}/*"}]),
        ("Resource", ["*"]),
    ],
)
def test_a_function_that_reaches_for_more_than_its_folders_is_caught(
    template: Template, word: str, value: object
) -> None:
    _of(template, "BlobsBucketPolicy")["PolicyDocument"]["Statement"][1][word] = value
    assert len(list(edge.strange_readers(template))) == 1


@pytest.mark.parametrize("folder", ["audit/anchors/*", "*", "exports/../*"])
def test_an_eraser_that_reaches_for_more_than_exports_is_caught(template: Template, folder: str) -> None:
    statements = _of(template, "BlobsBucketPolicy")["PolicyDocument"]["Statement"]
    (erasing,) = [each for each in statements if each["Action"] == "s3:DeleteObjectVersion"]
    erasing["Resource"] = [{"Fn::Sub": f"${{BlobsBucket.Arn}}/{folder}"}]
    assert len(list(edge.strange_readers(template))) == 1


# --- Alarms, broken ---


def test_an_alarm_that_nobody_hears_is_caught(template: Template) -> None:
    _of(template, "SendThrottles")["AlarmActions"] = []
    assert list(alarms.unheard_alarms(template)) == ["SendThrottles rings for nobody"]


@pytest.mark.parametrize(("name", "value"), [("TickSilence", "notBreaching"), ("SendErrors", "missing")])
def test_an_alarm_that_misreads_silence_is_caught(template: Template, name: str, value: str) -> None:
    _of(template, name)["TreatMissingData"] = value
    assert list(alarms.unheard_alarms(template)) == [f"{name} takes silence for the wrong news"]


def test_a_topic_that_takes_no_alarms_is_caught(template: Template) -> None:
    del template["Resources"]["AlarmTopicPolicy"]
    assert list(alarms.unheard_alarms(template)) == ["alarms may not speak to their topic"]


def test_an_alarm_on_nothing_is_caught(template: Template) -> None:
    _of(template, "SendErrors")["Dimensions"][0]["Value"] = {"Ref": "Sender"}
    assert list(alarms.blind_alarms(template)) == ["SendErrors watches {'Ref': 'Sender'}, which nobody makes"]


def test_an_alarm_on_an_aws_metric_of_nothing_is_caught(template: Template) -> None:
    _of(template, "GoneNotBelieved")["Namespace"] = "PushSaaS"
    assert list(alarms.blind_alarms(template)) == ["GoneNotBelieved watches hosts_suspected of nothing"]
    del _of(template, "SendErrors")["Dimensions"]
    assert next(alarms.blind_alarms(template)) in {
        "SendErrors watches Errors of nothing",
        "GoneNotBelieved watches hosts_suspected of nothing",
    }


def test_a_share_that_does_not_read_what_it_pays_for_is_caught(template: Template) -> None:
    (*_, share) = _of(template, "PushesFail")["Metrics"]
    share["Expression"] = "100 * failed"
    assert list(alarms.muddled_alarms(template)) == ["PushesFail pays for answered and does not read it"]
    share["ReturnData"] = False
    assert next(alarms.muddled_alarms(template)) == "PushesFail rings by 0 of its metrics"


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("SendDuration", "nobody watches the Duration of Send"),
        ("APIHandlerThrottles", "nobody watches the Throttles of APIHandler"),
        ("TickSilence", "nobody hears when the tick stops"),
        ("ApiFailures", "nobody hears when the API fails"),
    ],
)
def test_an_unwatched_lane_is_caught(template: Template, name: str, finding: str) -> None:
    del template["Resources"][name]
    assert list(alarms.unwatched_lanes(template)) == [finding]


@pytest.mark.parametrize("threshold", [60_000, 100])
def test_an_alarm_at_the_wrong_second_is_caught(template: Template, threshold: int) -> None:
    _of(template, "SendDuration")["Threshold"] = threshold
    assert list(alarms.late_alarms(template)) == [f"SendDuration rings at {threshold} of 60000 ms"]


def test_a_queue_where_messages_may_wait_unheard_is_caught(template: Template) -> None:
    del template["Resources"]["MailLateAlarm"]
    assert list(alarms.impatient_alarms(template)) == ["nobody hears when messages wait in MailQueue"]


def test_an_impatient_alarm_is_caught(template: Template) -> None:
    _of(template, "MailLateAlarm")["Threshold"] = 700
    assert list(alarms.impatient_alarms(template)) == ["a second try in MailQueue wakes somebody"]


def test_a_dashboard_of_what_is_not_there_is_caught(template: Template) -> None:
    sub = _of(template, "Dashboard")["DashboardBody"]["Fn::Sub"]
    sub[0] = sub[0].replace("${Sweep}", "${Sweeper}").replace("]}", "]")
    found = list(alarms.broken_dashboards(template))
    assert found[:2] == ["the dashboard shows Sweeper, which nobody makes", "the dashboard does not show Sweep"]
    assert found[2].startswith("the dashboard is no JSON")


# --- What is kept and who is trusted, broken ---


@pytest.mark.parametrize("name", ["CoreTable", "SecretsKey", "BlobsBucket", "ApiAccountRole"])
def test_data_that_goes_with_its_stack_is_caught(template: Template, name: str) -> None:
    template["Resources"][name]["DeletionPolicy"] = "Delete"
    assert list(cloud.perishable_data(template)) == [f"{name} goes with its stack"]


def test_a_leftover_without_a_reason_is_caught(template: Template) -> None:
    template["Resources"]["SdkBucket"]["DeletionPolicy"] = "Retain"
    assert list(cloud.perishable_data(template)) == ["SdkBucket stays when its stack goes, and nobody knows why"]


@pytest.mark.parametrize("word", ["SSESpecification", "PointInTimeRecoverySpecification"])
def test_a_careless_table_is_caught(template: Template, word: str) -> None:
    del _of(template, "CoreTable")[word]
    assert len(list(cloud.careless_tables(template))) == 1


def test_a_legible_queue_is_caught(template: Template) -> None:
    _of(template, "MailDlq")["SqsManagedSseEnabled"] = False
    assert list(cloud.legible_queues(template)) == ["MailDlq is not encrypted"]


def test_a_secret_in_the_template_is_caught(template: Template) -> None:
    template["Resources"]["Pepper"] = {"Type": "AWS::SSM::Parameter", "Properties": {"Value": "hot"}}
    assert list(cloud.told_secrets(template)) == ["the template speaks of AWS::SSM::Parameter"]


def test_a_policy_of_awss_own_making_is_caught(template: Template) -> None:
    _of(template, "SendRole")["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"]
    assert list(cloud.bought_policies(template)) == ["SendRole takes a policy that is not ours"]


@pytest.mark.parametrize("principal", [{"AWS": "*"}, {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}])
def test_a_role_for_others_is_caught(template: Template, principal: object) -> None:
    _of(template, "SendRole")["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = principal
    assert list(cloud.trusting_roles(template)) == [f"SendRole may be taken by {principal}"]


def test_a_lane_that_is_sent_more_than_it_may_run_is_caught(template: Template) -> None:
    (event,) = _of(template, "SendTransactional")["Events"].values()
    del event["Properties"]["ScalingConfig"]
    assert list(cloud.throttled_pollers(template)) == ["SendTransactional is sent more messages than it may run"]
