"""Answers that an attacker makes of a genuine one: the eight wrappings by the names they go by, and mutations of all kinds.

Whoever reads one must refuse it, or read exactly what was signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

from hypothesis import strategies as st
from lxml import etree

from infra.local.saml.reply import PROTOCOL
from infra.local.saml.signing import DSIG, SAML

Forgery = Callable[[etree._Element, bool], etree._Element]
_ASSERTION, _SIGNATURE = f"{{{SAML}}}Assertion", f"{{{DSIG}}}Signature"
VICTIM = "victim@example.com"


def _evil(element: etree._Element, *, same_id: bool) -> etree._Element:
    """A copy without its signature that says somebody else is here."""
    copy = deepcopy(element)
    for signature in list(copy.iter(_SIGNATURE)):
        signature.getparent().remove(signature)  # type: ignore[union-attr]  # no signature is a root
    for named in (*copy.iter(f"{{{SAML}}}NameID"), *copy.iter(f"{{{SAML}}}AttributeValue")):
        named.text = VICTIM
    if not same_id:
        for each in (copy, *copy.iter(_ASSERTION)):
            each.set("ID", f"{each.get('ID')}-evil")
    return copy


def _taken_out(element: etree._Element) -> tuple[etree._Element, etree._Element]:
    """The element without its signature, and that."""
    signature = element.find(_SIGNATURE)
    assert signature is not None
    element.remove(signature)
    return element, signature


def xsw1(root: etree._Element, same_id: bool) -> etree._Element:
    """A forged answer; the genuine one inside its signature."""
    evil = _evil(root, same_id=same_id)
    genuine, signature = _taken_out(root)
    signature.append(genuine)
    evil.insert(1, signature)
    return evil


def xsw2(root: etree._Element, same_id: bool) -> etree._Element:
    """A forged answer; the genuine one before its signature, beside it."""
    evil = _evil(root, same_id=same_id)
    genuine, signature = _taken_out(root)
    evil.insert(1, signature)
    evil.insert(1, genuine)
    return evil


def xsw3(root: etree._Element, same_id: bool) -> etree._Element:
    """A forged assertion before the genuine one."""
    root.insert(root.index(root[-1]), _evil(root[-1], same_id=same_id))
    return root


def xsw4(root: etree._Element, same_id: bool) -> etree._Element:
    """The genuine assertion inside a forged one."""
    genuine = root[-1]
    evil = _evil(genuine, same_id=same_id)
    root.replace(genuine, evil)
    evil.append(genuine)
    return root


def xsw5(root: etree._Element, same_id: bool) -> etree._Element:
    """A forged assertion with the genuine one's signature; the genuine one at the end."""
    genuine = root[-1]
    evil = _evil(genuine, same_id=same_id)
    genuine, signature = _taken_out(genuine)
    evil.insert(1, signature)
    root.insert(root.index(genuine), evil)
    return root


def xsw6(root: etree._Element, same_id: bool) -> etree._Element:
    """A forged assertion with the genuine one's signature; the genuine one inside that."""
    genuine = root[-1]
    evil = _evil(genuine, same_id=same_id)
    root.replace(genuine, evil)
    genuine, signature = _taken_out(genuine)
    signature.append(genuine)
    evil.insert(1, signature)
    return root


def xsw7(root: etree._Element, same_id: bool) -> etree._Element:
    """A forged assertion among extensions, where schemas allow anything."""
    extensions = etree.Element(f"{{{PROTOCOL}}}Extensions")
    extensions.append(_evil(root[-1], same_id=same_id))
    root.insert(root.index(root[-1]), extensions)
    return root


def xsw8(root: etree._Element, same_id: bool) -> etree._Element:
    """A forged assertion with the genuine one's signature; the genuine one in an Object of that."""
    genuine = root[-1]
    evil = _evil(genuine, same_id=same_id)
    root.replace(genuine, evil)
    genuine, signature = _taken_out(genuine)
    etree.SubElement(signature, f"{{{DSIG}}}Object").append(genuine)
    evil.insert(1, signature)
    return root


OF_ANSWERS: Mapping[str, Forgery] = {"XSW1": xsw1, "XSW2": xsw2}
OF_ASSERTIONS: Mapping[str, Forgery] = {
    "XSW3": xsw3, "XSW4": xsw4, "XSW5": xsw5, "XSW6": xsw6, "XSW7": xsw7, "XSW8": xsw8,
}  # fmt: skip

Change = Callable[[str], str]
_ELEMENTWISE = ("drop", "double", "move", "empty", "rename", "retext", "reword")
KINDS = ("overwrite", "insert", "cut", *_ELEMENTWISE)
PIECES = (
    "<!---->", "<!-- -->", "<![CDATA[x]]>", "<?x?>", "<!DOCTYPE x>", "&#0;", "&amp;", "&x;", "\0", " ", "\n", "A", "a", "0",
    "admin", "</saml:NameID>", "<saml:Assertion/>", "<x xmlns=''/>", " ID='x'", "#", "\u200b", "<", ">", '"', "/>",
)  # fmt: skip


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Of the text of an answer: characters, and whole elements that are dropped, doubled, moved, emptied or renamed."""
    place, other = draw(st.floats(0, 1)), draw(st.floats(0, 1))
    piece = draw(st.sampled_from(PIECES) | st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=4))
    kind = draw(st.sampled_from(KINDS))
    return lambda text: changed(text, kind, place=place, other=other, piece=piece)


def changed(text: str, kind: str, *, place: float, other: float, piece: str) -> str:
    """`place` and `other` say where, from 0 to 1."""
    if kind in _ELEMENTWISE:
        return _elementwise(text, kind, place, other)
    begin = int(place * len(text))
    end = begin + (0 if kind == "insert" else max(1, len(piece)))
    return text[:begin] + ("" if kind == "cut" else piece) + text[end:]


def _elementwise(text: str, kind: str, place: float, other: float) -> str:
    root = etree.fromstring(text.encode())
    found = list(root.iter())
    one, another = found[int(place * (len(found) - 1))], found[int(other * (len(found) - 1))]
    parent = one.getparent()
    match kind:
        case "drop" if parent is not None:
            parent.remove(one)
        case "double" if parent is not None:
            parent.insert(parent.index(one), deepcopy(one))
        case "move" if parent is not None and one not in set(another.iterancestors()) and one is not another:
            another.append(one)
        case "empty":
            one.text = None
            for child in list(one):
                one.remove(child)
        case "rename":
            one.tag = another.tag
        case "retext":
            one.text = f"{one.text or ''}x"
        case "reword" if one.attrib:
            names = sorted(map(str, one.attrib))
            name = names[int(other * (len(names) - 1))]
            one.set(name, f"{one.get(name)}x")
    return etree.tostring(root).decode()
