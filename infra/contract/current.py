"""The contract as the routes say it now, and where the committed one is. `make docs` and `make openapi-diff` read it.

Import it only after the product's environment is set: the app reads its settings.
"""

from __future__ import annotations

import json

from app import app
from chalicelib.web.openapi.document import document
from chalicelib.web.openapi.preamble import Document


def contract() -> Document:
    """The same wherever it is installed: its server is whoever serves it."""
    return document(app.endpoints, groups=app.groups, server_url="/")


def spelled(document: Document) -> str:
    """For people to read and for git to compare."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
