"""Simulated browsers: they read what was meant for them, and are the same after every restart."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.core.encoding import unb64url
from infra.local.push_service.service import STAND_IN_HOST, PushService
from infra.local.push_service.subscriber import ANY_KEY, Subscriber, find_subscriber, open_message
from tests.adapters.push_service.sender import Sender, generate_key

HOSTS = (
    "fcm.googleapis.com",
    "jmt17.google.com",
    STAND_IN_HOST,
    "web.push.apple.com",
    "wns2-par02p.notify.windows.com",
)
POINT = "BIFXNz-HrlWgTZngxhrX8T6gqHJVVXzbWXSulroaJ6kJYvt-DAyqzyrTDym3KAefgFo7GWUa-U6KpwsikVOeTsQ"
ADA = Subscriber(host=STAND_IN_HOST, seed=7, index=1, key_print=ANY_KEY)


def ada() -> dict[str, Any]:
    return PushService.simulated(7, 1)


def test_the_example_of_rfc_8291_decrypts() -> None:
    private_key = ec.derive_private_key(
        int.from_bytes(unb64url("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")), ec.SECP256R1()
    )
    body = unb64url(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    opened = open_message(body, private_key=private_key, auth=unb64url("BTBZMqHH6r4Tts7J_aSIgg"))
    assert opened.plaintext == b"When I grow up, I want to be a watermelon"
    assert opened.error is None


def test_the_same_arguments_give_the_same_browser_in_any_process() -> None:
    assert ada() == PushService.simulated(7, 1)
    # Spelt out: another derivation would orphan every stored subscription.
    assert ada()["endpoint"] == f"https://{STAND_IN_HOST}/wpush/v2/sim-7-1-any-b78c2d4edfd9d132"
    assert ada()["keys"]["p256dh"] == POINT


@pytest.mark.parametrize(("seed", "index", "host"), [(8, 1, HOSTS[0]), (7, 2, HOSTS[0]), (7, 1, HOSTS[1])])
def test_another_seed_index_or_host_is_another_browser(seed: int, index: int, host: str) -> None:
    one, other = PushService.simulated(7, 1, host=HOSTS[0]), PushService.simulated(seed, index, host=host)
    assert one["endpoint"] != other["endpoint"]
    assert one["keys"]["p256dh"] != other["keys"]["p256dh"]
    assert one["keys"]["auth"] != other["keys"]["auth"]


def test_a_subscription_has_the_shape_of_a_browsers() -> None:
    assert set(ada()) == {"endpoint", "expirationTime", "keys"}
    assert len(unb64url(ada()["keys"]["p256dh"])) == 65
    assert len(unb64url(ada()["keys"]["auth"])) == 16


@pytest.mark.parametrize("host", HOSTS)
def test_endpoints_look_like_their_vendors_and_pass_as_plain_urls(host: str) -> None:
    endpoint = urlsplit(PushService.simulated(7, 1, host=host)["endpoint"])
    assert (endpoint.scheme, endpoint.netloc) == ("https", host)
    assert endpoint.path.startswith(("/fcm/send/", "/wpush/v2/", "/w/", "/sim-"))


def test_every_subscription_is_a_new_browser() -> None:
    with PushService() as one, PushService() as other:
        endpoints = [service.subscribe()["endpoint"] for service in (one, one, other, other)]
    assert len(set(endpoints)) == 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text.replace("-1-", "-2-"),
        lambda text: text.replace("sim-7", "sim-07"),
        lambda text: text.replace("-1-", "-01-"),
        lambda text: text.replace("-any-", "-0123456789abcdef-"),
        lambda text: text + "0",
        lambda text: text.upper(),
        lambda _: "",
        lambda _: "sim-1-99999999999999999999-any-0123456789abcdef",
    ],
)
def test_a_damaged_id_is_nobodys(damage: Any) -> None:
    assert find_subscriber(STAND_IN_HOST, ADA.endpoint_id) == ADA
    assert find_subscriber(STAND_IN_HOST, damage(ADA.endpoint_id)) is None


def test_an_id_at_another_host_is_nobodys() -> None:
    assert find_subscriber("fcm.googleapis.com", ADA.endpoint_id) is None


@pytest.mark.parametrize(("seed", "index"), [(-1, 0), (0, -1), (2**64, 0), (0, 2**64)])
def test_seed_and_index_have_bounds(seed: int, index: int) -> None:
    with pytest.raises(ValueError, match="between 0 and"):
        PushService.simulated(seed, index)


@pytest.mark.parametrize("key", ["", "!", "BAAA", POINT[:-4], "A" * 87])
def test_only_a_p256_point_may_be_subscribed_with(key: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PushService.simulated(7, 1, vapid_public_key=key)


@pytest.mark.parametrize(
    "host", ["example.com", "fcm.googleapis.com.evil.example", "push.services.mozilla.com", "", "ü"]
)
def test_only_a_push_service_can_be_subscribed_at(host: str) -> None:
    with pytest.raises(ValueError, match="no push service"):
        PushService.simulated(7, 1, host=host)


def test_a_subscriber_reads_what_was_encrypted_for_it() -> None:
    assert ADA.open(Sender.encrypt(b"hello", ada())).plaintext == b"hello"
    assert ADA.open(Sender.encrypt(b"x" * 3993, ada())).plaintext == b"x" * 3993


def test_a_subscriber_cannot_read_what_was_encrypted_for_another() -> None:
    opened = ADA.open(Sender.encrypt(b"hello", PushService.simulated(7, 2)))
    assert opened.plaintext is None
    assert opened.error is not None
    assert "undecipherable" in opened.error


def test_two_records_are_unreadable_as_they_are_in_browsers() -> None:
    keys = ada()["keys"]
    body = http_ece.encrypt(
        b"x" * 300,
        private_key=generate_key(),
        dh=unb64url(keys["p256dh"]),
        auth_secret=unb64url(keys["auth"]),
        rs=128,
        version="aes128gcm",
    )
    assert ADA.open(body).error == "more than one record"


@pytest.mark.parametrize(
    "body", [b"", b"x", b"\0" * 21, b"\0" * 104, b"\xff" * 4096, b"\0" * 20 + b"\x41" + b"\0" * 200]
)
def test_noise_is_unreadable_but_harmless(body: bytes) -> None:
    opened = ADA.open(body)
    assert opened.plaintext is None
    assert opened.error


@pytest.mark.parametrize("position", [0, 20, 21, 22, 60, 86, 90, -1])
def test_every_flipped_byte_is_noticed(position: int) -> None:
    body = bytearray(Sender.encrypt(b"hello", ada()))
    body[position] ^= 1
    assert ADA.open(bytes(body)).plaintext is None
