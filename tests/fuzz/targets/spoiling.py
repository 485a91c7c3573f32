"""How good texts are spoiled: up to a few pieces of them inserted, replaced, removed or repeated."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

_MOST_REMOVED = 8


@st.composite
def spoiled(
    draw: st.DrawFn, texts: Sequence[str], pieces: Sequence[str], *, most: int = 4, within: int | None = None
) -> str:
    """One of the texts, changed up to `most` times or not at all; half of the changes within its first characters."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(0, most))):
        reach = min(len(text), within) if within and draw(st.booleans()) else len(text)
        at, removed = draw(st.integers(0, reach)), draw(st.integers(0, _MOST_REMOVED))
        repeated = st.just(text[at : at + removed] * 2)
        piece = draw(st.sampled_from(pieces) | st.text(max_size=3) | repeated)
        text = text[:at] + piece + text[at + removed :]
    return text
