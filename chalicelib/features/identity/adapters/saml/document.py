"""XML from strangers: nothing in it is fetched or expanded, and no two readers see different things in it.

What is looked through and what is parsed are the same characters: the parser is told that they are UTF-8, and does not
find out for itself. Text in UTF-16 is valid UTF-8, too: letters with NULs between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from chalicelib.features.identity.model.saml import SsoFailed

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
LARGEST_BYTES = 128 * 1024
DEEPEST = 24
MOST_ELEMENTS = 2_000
MOST_ATTRIBUTES = 1_000  # with the namespaces, which cost more than their length when a signature is checked
_DECLARATION = re.compile(
    r"""\A\s*<\?xml\s+version=["']1\.0["'](\s+encoding=["'](utf-8|us-ascii)["'])?(\s+standalone=["'](yes|no)["'])?\s*\?>""",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"<[!?]")  # DOCTYPE and entities; comments and CDATA, which split texts; instructions
_MARKUP_BUT_COMMENTS = re.compile(r"<[?]|<!(?!--)")
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # of XML 1.0
_ATTRIBUTE = re.compile(r"=\s*[\"']")


class _Nothing(etree.Resolver):
    """Whatever a document refers to, whatever the other settings say."""

    def resolve(self, *_asked: object, **_named: object) -> object:
        raise ValueError("nothing is fetched")


def parser() -> etree.XMLParser:
    """Of UTF-8, whatever the bytes look like. `huge_tree` false keeps libxml2's own limits, too."""
    made = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip
    made.resolvers.add(_Nothing())
    return made


def read(raw: bytes, *, may_have_comments: bool = False) -> etree._Element:
    """The root. Where comments may be, they are gone. Raises SsoFailed."""
    text = _DECLARATION.sub("", _characters(raw), count=1)
    if (_MARKUP_BUT_COMMENTS if may_have_comments else _MARKUP).search(text):
        raise SsoFailed("unreadable", "The XML holds a DOCTYPE, a comment, CDATA or an instruction.")
    if sum(1 for _ in _ATTRIBUTE.finditer(text)) > MOST_ATTRIBUTES:
        raise SsoFailed("unreadable", f"The XML has more than {MOST_ATTRIBUTES} attributes and namespaces.")
    root = parsed(text.encode())
    _measure(root)
    return root


def parsed(text: bytes) -> etree._Element:
    """Without having looked through it first: still, nothing is declared in it. Raises SsoFailed."""
    try:
        root = etree.fromstring(text, parser())
    except (etree.XMLSyntaxError, ValueError):
        raise SsoFailed("unreadable", "This is not well-formed XML.") from None
    declared = root.getroottree().docinfo
    if declared.internalDTD is not None or declared.externalDTD is not None or declared.doctype:
        raise SsoFailed("unreadable", "The XML has a DOCTYPE.")
    return root


def name_of(element: etree._Element) -> str:
    """Without its namespace."""
    return etree.QName(element).localname


def only(parent: etree._Element, namespace: str, name: str) -> etree._Element:
    found = children(parent, namespace, name)
    if len(found) != 1:
        raise SsoFailed("shape", f"There are {len(found)} {name} in {name_of(parent)}, not one.")
    return found[0]


def children(parent: etree._Element, namespace: str, name: str) -> list[etree._Element]:
    return parent.findall(f"{{{namespace}}}{name}")


def text_of(element: etree._Element) -> str:
    """All of it: an element in between would hide what comes after it."""
    if len(element):
        raise SsoFailed("shape", f"{name_of(element)} holds more than text.")
    return (element.text or "").strip()


def is_enclosed(element: etree._Element, *tags: str) -> bool:
    """Whether it has no children but these, by Clark's names."""
    return all(child.tag in tags for child in element)


def ids(root: etree._Element) -> Iterator[str]:
    """Every attribute that any reader might take for an id."""
    for element in root.iter():
        for name, value in element.attrib.items():
            if etree.QName(name).localname.lower() == "id":
                yield str(value)


def _characters(raw: bytes) -> str:
    if len(raw) > LARGEST_BYTES:
        raise SsoFailed("unreadable", f"The XML is larger than {LARGEST_BYTES // 1024} kB.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SsoFailed("unreadable", "The XML is not UTF-8.") from None
    if _NO_CHARACTER.search(text):
        raise SsoFailed("unreadable", "The XML holds what is no character of XML.")
    return text


def _measure(root: etree._Element) -> None:
    depth = 0
    for count, (event, _) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST or count > 2 * MOST_ELEMENTS:
            raise SsoFailed("unreadable", "The XML is too deep, or has too many elements.")
