"""Answers of the stand-in identity provider, signed in each of the ways that standards allow."""

from __future__ import annotations

from typing import Any

from lxml import etree

from infra.local.saml.reply import Reply
from infra.local.saml.signing import SigningKey, sign


def signed(reply: Reply, key: SigningKey, *, whole: bool = False, part: bool = True, **how: Any) -> etree._Element:
    """With the assertion signed, or the whole answer, or both."""
    root = reply.xml()
    if part:
        assertion = root[-1]
        root.replace(assertion, sign(assertion, key, **how))
    return sign(root, key, **how) if whole else root
