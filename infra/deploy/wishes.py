"""What whoever deploys asks for, as the template's parameters. What is not said stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.deploy import keys
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.parameters import Values
from infra.sdk import DIST, built

_OF_CLOUDFRONT = "us-east-1"  # where it looks for certificates, wherever the rest lives


@dataclass(frozen=True)
class Wishes:
    domain: str = ""
    certificate: str = ""
    sdk_domain: str = ""
    sdk_certificate: str = ""
    zone: str = ""
    mail_from: str = ""
    alarm_email: str = ""
    concurrency: str = ""
    replaced: str = ""
    keys: str = ""
    package: Path | None = None
    sdk: Path = DIST

    def parameters(self, ground: Ground) -> dict[str, str]:
        said = {
            "DomainName": self.domain,
            "CertificateArn": self.certificate,
            "SdkDomainName": self.sdk_domain,
            "SdkCertificateArn": self.sdk_certificate,
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
        _check_name(self.domain, self.certificate, standing.get("CertificateArn"), region=ground.region)
        _check_name(
            self.sdk_domain, self.sdk_certificate, standing.get("SdkCertificateArn"), region=_OF_CLOUDFRONT, of="SDK_"
        )
        if not built(self.sdk):
            raise Halt("The browser SDK is not built, and pages would find nothing.", then="make sdk")


def domain_hints(parameters: Values, outputs: Mapping[str, str]) -> list[str]:
    """What is left to do by hand when the zone is not ours to write."""
    if parameters.get("HostedZoneId"):
        return []
    return [
        f"domain: set this record in its zone:\n  {parameters[name]}  CNAME  {outputs[target]}"
        for name, target in {"DomainName": "DomainTarget", "SdkDomainName": "SdkTarget"}.items()
        if target in outputs
    ]


def _check_name(domain: str, certificate: str, standing: str | None, *, region: str, of: str = "") -> None:
    if domain and not (certificate or standing):
        request = f"aws acm request-certificate --domain-name {domain} --validation-method DNS --region {region}"
        raise Halt(f"{of}DOMAIN needs its {of}CERTIFICATE.", then=f"{request}, then {of}CERTIFICATE=its ARN")
    if certificate and f":acm:{region}:" not in certificate:
        raise Halt(f"The {of}CERTIFICATE is not one of ACM in {region}.", then="Request one there; it is free.")
