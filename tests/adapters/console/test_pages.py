import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from infra.local.console import pages as pages_module
from infra.local.console.exchange import Request
from infra.local.console.pages import POLICY, pages
from infra.local.console.routes import Console
from tests.adapters.console.fake_product import an_empty_one

STATIC = Path(pages_module.__file__).parent / "static"
HOST = {"host": "127.0.0.1:8000"}


def scripts() -> Iterator[Path]:
    yield from STATIC.rglob("*.js")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


HTML = sorted(STATIC.glob("*.html"))


def tags_of(page: Path) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(page.read_text())
    return parser.found


def tags_of_the_pages() -> list[tuple[str, dict[str, str | None]]]:
    return [tag for page in HTML for tag in tags_of(page)]


def test_every_file_is_shown_under_a_policy_that_lets_nothing_in_from_afar() -> None:
    console = Console(an_empty_one(), port=8000)
    for address in pages():
        answer = console.answer(Request(method="GET", path=address, headers=HOST))
        assert answer.status == 200, address
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in POLICY
    assert "http" not in POLICY


def test_the_page_holds_nothing_that_its_policy_would_refuse() -> None:
    for tag, attributes in tags_of_the_pages():
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert tag != "style"
        assert tag != "script" or attributes.get("src"), "an inline script"


def test_whatever_the_page_refers_to_is_there() -> None:
    served = set(pages())
    for tag, attributes in tags_of_the_pages():
        for name in ("src", "href"):
            address = attributes.get(name)
            assert address is None or address.partition("?")[0] in served, f"{tag} {address}"
    for script in scripts():
        for address in re.findall(r'from "([^"]+)"', script.read_text()):
            assert address in served, f"{script.name} imports {address}"


def test_whatever_a_script_looks_up_is_on_the_page() -> None:
    ids = {attributes["id"] for _, attributes in tags_of_the_pages() if "id" in attributes}
    for script in scripts():
        for name in re.findall(r'find\("([^"]+)"\)', script.read_text()):
            assert name in ids, f"{script.name} looks for {name}"


def test_no_script_builds_markup_from_strings() -> None:
    for script in scripts():
        found = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script.read_text()
        )
        assert found == [], script.name


def test_no_address_leads_out_of_the_folder() -> None:
    console = Console(an_empty_one(), port=8000)
    for path in (
        "/local/../routes.py",
        "/local/..%2froutes.py",
        "/local//etc/passwd",
        "/local/panels",
        "/local/index.html",
        "/local/doctor.html",
    ):
        assert console.answer(Request(method="GET", path=path, headers=HOST)).status == 404, path
