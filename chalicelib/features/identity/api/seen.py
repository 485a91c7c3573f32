"""What a request shows of the device that it comes from."""

from __future__ import annotations

from typing import Any

from chalicelib.config import settings
from chalicelib.features.identity.model.device import Device, read_device
from chalicelib.web.call import Call


def device_of(call: Call[Any]) -> Device:
    return read_device(call.request_headers, country_header=settings().country_header)
