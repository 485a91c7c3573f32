"""The address of a push endpoint: whatever passes leads to one of the four vendors, for every reader of addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pycurl
import yarl
from hypothesis import strategies as st

from chalicelib.channels import endpoints
from chalicelib.channels.endpoints import BadEndpoint, Endpoint
from tests.fuzz.targets.spoiling import spoiled
from tests.fuzz.targets.target import Target

GENUINE = (
    "https://fcm.googleapis.com/fcm/send/fGk3:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx_",
    "https://jmt17.google.com/fcm/send/fGk3:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx_",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABf_-x",
    "https://web.push.apple.com/QGuQyavXutnMH-_xQ",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAADbv%2fKw%3d%3d",
)
# Said again, in other words than the product's: a list that was read from there would grow along with it.
_OURS = re.compile(
    r"(fcm\.googleapis\.com|jmt17\.google\.com"
    r"|([a-z0-9-]+\.)+(push\.services\.mozilla\.com|push\.apple\.com|notify\.windows\.com))"
)
_HOSTS = ("fcm.googleapis.com", "jmt17.google.com", "web.push.apple.com", "x.notify.windows.com")
_FOREIGN = (
    "evil.test",
    "127.0.0.1",
    "[::1]",
    "169.254.169.254",
    "localhost",
    "0x7f.1",
    "2130706433",
    "xn--fcm-7qa.com",
)
_BETWEEN = ("", "@", ":80@", ".", "\\", "/", "?", "#", "%2e", "%40", "\t", "\n", "\0", "。", "\uff0f", ":", ";", "&")
_PIECES = (
    *"@:/\\?#%.[]&;, \t\r\n\0-_0aZ。\uff0f\uff20é",
    *("//", "..", "%2e", "%2f", "%40", "%00", "https://", "http://", ":80", ":443", "a@", "xn--", ".push.apple.com"),
    *_FOREIGN,
)  # fmt: skip
_PORT = 443


@st.composite
def _assembled(draw: st.DrawFn) -> str:
    """A known host and a foreign one side by side, as tricks upon readers have them."""
    scheme = draw(st.sampled_from(("https://", "https://", "http://", "HTTPS://", "https:", "https:/", "//", "ftp://")))
    pair = draw(st.permutations((draw(st.sampled_from(_HOSTS)), draw(st.sampled_from(_FOREIGN)))))
    path = draw(st.sampled_from(("", "/", "/x", "/../x", "/x@y", "/?@z", "//x", "/%2e%2e/x")))
    return scheme + draw(st.sampled_from(_BETWEEN)).join(pair) + path


def target(parse: Callable[[str], Endpoint] = endpoints.parse) -> Target:
    def holds(url: str) -> None:
        try:
            endpoint = parse(url)
        except BadEndpoint:
            assert url not in GENUINE
            return
        assert _OURS.fullmatch(endpoint.host), f"{endpoint.host} is nobody's we know"
        assert url == f"https://{endpoint.host}{endpoint.path}" == f"{endpoint.origin}{endpoint.path}"
        read, read_by_yarl = urlsplit(url), yarl.URL(url)
        assert (read.scheme, read.netloc, read.username) == ("https", endpoint.host, None)
        assert (read_by_yarl.host, read_by_yarl.port, read_by_yarl.user) == (endpoint.host, _PORT, None)
        assert sockets_wanted(url, endpoint.host) == {("127.0.0.1", _PORT)}

    examples = spoiled(GENUINE, _PIECES, within=45) | _assembled() | st.text(max_size=300)
    return Target("endpoint_url", examples, holds)


def sockets_wanted(url: str, host: str) -> set[tuple[str, int]]:
    """Where libcurl would connect for `url`, when only `host` leads to 127.0.0.1 and any other name to 127.0.0.2."""
    wanted: set[tuple[str, int]] = set()

    def refuse(_purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> int:
        wanted.add(address[3])
        return int(pycurl.SOCKET_BAD)

    curl = pycurl.Curl()
    curl.setopt(pycurl.RESOLVE, [f"{host}:443:127.0.0.1", "*:443:127.0.0.2", "*:80:127.0.0.2"])
    curl.setopt(pycurl.OPENSOCKETFUNCTION, refuse)
    curl.setopt(pycurl.PROXY, "")
    curl.setopt(pycurl.URL, url)
    try:
        curl.perform()
    except pycurl.error:
        return wanted  # it always is one: nobody gets a socket
    finally:
        curl.close()
    raise AssertionError("libcurl connected without asking")
