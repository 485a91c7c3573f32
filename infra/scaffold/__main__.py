"""`make new F=price_drops TIER=segments`: writes a feature slice with its tests, and registers it."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template

from infra.scaffold import register
from infra.scaffold.words import BadName, Words

_TEMPLATES = Path(__file__).parent / "templates"
_PLACES = {
    "feature": "chalicelib/features/{many}",
    "unit": "tests/unit/{many}",
    "adapters": "tests/adapters/{many}",
    "http": "tests/http/{many}",
}


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        made = write(Path.cwd(), Words.of(asked.name, asked.one), tier=asked.tier)
    except (BadName, register.NoPlace, FileExistsError) as error:
        print(f"make new: {error}", file=sys.stderr)
        return 1
    print("\n".join(f"  {path}" for path in made))
    print("Next: say in model.py what it is, choose its scopes in api.py, and write its routes into docs/api.md.")
    print("Then `make docs` puts them into the contract.")
    return 0


def write(root: Path, words: Words, *, tier: str) -> list[str]:
    """Everything is worked out before the first file is touched."""
    if (root / _PLACES["feature"].format(many=words.many)).exists():
        raise FileExistsError(f"chalicelib/features/{words.many} is there already")
    texts = {root / "app.py": register.in_app((root / "app.py").read_text(), words.many)}
    tiers = register.in_tiers((root / "pyproject.toml").read_text(), words.many, tier)
    texts[root / "pyproject.toml"] = tiers
    architecture = root / "docs" / "architecture.md"
    if architecture.exists():
        texts[architecture] = register.in_architecture(architecture.read_text(), words.many, tiers)
    texts |= {root / name: text for name, text in _slice(words)}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    made = [path.relative_to(root).as_posix() for path in texts]
    _tidy(root, [name for name in made if name.endswith(".py")])
    return made


def _slice(words: Words) -> Iterator[tuple[str, str]]:
    yield f"{_PLACES['feature'].format(many=words.many)}/__init__.py", ""
    for path in sorted(_TEMPLATES.rglob("*.tmpl")):
        place = _PLACES[path.parent.name].format(many=words.many)
        name = path.name.removesuffix(".tmpl").format(many=words.many)
        yield f"{place}/{name}", Template(path.read_text()).substitute(words.substitutes())


def _tidy(root: Path, names: list[str]) -> None:
    """A long name bends the lines it stands in, and sorts app.py's imports anew."""
    ruff = Path(sys.executable).with_name("ruff")
    for command in (["check", "--quiet", "--select", "I", "--fix"], ["format", "--quiet"]):
        subprocess.run([ruff, *command, *names], cwd=root, check=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make new", description="Write a feature slice.")
    parser.add_argument("--name", required=True, help="F=: the slice's plural noun, as in price_drops")
    parser.add_argument("--one", default="", help="ONE=: one of them, when the singular cannot be guessed")
    parser.add_argument("--tier", default="operations", help="TIER=: a slice of the same tier")
    return parser


if __name__ == "__main__":
    sys.exit(main())
