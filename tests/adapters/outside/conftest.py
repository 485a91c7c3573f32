"""A certificate authority of our own, and a server that has a certificate of it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from infra.local.push_service.certificate import make_certificate
from tests.adapters.outside.servers import Server, remember_names


@dataclass(frozen=True)
class Authority:
    ca_path: str
    context: ssl.SSLContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    ca_path, context = make_certificate(tmp_path_factory.mktemp("authority"))
    context.set_alpn_protocols(["http/1.1"])
    remember_names(context)
    return Authority(str(ca_path), context)


@pytest.fixture
def server(authority: Authority) -> Iterator[Server]:
    standing = Server(authority.context)
    yield standing
    standing.stop()


@pytest.fixture
def ca_path(authority: Authority) -> str:
    return authority.ca_path
