"""Run by checkov's Python: what CloudFormation makes of a template of SAM, whose resources checkov hardly knows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import boto3
from samtranslator.parser.parser import Parser  # type: ignore[import-not-found]  # is in checkov's environment only
from samtranslator.translator.translator import Translator  # type: ignore[import-not-found]  # the same

_REGION = "eu-central-1"  # must be some region; the template says AWS::Region


def main(source: str, target: str) -> None:
    template = json.loads(Path(source).read_text())
    values = {name: str(each.get("Default", name)) for name, each in template["Parameters"].items()}
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=_REGION))
    Path(target).write_text(json.dumps(translator.translate(template, values), indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
