"""`make package STAGE=prod`: one template and its archives in dist/<stage>/, from any Python, without an account.

Chalice says which functions and routes there are; everything else is ours. docs/package.md tells how and why.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.packaging import layer
from infra.packaging.archive import Keys, pack
from infra.packaging.bytecode import Compiler, find_compiler
from infra.packaging.chalice_run import generate
from infra.packaging.refusal import Refused
from infra.packaging.release import Release, commit_of
from infra.packaging.services import services_of
from infra.packaging.stage import Stage, read_stage
from infra.packaging.template import assemble
from infra.packaging.verdict import Verdict, judge

ROOT = Path(__file__).parents[1]
_NO_ARCHIVES = Keys(code="code-was-not-packed.zip", layer="layer-was-not-packed.zip")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    try:
        stage = read_stage(ROOT, options.stage)
        verdict = package(stage, options.into.resolve() / stage.name, template_only=options.template_only)
    except Refused as refusal:
        print(f"package: {refusal}", file=sys.stderr)
        return 1
    for fault in verdict.faults:
        print(f"package: {fault}", file=sys.stderr)
    print(f"PACKAGE {json.dumps(verdict.figures)}")
    return 1 if verdict.faults else 0


def package(stage: Stage, place: Path, *, template_only: bool = False, build: Path = ROOT / "build") -> Verdict:
    """Puts a release at `place`. One with faults gets no manifest, and what has none is not deployed."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent, prefix=".") as folder:
        release = Release.begun(Path(folder, "release"))
        generated = generate(ROOT, stage, Path(folder))
        compiler = find_compiler(os.environ)  # noqa: TID251 -- a tool of the builder, not a setting of the product
        keys = _NO_ARCHIVES if template_only else _pack(generated.code, release, compiler, build)
        template = assemble(generated.template, infra=ROOT / "infra", stage=stage, keys=keys)
        release.write_template(template)
        verdict = judge(template, unzipped_mb=None if template_only else release.unzipped_mb)
        if not (template_only or verdict.faults):
            release.seal(keys, stage=stage.name, commit=commit_of(ROOT), bytecode=compiler is not None)
        release.publish(place)
    return verdict


def _pack(code: Path, release: Release, compiler: Compiler | None, build: Path) -> Keys:
    if compiler:
        compiler.compile(code, at="/var/task")
    else:
        print("package: no Python 3.13 here (PYTHON313= names one): no bytecode, slower cold starts", file=sys.stderr)
    recipe = layer.Recipe(ROOT / "requirements.txt", services_of(ROOT / "chalicelib"), compiler)
    return Keys(
        code=release.take_in("code", pack(code, code.with_suffix(".zip"))),
        layer=release.take_in("layer", layer.build(recipe, build)),
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.package", description="Make what a stage is deployed from.")
    parser.add_argument("--stage", required=True, help="one of .chalice/config.json")
    parser.add_argument("--template-only", action="store_true", help="leave out the archives: quick, and not to deploy")
    parser.add_argument("--into", type=Path, default=ROOT / "dist", help="where the stage's folder goes (dist/)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
