"""The guards around every test, seen standing."""

from __future__ import annotations

import socket
import warnings

import pytest
from hypothesis import settings
from pytest_socket import SocketConnectBlockedError

_ELSEWHERE = ("192.0.2.1", 9)  # RFC 5737: documentation only, nobody lives there


def test_nothing_leaves_this_machine() -> None:
    """The guard warns before it raises, and a warning is an error here."""
    with socket.socket() as outside, pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"):
        outside.connect(_ELSEWHERE)


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            client.sendall(b"hello")
            assert accepted.recv(5) == b"hello"


def test_examples_are_the_same_for_everyone_and_have_no_deadline() -> None:
    assert settings.default is not None
    assert (settings.default.derandomize, settings.default.deadline) == (True, None)


def test_a_warning_is_an_error() -> None:
    with pytest.raises(UserWarning, match="worn out"):
        warnings.warn("worn out", stacklevel=1)
