"""base64url: there and back, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.encoding import b64url, unb64url


@given(st.binary(max_size=200))
def test_bytes_come_back(raw: bytes) -> None:
    spelled = b64url(raw)
    assert not set(spelled) & set("+/=")
    assert unb64url(spelled) == raw
    assert unb64url(spelled + "=" * (-len(spelled) % 4)) == raw


@pytest.mark.parametrize("garbage", ["a", "ab+/", "a b", "ab\n", "äöü", "ab=c", "\0", "aaaaa", "ab\ud800"])
def test_anything_else_is_refused(garbage: str) -> None:
    with pytest.raises(ValueError, match="not base64url"):
        unb64url(garbage)
