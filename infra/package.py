"""`make package STAGE=prod`: one template and its archives in dist/<stage>/, from any Python, without an account.

Chalice says which functions and routes there are; everything else is ours. docs/package.md tells how and why.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.packaging import chalice_run, layer, release
from infra.packaging.archive import Keys, pack
from infra.packaging.bytecode import Compiler, find_compiler
from infra.packaging.functions import functions_of
from infra.packaging.lint import lint_findings, wildcards
from infra.packaging.merge import Template
from infra.packaging.refusal import Refused
from infra.packaging.services import services_of
from infra.packaging.stage import Stage, read_stage
from infra.packaging.template import assemble

ROOT = Path(__file__).parents[1]
BUILD, DIST = ROOT / "build", ROOT / "dist"
MOST_MB = 150  # Lambda's own limit is 250
_NO_ARCHIVES = Keys(code="code-of-nothing.zip", layer="layer-of-nothing.zip")


@dataclass(frozen=True)
class Package:
    template: Template
    manifest: release.Manifest | None


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        stage = read_stage(ROOT, options.stage)
        package = make(stage, template_only=options.template_only)
    except Refused as refusal:
        print(f"package: {refusal}", file=sys.stderr)
        return 1
    return _report(package)


def make(stage: Stage, *, template_only: bool = False) -> Package:
    BUILD.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=BUILD) as folder:
        workshop = Path(folder)
        finished = workshop / "finished"
        finished.mkdir()
        generated = chalice_run.generate(ROOT, stage, workshop)
        compiler = find_compiler(os.environ)  # noqa: TID251 -- a tool of the builder, not a setting of the product
        keys = _NO_ARCHIVES if template_only else _archives(generated.code, compiler, finished)
        template = assemble(generated.template, infra=ROOT / "infra", stage=stage, keys=keys)
        release.write_template(finished, template)
        manifest = None if template_only else _manifest(finished, keys, stage, compiler)
        release.publish(finished, DIST / stage.name)
    return Package(template, manifest)


def _archives(code: Path, compiler: Compiler | None, finished: Path) -> Keys:
    if compiler:
        compiler.compile(code, at="/var/task")
    packed = code.with_suffix(".zip")
    pack(code, packed)
    recipe = layer.Recipe(ROOT / "requirements.txt", services_of(ROOT / "chalicelib"), compiler)
    return Keys(
        code=release.take_in("code", packed, finished),
        layer=release.take_in("layer", layer.build(recipe, BUILD), finished),
    )


def _manifest(finished: Path, keys: Keys, stage: Stage, compiler: Compiler | None) -> release.Manifest:
    if not compiler:
        print("bytecode: none, for there is no Python 3.13 here (PYTHON313= names one); cold starts will be slower")
    commit = release.commit_of(ROOT)
    return release.write_manifest(finished, keys, stage=stage.name, commit=commit, bytecode=compiler is not None)


def _report(package: Package) -> int:
    """The last line is for machines; what is wrong stands above it."""
    findings, stars = lint_findings(package.template), list(wildcards(package.template))
    for finding in (*findings, *stars):
        print(f"package: {finding}", file=sys.stderr)
    megabytes = package.manifest.unzipped_mb if package.manifest else None
    if is_too_large := megabytes is not None and megabytes > MOST_MB:
        print(f"package: {megabytes} MB unzipped, more than {MOST_MB}", file=sys.stderr)
    figures = {
        "functions": len(functions_of(package.template)),
        "unzipped_mb": megabytes,
        "lint_errors": len(findings),
        "wildcards": len(stars),
    }
    print(f"PACKAGE {json.dumps(figures)}")
    return 1 if findings or stars or is_too_large else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.package", description="Make what a stage is deployed from.")
    parser.add_argument("--stage", required=True, help="one of .chalice/config.json")
    parser.add_argument("--template-only", action="store_true", help="leave out the archives: quick, and not to deploy")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
