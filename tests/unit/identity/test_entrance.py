"""What strangers may ask, and how often: guesses at passwords, and letters to mailboxes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.core.errors import Invalid, OverLimit, Unavailable
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.known_device import device_token, read_device_token
from chalicelib.features.identity.model.person import InvalidToken, NoTenant
from chalicelib.features.identity.service.entrance import SignedIn
from tests.unit.identity.house import DEVICES, LINKS, NOW, PASSWORD, House

HOME, CAFE, ELSEWHERE = "203.0.113.7", "198.51.100.1", "2001:db8::1"
USER = "usr_01kz8m5q3v7x9c2b4n6t8w0y1e"


def login(
    house: House,
    password: str = PASSWORD,
    *,
    email: str = "ada@example.com",
    address: str = HOME,
    known_by: str | None = None,
) -> SignedIn:
    return house.entrance.login(
        email=email, password=password, address=address, known_by=known_by, request_id="req_1", now=house.now
    )


def guess(house: House, times: int = 1, *, address: str = HOME, **words: str | None) -> list[str]:
    """What became of each: `wrong` or `over`."""
    found = []
    for _ in range(times):
        try:
            login(house, "not this one", address=address, **words)  # type: ignore[arg-type]  # by name
        except InvalidCredentials:
            found.append("wrong")
        except OverLimit:
            found.append("over")
    return found


def test_five_wrong_passwords_at_an_account_and_no_sixth(house: House) -> None:
    house.open()
    addresses = [f"198.51.100.{number}" for number in range(10)]
    found = [guess(house, address=address) for address in addresses]
    assert found == [["wrong"]] * 5 + [["over"]] * 5
    assert house.hasher.work.count("verify") == 5
    with pytest.raises(OverLimit):
        login(house, address=ELSEWHERE)  # nor the right one
    house.later(minutes=15)
    login(house)


def test_five_wrong_passwords_from_an_address_at_whatever_accounts(house: House) -> None:
    house.open()
    found = [guess(house, email=f"person{number}@example.com")[0] for number in range(8)]
    assert found == ["wrong"] * 5 + ["over"] * 3
    with pytest.raises(OverLimit):
        login(house)
    login(house, address=CAFE)


def test_a_household_of_ipv6_is_one_address(house: House) -> None:
    house.open()
    found = [guess(house, address=f"2001:db8::{n:x}", email=f"p{n}@example.com")[0] for n in range(1, 8)]
    assert found == ["wrong"] * 5 + ["over"] * 2
    assert guess(house, address="2001:db8:0:1::1", email="p9@example.com") == ["wrong"]


def test_right_passwords_do_not_count(house: House) -> None:
    house.open()
    for _ in range(30):
        login(house)
    assert guess(house, 6) == ["wrong"] * 5 + ["over"]


def test_signing_in_between_buys_no_guesses(house: House) -> None:
    house.open()
    house.open("mallory@example.com")
    found = []
    for _ in range(5):
        found += guess(house)
        if len(found) < 5:
            login(house, email="mallory@example.com")
    assert guess(house) == ["over"]


def test_a_locked_account_costs_its_neighbours_nothing(house: House) -> None:
    """Whoever is refused at the account has tried no password, and the address is not to blame."""
    house.open()
    house.open("ben@example.com")
    guess(house, 5, address=CAFE)
    assert guess(house, 20) == ["over"] * 20
    login(house, email="ben@example.com")


def test_an_address_that_is_over_costs_accounts_nothing(house: House) -> None:
    house.open()
    for number in range(5):
        guess(house, email=f"person{number}@example.com")
    assert guess(house, 20) == ["over"] * 20
    login(house, address=CAFE)
    assert guess(house, 6, address=CAFE) == ["wrong"] * 5 + ["over"]


def test_what_is_no_address_is_not_counted(house: House) -> None:
    for _ in range(9):
        with pytest.raises(Invalid):
            login(house, email="no address")
    assert house.attempts.made == {}


def test_a_right_password_of_somebody_without_a_tenant_is_no_guess(house: House) -> None:
    house.open()
    house.people_store.members_by_key.clear()
    for _ in range(9):
        with pytest.raises(NoTenant):
            login(house)


def test_nobody_learns_by_guessing_who_is_registered(house: House) -> None:
    """SECURITY 9: the same steps and the same work, until it is over and after."""
    house.open()
    asked = []
    for email, address in (("ada@example.com", HOME), ("nobody@example.com", CAFE)):
        house.during()
        house.hasher.work.clear()
        found = guess(house, 7, email=email, address=address)
        asked.append((found, house.during(), list(house.hasher.work)))
    assert asked[0] == asked[1]
    assert asked[0][1][:4] == ["begin guess_account", "begin guess_address", "user_id_at", "user"]


# --- Known devices ---


def test_a_known_device_gets_in_while_others_guess(house: House) -> None:
    house.open()
    known = login(house).device_token
    guess(house, 9)
    login(house, known_by=known)
    with pytest.raises(OverLimit):
        login(house)


def test_a_known_device_may_guess_five_times_too(house: House) -> None:
    house.open()
    known, other = login(house).device_token, login(house).device_token
    assert guess(house, 7, known_by=known) == ["wrong"] * 5 + ["over"] * 2
    login(house)  # which locks nobody else out
    login(house, known_by=other)
    house.later(minutes=15)
    login(house, known_by=known)


def test_a_device_stays_the_same_for_as_long_as_it_is_used(house: House) -> None:
    tokens = house.open()
    known = login(house).device_token
    first = read_device_token(known, signer=DEVICES, now=house.now)
    for _ in range(3):
        house.later(days=300)
        known = login(house, known_by=known).device_token
    found = read_device_token(known, signer=DEVICES, now=house.now)
    assert found == first
    assert found is not None
    assert found.user_id == tokens.user.id


def test_somebody_elses_device_opens_no_second_count(house: House) -> None:
    house.open()
    house.open("mallory@example.com")
    known = login(house, email="mallory@example.com", address=CAFE).device_token
    assert guess(house, 7, known_by=known) == ["wrong"] * 5 + ["over"] * 2


def test_a_device_is_known_for_a_year(house: House) -> None:
    text = device_token(user_id=USER, known=None, signer=DEVICES, now=NOW)
    assert read_device_token(text, signer=DEVICES, now=NOW + timedelta(days=364, hours=23)) is not None
    assert read_device_token(text, signer=DEVICES, now=NOW + timedelta(days=365)) is None


@pytest.mark.parametrize("forge", ["{}x", "{}é", "x{}", "{}\n", "dt_", "", "rt{}"])
def test_a_forged_token_is_no_device(house: House, forge: str) -> None:
    text = device_token(user_id=USER, known=None, signer=DEVICES, now=NOW)
    assert read_device_token(forge.format(text), signer=DEVICES, now=NOW) is None
    house.open()
    house.during()
    assert guess(house, 1, known_by=forge.format(text)) == ["wrong"]
    assert house.during()[0] == "begin guess_account"


def test_every_character_of_a_device_token_counts() -> None:
    text = device_token(user_id=USER, known=None, signer=DEVICES, now=NOW)
    for index in range(len(text) - 1):  # the last one of base64 has bits to spare
        other = "0" if text[index] != "0" else "1"
        changed = text[:index] + other + text[index + 1 :]
        assert read_device_token(changed, signer=DEVICES, now=NOW) is None


def test_a_token_for_another_purpose_is_no_device() -> None:
    text = device_token(user_id=USER, known=None, signer=LINKS, now=NOW)
    assert read_device_token(text, signer=DEVICES, now=NOW) is None


# --- Links of letters ---


def test_links_are_guessed_at_from_an_address_five_times(house: House) -> None:
    links = [house.register(f"new{number}@example.com") for number in range(7)]
    found = []
    for link in links:
        try:
            house.entrance.verify_email(token=link, password="not it", address=HOME, request_id="r", now=house.now)
        except InvalidCredentials:
            found.append("wrong")
        except OverLimit:
            found.append("over")
    assert found == ["wrong"] * 5 + ["over"] * 2


def test_opening_an_account_makes_its_device_known(house: House) -> None:
    link = house.register()
    done = house.entrance.verify_email(token=link, password=PASSWORD, address=HOME, request_id="r", now=house.now)
    guess(house, 9, address=CAFE)
    login(house, known_by=done.device_token)


def test_a_void_link_is_no_guess(house: House) -> None:
    link = house.register()
    house.verify(link)
    for _ in range(9):
        with pytest.raises(InvalidToken):
            house.entrance.verify_email(token=link, password=PASSWORD, address=HOME, request_id="r", now=house.now)
    login(house)


def test_a_new_address_is_guessed_at_no_more_often(house: House) -> None:
    token = house.ask_for_email(house.open())
    guess(house, 4, email="nobody@example.com")
    for expected in (InvalidCredentials, OverLimit):
        with pytest.raises(expected):
            house.entrance.confirm_email(token=token, password="not it", address=HOME, request_id="r", now=house.now)
    house.entrance.confirm_email(token=token, password=PASSWORD, address=CAFE, request_id="r", now=house.now)


@pytest.mark.parametrize("token", ["vt_x", "et_x", ""])
def test_a_forged_link_costs_no_count(house: House, token: str) -> None:
    for opened in (house.entrance.verify_email, house.entrance.confirm_email):
        with pytest.raises(InvalidToken):
            opened(token=token, password=PASSWORD, address=HOME, request_id="r", now=house.now)
    assert house.during() == []


# --- Letters ---


def test_a_mailbox_gets_three_letters_about_registrations_an_hour(house: House) -> None:
    words = {"email": "ada@example.com", "password": PASSWORD, "tenant_name": "Ada"}
    for _ in range(6):
        house.entrance.register(address=HOME, **words, now=house.now)
        house.entrance.resend(email="ADA@example.com ", now=house.now)
    assert len(house.letters.letters) == 3
    house.entrance.register(address=HOME, **words | {"email": "ben@example.com"}, now=house.now)
    assert len(house.letters.letters) == 4
    house.later(hours=1)
    house.entrance.resend(email="ada@example.com", now=house.now)
    assert len(house.letters.letters) == 5


def test_a_mailbox_gets_three_links_to_a_new_password_an_hour(house: House) -> None:
    house.open()
    for _ in range(10):
        house.entrance.forgot(email="ada@example.com", now=house.now)
        house.later(minutes=4)
    assert len(house.letters.letters) == 3


def test_nobody_learns_by_asking_for_letters_who_is_registered(house: House) -> None:
    house.open()
    seen = []
    for email in ("ada@example.com", "nobody@example.com"):
        house.during()
        for _ in range(5):
            house.entrance.forgot(email=email, now=house.now)
            house.entrance.resend(email=email, now=house.now)
        seen.append(house.during())
    assert seen[0] == seen[1]


def test_who_is_signed_in_is_told_that_an_address_has_had_enough(house: House) -> None:
    who = house.asking(house.open())
    words = {"email": "new@example.com", "password": PASSWORD, "request_id": "r"}
    for _ in range(3):
        house.entrance.ask_for_email(**who, **words, now=house.now)
    with pytest.raises(OverLimit) as refused:
        house.entrance.ask_for_email(**who, **words, now=house.now)
    assert refused.value.retry_after_seconds == 3_600
    house.entrance.ask_for_email(**who, **words | {"email": "other@example.com"}, now=house.now)


# --- When nobody can count ---


def test_nobody_is_let_in_uncounted(house: House) -> None:
    house.open()
    known = login(house).device_token
    house.attempts.is_away = True
    house.hasher.work.clear()
    for token in (None, known):
        with pytest.raises(Unavailable):
            login(house, known_by=token)
    for ask in (house.entrance.forgot, house.entrance.resend):
        with pytest.raises(Unavailable):
            ask(email="ada@example.com", now=house.now)
    assert house.hasher.work == []


def test_who_was_right_gets_in_though_nobody_can_note_it(house: House) -> None:
    house.open()

    def fall_silent() -> None:
        house.attempts.is_away = True

    house.hasher.age = "newer"  # so that the rival has a change to come before
    house.people_store.rival = fall_silent
    assert login(house).tokens.user.email == "ada@example.com"
    house.attempts.is_away = False
    assert guess(house, 5) == ["wrong"] * 4 + ["over"]
