"""The SDK's files, to pages of every origin, as S3 and the CDN serve them."""

from __future__ import annotations

from pathlib import Path

from chalicelib.core.errors import NotFound
from chalicelib.web.problems import MethodNotAllowed
from infra.local.console.exchange import Answer, Request, answer_problem
from infra.sdk import DIST, PREFIX, built

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
        return path.startswith(f"/{PREFIX}")

    def answer(self, request: Request) -> Answer:
        files = {f"/{PREFIX}{file.path.name}": file for file in built(self._folder)}
        file = files.get(request.path)
        if file is None:
            return answer_problem(NotFound("There is no such file; `make sdk` builds them."))
        if request.method != "GET":
            return answer_problem(MethodNotAllowed(), allow="GET, HEAD")
        headers = {**_HEADERS, "Cache-Control": file.cache_control, "Content-Type": file.media_type}
        return Answer(status=200, headers=headers, body=file.path.read_bytes())
