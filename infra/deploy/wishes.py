"""What whoever deploys asks for, as the template's parameters. What is not said stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.deploy import keys
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.parameters import Values


@dataclass(frozen=True)
class Wishes:
    domain: str = ""
    certificate: str = ""
    zone: str = ""
    mail_from: str = ""
    alarm_email: str = ""
    concurrency: str = ""
    replaced: str = ""
    keys: str = ""
    package: Path | None = None

    def parameters(self, ground: Ground) -> dict[str, str]:
        said = {
            "DomainName": self.domain,
            "CertificateArn": self.certificate,
            "HostedZoneId": self.zone,
            "MailFrom": self.mail_from,
            "AlarmEmail": self.alarm_email,
            "TransactionalConcurrency": self.concurrency,
            keys.PARAMETER: self.keys,
            "PublicUrl": f"https://{self.domain}" if self.domain else "",
        }
        fixed = {"Prefix": ground.prefix, "ArtifactBucket": ground.artifact_bucket}
        return fixed | {name: value for name, value in said.items() if value}

    def check(self, ground: Ground, standing: Values) -> None:
        """Before anything is made: a wrong certificate would be found out after minutes, and undone."""
        if self.keys:
            keys.check_step(self.keys, standing)
        certificate = self.certificate or standing.get("CertificateArn", "")
        if self.domain and not certificate:
            request = f"aws acm request-certificate --domain-name {self.domain} --validation-method DNS"
            raise Halt(
                "A DOMAIN needs its CERTIFICATE.", then=f"{request} --region {ground.region}, then CERTIFICATE=its ARN"
            )
        if self.certificate and f":acm:{ground.region}:" not in self.certificate:
            raise Halt(f"The certificate is not one of ACM in {ground.region}.", then="Request one there; it is free.")


def domain_hint(parameters: Values, outputs: Mapping[str, str]) -> str | None:
    """What is left to do by hand when the zone is not ours to write."""
    if "DomainTarget" not in outputs or parameters.get("HostedZoneId"):
        return None
    return f"domain: set this record in its zone:\n  {parameters['DomainName']}  CNAME  {outputs['DomainTarget']}"
