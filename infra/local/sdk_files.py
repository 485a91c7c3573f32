"""The SDK's files as S3 and the CDN serve them: from `make sdk`, to pages of every origin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from chalicelib.core.errors import NotFound
from chalicelib.web.problems import MethodNotAllowed
from infra.local.console.exchange import Answer, Request, answer_problem

DIST = Path(__file__).parents[2] / "web" / "sdk" / "dist"
_PREFIX = "/sdk/v1/"
_HASHED = re.compile(r"\.[0-9a-f]{16}\.js$")
_FOR_EVER, _FOR_AN_HOUR = "public, max-age=31536000, immutable", "public, max-age=3600"
_MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".json": "application/json"}
_HEADERS = {
    "Access-Control-Allow-Origin": "*",  # what is loaded on demand is a module, and those are asked for with CORS
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


class SdkFiles:
    """Looks each time, so that a build is seen without a restart. Only what lies in the folder itself is served."""

    def __init__(self, folder: Path = DIST) -> None:
        self._folder = folder

    @staticmethod
    def concerns(path: str) -> bool:
        return path.startswith(_PREFIX)

    def answer(self, request: Request) -> Answer:
        files = {file.name: file for file in self._folder.glob("*") if file.suffix in _MEDIA_TYPES}
        file = files.get(request.path.removeprefix(_PREFIX))
        if file is None:
            return answer_problem(NotFound("There is no such file; `make sdk` builds them."))
        if request.method != "GET":
            return answer_problem(MethodNotAllowed(), allow="GET, HEAD")
        return Answer(status=200, headers=_headers(file), body=file.read_bytes())


def _headers(file: Path) -> Mapping[str, str]:
    kept = _FOR_EVER if _HASHED.search(file.name) else _FOR_AN_HOUR
    return {**_HEADERS, "Cache-Control": kept, "Content-Type": _MEDIA_TYPES[file.suffix]}
