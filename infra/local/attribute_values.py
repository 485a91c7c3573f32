"""Attribute values of DynamoDB as JSON spells them. For `moto_patch.py`: stock tries ten members for each."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any


def wire_value(value: Mapping[str, Any]) -> dict[str, Any]:
    ((kind, content),) = value.items()
    match kind, content:
        case "S" | "N", str():
            return {kind: content}
        case "BOOL" | "NULL", bool():
            return {kind: content}
        case "B", bytes():
            return {kind: base64.b64encode(content).decode()}
        case "SS" | "NS", list():
            return {kind: [str(element) for element in content]}
        case "BS", list():
            return {kind: [base64.b64encode(element).decode() for element in content]}
        case "M", dict():
            return {kind: {name: wire_value(inner) for name, inner in content.items()}}
        case "L", list():
            return {kind: [wire_value(inner) for inner in content]}
    raise ValueError(f"not an attribute value: {value!r}")
