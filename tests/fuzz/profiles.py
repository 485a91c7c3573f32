"""How hard `make fuzz` tries: quick beside every change, full on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Profile:
    """`examples` are drawn for each operation; `at_least` so many must have been sent, where there can be so many: what
    is drawn twice is sent once. `known` is how likely a path names what exists: who draws much soon has drawn all that,
    and sooner where nothing else tells requests apart, which is `known_alone`.
    """

    examples: int
    at_least: int
    known: float
    known_alone: float
    target_examples: int
    longest_seconds: int


PROFILES: Mapping[str, Profile] = {
    "quick": Profile(examples=20, at_least=1, known=0.9, known_alone=0.9, target_examples=500, longest_seconds=900),
    "full": Profile(
        examples=600, at_least=200, known=0.5, known_alone=0.02, target_examples=10_000, longest_seconds=6 * 3_600
    ),
}


def asked_for(*, name: str, examples: str) -> Profile:
    """`examples` overrules the profile's. Raises ValueError with a sentence for who asked."""
    if name not in PROFILES:
        raise ValueError(f"PROFILE={name} is none of {', '.join(PROFILES)}")
    if not examples:
        return PROFILES[name]
    if not examples.isdigit() or not int(examples):
        raise ValueError(f"EXAMPLES={examples} is no number of examples")
    return replace(PROFILES[name], examples=int(examples))
