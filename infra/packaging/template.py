"""The one template: Chalice's functions and our resources side by side, the rules on them, the overlay on top."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

from infra.packaging.archive import Keys
from infra.packaging.events import queues_of
from infra.packaging.functions import RUNTIME, Surroundings, function_patches
from infra.packaging.merge import Template, join, lay
from infra.packaging.refusal import Refused
from infra.packaging.sources import read_overlay, read_policies, read_template
from infra.packaging.stage import Stage


def assemble(generated: Template, *, infra: Path, stage: Stage, keys: Keys) -> Template:
    """`infra` holds the hand-written parts; `generated` is what Chalice made of the app."""
    resources = read_template(infra / "resources.yaml")
    surroundings = Surroundings(
        stage=stage,
        code_key=keys.code,
        queues=queues_of(resources),
        policies=read_policies(infra / "policies"),
    )
    patches = [
        _parameters(stage),
        _layer(keys.layer),
        *function_patches(generated, surroundings),
        read_overlay(infra / "overlay"),
    ]
    template: Template = reduce(lay, patches, join(generated, resources))
    _refuse_loose_patches(template)
    return template


def _parameters(stage: Stage) -> Template:
    """The stage's values are defaults: one package can be installed under another name or address."""
    url = {
        "AllowedPattern": r"https?://[^/\s]+(/[A-Za-z0-9_-]+)?",
        "Description": "Where browsers and clients reach the API.",
    }
    sender = {"Description": "Whom mail comes from; SES must know the address or its domain."}
    return {
        "Parameters": {
            "Prefix": {"Default": stage.prefix},
            "ArtifactBucket": {"Type": "String", "Description": "The bucket that holds the archives of this package."},
            "PublicUrl": {"Type": "String", "Default": stage.environment["PUBLIC_URL"], **url},
            "MailFrom": {"Type": "String", "Default": stage.environment["MAIL_FROM"], **sender},
        }
    }


def _layer(key: str) -> Template:
    properties = {
        "LayerName": {"Fn::Sub": "${Prefix}-dependencies"},
        "Description": "The libraries of requirements.txt.",
        "ContentUri": {"Bucket": {"Ref": "ArtifactBucket"}, "Key": key},
        "CompatibleRuntimes": [RUNTIME],
        "CompatibleArchitectures": ["arm64"],
        "RetentionPolicy": "Delete",  # a running function keeps its copy, and an older archive can be deployed again
    }
    return {"Resources": {"DependencyLayer": {"Type": "AWS::Serverless::LayerVersion", "Properties": properties}}}


def _refuse_loose_patches(template: Template) -> None:
    if loose := sorted(name for name, resource in template["Resources"].items() if "Type" not in resource):
        raise Refused(f"the overlay patches what nobody makes: {', '.join(loose)}")
