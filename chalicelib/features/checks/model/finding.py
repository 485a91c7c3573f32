"""What a look at a site finds: one finding for each thing that has to be right, each with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, or will soon not
    PROBLEM = "problem"  # subscribing or sending fails because of it
    UNKNOWN = "unknown"  # it could not be looked at


class Subject(StrEnum):
    """In the order in which somebody would put a site right. docs/check.md has the table."""

    HTTPS = "https"
    PAGE_REACHABLE = "page_reachable"
    ORIGIN_LISTED = "origin_listed"
    SCRIPT_TAG = "script_tag"
    CSP = "csp"
    WORKER = "worker"
    SDK_SEEN = "sdk_seen"
    LAST_REFUSAL = "last_refusal"
    VAPID_SUBJECT = "vapid_subject"
    KEY_MATCH = "key_match"
    PAYLOAD = "payload"
    PUSH_SERVICES = "push_services"


@dataclass(frozen=True)
class Finding:
    """`fix` is empty where nothing has to be done; `seen_at` is when the thing that it is about happened."""

    id: Subject
    status: Status
    detail: str
    fix: str = ""
    seen_at: datetime | None = None


def fine(subject: Subject, detail: str, *, seen_at: datetime | None = None) -> Finding:
    return Finding(subject, Status.OK, detail, seen_at=seen_at)


def warning(subject: Subject, detail: str, fix: str, *, seen_at: datetime | None = None) -> Finding:
    return Finding(subject, Status.WARNING, detail, fix, seen_at)


def problem(subject: Subject, detail: str, fix: str, *, seen_at: datetime | None = None) -> Finding:
    return Finding(subject, Status.PROBLEM, detail, fix, seen_at)


def unknown(subject: Subject, detail: str, fix: str = "") -> Finding:
    return Finding(subject, Status.UNKNOWN, detail, fix)
