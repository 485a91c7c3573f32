"""The allow-list of push endpoints: fixed vectors, then mutations that libcurl itself must read as we do."""

from __future__ import annotations

import pycurl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.channels import endpoints
from chalicelib.channels.endpoints import BadEndpoint, Vendor

TOKEN = "fGk3:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx_"
ACCEPTED = {
    f"https://fcm.googleapis.com/fcm/send/{TOKEN}": ("fcm.googleapis.com", Vendor.FCM),
    f"https://fcm.googleapis.com/wp/{TOKEN}": ("fcm.googleapis.com", Vendor.FCM),
    f"https://jmt17.google.com/fcm/send/{TOKEN}": ("jmt17.google.com", Vendor.FCM),
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABf_-x": (
        "updates.push.services.mozilla.com",
        Vendor.MOZILLA,
    ),
    "https://stand-in.push.services.mozilla.com/wpush/v2/sim-1-2-any-0123456789abcdef": (
        "stand-in.push.services.mozilla.com",
        Vendor.MOZILLA,
    ),
    "https://web.push.apple.com/QGuQyavXutnMH-_xQ": ("web.push.apple.com", Vendor.APPLE),
    "https://api.eu.push.apple.com/3/device/1": ("api.eu.push.apple.com", Vendor.APPLE),
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAADbv%2fKw%3d%3d": (
        "wns2-par02p.notify.windows.com",
        Vendor.WNS,
    ),
}
REFUSED = [
    "",
    "/fcm/send/x",
    "fcm.googleapis.com/fcm/send/x",
    "https://fcm.googleapis.com",
    "https://fcm.googleapis.com/",
    "http://fcm.googleapis.com/fcm/send/x",
    "HTTPS://fcm.googleapis.com/fcm/send/x",
    "ftp://fcm.googleapis.com/fcm/send/x",
    "https:fcm.googleapis.com/fcm/send/x",
    "https:///fcm.googleapis.com/fcm/send/x",
    "https://FCM.googleapis.com/fcm/send/x",
    "https://fcm.googleapis.com./fcm/send/x",
    "https://.fcm.googleapis.com/fcm/send/x",
    "https://x.fcm.googleapis.com/fcm/send/x",
    "https://fcm.googleapis.com:443/fcm/send/x",
    "https://fcm.googleapis.com:/fcm/send/x",
    "https://user@fcm.googleapis.com/fcm/send/x",
    "https://user:word@fcm.googleapis.com/fcm/send/x",
    "https://fcm.googleapis.com@evil.test/fcm/send/x",
    "https://fcm.googleapis.com/@evil.test/x",
    "https://evil.test/fcm.googleapis.com/x",
    "https://evil.test?fcm.googleapis.com/x",
    "https://evil.test#@fcm.googleapis.com/x",
    "https://evil.test\\@fcm.googleapis.com/x",
    "https://fcm.googleapis.com\\.evil.test/x",
    "https://fcm.googleapis.com%2eevil.test/x",
    "https://fcm.googleapis.com.evil.test/x",
    "https://evilfcm.googleapis.com/x",
    "https://google.com/x",
    "https://push.services.mozilla.com/wpush/v2/x",
    "https://.push.services.mozilla.com/wpush/v2/x",
    "https://a..push.services.mozilla.com/wpush/v2/x",
    "https://-.push.services.mozilla.com/wpush/v2/x",
    "https://a-.push.apple.com/x",
    "https://evilpush.apple.com/x",
    "https://push.apple.com.evil.test/x",
    "https://notify.windows.com/w/?token=x",
    f"https://{'a' * 64}.push.apple.com/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/x",
    "https://fcm.googleapis.com/../x",
    "https://fcm.googleapis.com/a/..",
    "https://fcm.googleapis.com/a/./b",
    "https://fcm.googleapis.com/a/.",
    "https://fcm.googleapis.com/%2e%2E/x",
    "https://fcm.googleapis.com/fcm/send/x#y",
    "https://fcm.googleapis.com/fcm/send/x y",
    "https://fcm.googleapis.com/fcm/send/x\n",
    "https://fcm.googleapis.com/fcm/send/x\r\nHost: evil.test",
    "\thttps://fcm.googleapis.com/fcm/send/x",
    "https://fcm.googleapis.com/fcm/send/\x00",
    "https://fcm.googleapis.com/fcm/send/é",
    "https://fcm。googleapis.com/fcm/send/x",
    "https://\uff46cm.googleapis.com/fcm/send/x",
    "https://fcm.googleapis.com/" + "x" * endpoints.LONGEST,
]


@pytest.mark.parametrize("url", ACCEPTED)
def test_what_the_push_services_hand_out_is_accepted(url: str) -> None:
    found = endpoints.parse(url)
    assert (found.host, found.vendor) == ACCEPTED[url]
    assert found.origin + found.path == url


@pytest.mark.parametrize("url", REFUSED)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(BadEndpoint):
        endpoints.parse(url)


def test_a_refusal_and_an_endpoint_do_not_repeat_the_capability() -> None:
    accepted = next(iter(ACCEPTED))
    assert TOKEN not in repr(endpoints.parse(accepted))
    with pytest.raises(BadEndpoint) as refused:
        endpoints.parse(accepted.replace("https", "http"))
    assert TOKEN not in f"{refused.value!r} {refused.value.facts} {refused.value.detail}"


HOSTILE = [
    *"@:/\\?#%.[]&;, \t\r\n\0-_0aZ。\uff0f\uff20é",
    "//", "..", "%2e", "%2f", "%40", "%00", "https://", "http://", "evil.test", "127.0.0.1", "[::1]", ":80", ":443",
    "a@", "@evil.test", ".evil.test", "fcm.googleapis.com", ".push.apple.com", "xn--", "localhost",
]  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A good endpoint with up to four pieces inserted, replaced, removed or repeated, mostly near the authority."""
    url = draw(st.sampled_from(list(ACCEPTED)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, min(len(url), draw(st.sampled_from([45, 10_000])))))
        removed = draw(st.integers(0, 8))
        piece = draw(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=3), st.just(url[at : at + removed] * 2)))
        url = url[:at] + piece + url[at + removed :]
    return url


def sockets_wanted(url: str, host: str) -> list[tuple[str, int]]:
    """Where libcurl would connect for `url`, when only `host` leads to 127.0.0.1 and any other name to 127.0.0.2."""
    wanted: list[tuple[str, int]] = []

    def refuse(_purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> int:
        wanted.append(address[3])
        return int(pycurl.SOCKET_BAD)

    curl = pycurl.Curl()
    curl.setopt(pycurl.RESOLVE, [f"{host}:443:127.0.0.1", "*:443:127.0.0.2", "*:80:127.0.0.2"])
    curl.setopt(pycurl.OPENSOCKETFUNCTION, refuse)
    curl.setopt(pycurl.PROXY, "")
    curl.setopt(pycurl.URL, url)
    with pytest.raises(pycurl.error):
        curl.perform()
    curl.close()
    return wanted


@given(mutations())
@example("https://fcm.googleapis.com/a?b@evil.test/x")
@example("https://stand-in.push.services.mozilla.com/wpush?//evil.test/x")
def test_libcurl_reads_the_same_host_in_whatever_passes(url: str) -> None:
    try:
        endpoint = endpoints.parse(url)
    except BadEndpoint:
        return
    assert endpoint.host in endpoints._HOSTS or endpoint.host.endswith(tuple(endpoints._SUFFIXES))
    assert url == f"https://{endpoint.host}{endpoint.path}"
    assert set(sockets_wanted(url, endpoint.host)) == {("127.0.0.1", 443)}


@pytest.mark.parametrize("url", ACCEPTED)
def test_the_referee_itself_can_tell_hosts_apart(url: str) -> None:
    other = url.replace("https://", "https://evil.test/?")
    assert set(sockets_wanted(url, endpoints.parse(url).host)) == {("127.0.0.1", 443)}
    assert set(sockets_wanted(other, endpoints.parse(url).host)) == {("127.0.0.2", 443)}


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    with pytest.raises(BadEndpoint):
        endpoints.parse(text)
