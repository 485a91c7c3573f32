"""The answer of an identity provider: whatever is done to a signed one, it is refused, or says what was signed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st
from lxml import etree

from chalicelib.features.identity.adapters.saml.answer import AnswerReader
from chalicelib.features.identity.model.saml import Expected, Said, Sso, SsoFailed, place_of
from infra.local.saml.desk import Desk
from infra.local.saml.reply import Reply, Somebody
from infra.local.saml.signing import new_key
from tests.fakes.saml_forgeries import OF_ANSWERS, OF_ASSERTIONS, PIECES, Change, changes
from tests.fakes.saml_signed import signed
from tests.fuzz.targets.target import Target

_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_TENANT_ID = f"ten_{'0' * 26}"
IDP = Desk(url="https://idp.example", now=lambda: _NOW, key=new_key(_NOW))
_PLACE = place_of(_TENANT_ID, "https://push.example.com")
EXPECTED = Expected(Sso(_TENANT_ID, IDP.entity_id, IDP.sso_url, (IDP.key.bare,)), _PLACE, _NOW + timedelta(days=30))
_WHO = Somebody("grace@example.com", name="Grace", groups=["readers", "writers"], name_id="id-of-grace")
_OTHER_ENCODINGS = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16")  # only the last has a mark
_PARTS_SIGNED = {"the assertion": (False, True), "the answer": (True, False), "both": (True, True)}

Reader = Callable[[str], Said]


class Brought(NamedTuple):
    """`text` is a genuine answer or one that was wrapped; then it is changed, as long as it is XML."""

    text: str
    changes: list[Change] | None  # nothing is done to a genuine one
    encoding: str = "utf-8"

    def spoilt(self) -> str:
        text = self.text
        for change in self.changes or []:
            try:
                text = change(text)
            except (etree.XMLSyntaxError, ValueError):
                break
        return text


def posted(text: str, encoding: str = "utf-8") -> str:
    return base64.b64encode(text.encode(encoding, "replace")).decode()


def read(encoded: str) -> Said:
    return AnswerReader().read(encoded, expected=EXPECTED)


def _text(*, whole: bool, part: bool) -> str:
    reply = Reply(IDP.entity_id, _PLACE.entity_id, _PLACE.acs_url, "_request", EXPECTED.now, _WHO)
    return etree.tostring(signed(reply, IDP.key, whole=whole, part=part)).decode()


GENUINE = {name: _text(whole=whole, part=part) for name, (whole, part) in _PARTS_SIGNED.items()}
TRUTHS = {text: read(posted(text)) for text in GENUINE.values()}


def _wrapped(of: str, name: str, same_id: bool) -> str:
    forgery = OF_ANSWERS.get(name) or OF_ASSERTIONS[name]
    return etree.tostring(forgery(etree.fromstring(GENUINE[of].encode()), same_id)).decode()


WRAPPED = [
    _wrapped(of, name, same_id)
    for of, names in (("the answer", OF_ANSWERS), ("the assertion", OF_ASSERTIONS))
    for name in names
    for same_id in (True, False)
]
_VALUES = ("id-of-grace", "grace@example.com", "readers", _PLACE.entity_id, IDP.entity_id, "_request")


@st.composite
def _said_otherwise(draw: st.DrawFn) -> Change:
    """Something is put into a value that is believed: a text reaches up to a comment for some, and beyond for others."""
    value, piece = draw(st.sampled_from(_VALUES)), draw(st.sampled_from(PIECES))
    at = draw(st.integers(0, len(value)))
    return lambda text: text.replace(value, f"{value[:at]}{piece}{value[at:]}")


_changes = st.lists(changes() | _said_otherwise(), min_size=1, max_size=3)
_encodings = st.just("utf-8") | st.sampled_from(_OTHER_ENCODINGS)
_brought = st.builds(Brought, st.sampled_from([*TRUTHS, *WRAPPED]), st.none() | _changes, _encodings)
_noise = (st.text(max_size=500) | st.text("<>/ =\"'&;!-[]samlp:ID", max_size=200)).map(lambda text: Brought(text, None))


def target(reads: Reader = read) -> Target:
    def holds(example: Any) -> None:
        brought: Brought = example
        try:
            said = reads(posted(brought.spoilt(), brought.encoding))
        except SsoFailed:
            is_spoilt = brought.changes or brought.encoding != "utf-8"
            assert is_spoilt or brought.text not in TRUTHS, "what was signed is refused"
            return
        assert brought.encoding == "utf-8", "it is looked through as one text, and parsed as another"
        own = TRUTHS.get(brought.text)
        assert said == own if own else said in TRUTHS.values(), "it says what nobody has signed"

    return Target("saml_answer", _brought | _noise, holds)
