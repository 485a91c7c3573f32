"""The alarms that undo an update by themselves when they ring during it."""

from __future__ import annotations

from infra.deploy.ground import Ground
from infra.deploy.stack import Stack

# CloudFormation watches five at most: the API's two, the minute's tick, and the two ways most pushes leave.
WATCHED = ("APIHandlerErrors", "ApiFailures", "TickErrors", "SendErrors", "SendTransactionalErrors")


def watched_alarms(ground: Ground) -> list[str]:
    """Their ARNs. One that rings already would undo the very change that is to silence it, so it is left out."""
    names = {each.logical_id: each.physical_id for each in Stack(ground).resources()}
    wanted = [names[logical_id] for logical_id in WATCHED if logical_id in names]
    if not wanted:
        return []
    found = ground.aws.call("cloudwatch", "describe-alarms", alarm_names=wanted)["MetricAlarms"]
    ringing = sorted(alarm["AlarmName"] for alarm in found if alarm["StateValue"] == "ALARM")
    if ringing:
        ground.terminal.say(f"ringing already, so not watched: {', '.join(ringing)}")
    return sorted(alarm["AlarmArn"] for alarm in found if alarm["StateValue"] != "ALARM")
