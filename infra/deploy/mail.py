"""The mail domain: made known to SES, with the DNS records that prove it printed for whoever owns the zone."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

from infra.deploy.ground import Ground

_PLACEHOLDERS = ("example.com", "example.org", "example.net", "example", "invalid", "test", "localhost")

_IN_THE_SANDBOX = (
    "mail: SES is in its sandbox in this account and region: expect no letter to leave, so nobody can sign up.",
    "  It takes proven recipients only, and IAM asks for permission on each of them, which the postman has not.",
    "  Ask AWS for production access first: docs/deploy.md, Letters.",
)


def is_placeholder(host: str) -> bool:
    """Names that stand in documents and belong to nobody."""
    return any(host == name or host.endswith(f".{name}") for name in _PLACEHOLDERS)


def ready_mail(ground: Ground, mail_from: str) -> None:
    domain = parseaddr(mail_from)[1].rpartition("@")[2]
    if is_placeholder(domain):
        ground.terminal.say(f"mail: {mail_from} is a placeholder. No letter leaves until a deploy says MAIL_FROM=…")
        return
    identity = _identity(ground, domain)
    if not identity.get("VerifiedForSendingStatus"):
        tokens = identity.get("DkimAttributes", {}).get("Tokens", [])
        records = [f"  {token}._domainkey.{domain}  CNAME  {token}.dkim.amazonses.com" for token in tokens]
        ground.terminal.say(f"mail: {domain} is not proven yours yet. Set these records in its zone:", *records)
    if not ground.aws.call("sesv2", "get-account").get("ProductionAccessEnabled"):
        ground.terminal.say(*_IN_THE_SANDBOX)


def _identity(ground: Ground, domain: str) -> Any:
    found = ground.aws.find("sesv2", "get-email-identity", email_identity=domain, absent={"NotFoundException"})
    return ground.aws.call("sesv2", "create-email-identity", email_identity=domain) if found is None else found
