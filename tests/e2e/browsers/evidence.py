"""What is kept of a test that failed: a picture of the page, what was on the screen, the logs, and what the product knows
of the site, its subscriptions and its campaigns.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.browsers.scene import Equipment, Scene, Site

FOLDER = Path(__file__).parents[3] / ".e2e"
_LAST = 12_000  # characters


def last_words(*, equipment: Equipment, scene: Scene) -> str:
    """The end of the browser's log, for where only what a run printed is kept."""
    log = _log_of(equipment, scene)
    return log.read_text(errors="replace")[-_LAST:] if log.exists() else ""


def keep(name: str, *, equipment: Equipment, sites: Sequence[Site], scene: Scene) -> None:
    folder = FOLDER / re.sub(r"[^\w-]+", "-", name)
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(AssertionError, OSError, EOFError):  # a browser that hangs must not hide what else there is
        equipment.browser.screenshot(folder / "page.png")
    screen = [str(one) for one in equipment.desktop.history()]
    pushes = [record.as_json() for record in scene.push_service.ledger.received()]
    _write(folder / "screen.json", {"ever": screen, "now": [str(one) for one in equipment.desktop.shown()]})
    _write(folder / "pushes.json", pushes[-50:])
    with suppress(OSError):
        _write(folder / "product.json", {site.id: _known(site) for site in sites})
        _write(folder / "console.json", scene.console())
    for log in (scene.folder / "product.log", _log_of(equipment, scene)):
        if log.exists():
            shutil.copy(log, folder / log.name)


def _log_of(equipment: Equipment, scene: Scene) -> Path:
    return scene.folder / equipment.name / f"{equipment.name}.log"


def _known(site: Site) -> dict[str, object]:
    return {"subscriptions": site.subscriptions(), "campaigns": {one: site.stats(one) for one in site.sent}}


def _write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False))
