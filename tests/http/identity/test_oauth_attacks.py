"""Answers of providers that must not be believed, and ways back that do not fit the way there (SECURITY 12, 29)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.local.oidc.desk import Grant, Persona, Somebody
from infra.local.oidc.signing import new_key
from tests.fakes.oidc import Browser, Providers, failed
from tests.world import World

GRACE = Somebody("grace@example.com", name="Grace Hopper")
MALLORY = Somebody("mallory@example.com")
Claims = dict[str, Any]


NEIGHBOURS = ("prefs=[1,2]", 'prefs="a', "foo", "é=1", "a[]=1", "=", "", "x sign_in=1", "sign_in.x=1", "sign_in=1")


def rewritten(address: str, **changes: str | None) -> str:
    url = urlsplit(address)
    query = {**dict(parse_qsl(url.query)), **changes}
    return url._replace(query=urlencode({name: value for name, value in query.items() if value is not None})).geturl()


# --- The way back ---


def test_a_code_of_a_trip_without_a_challenge_signs_no_front_end_in_that_has_one(browser: Browser) -> None:
    """Mallory begins without, and leads the victim's front end to the code: it would be signed in as Mallory."""
    code = browser.code_for(MALLORY)
    refused = browser.exchange(code, code_verifier="a verifier of the victim's front end, which is long")
    assert (refused.status, refused.code) == (401, "invalid_token")
    assert browser.exchange(code).status == 200


def test_without_a_state_nothing_is_read(browser: Browser) -> None:
    address = browser.sign_in(browser.start(), GRACE)
    assert browser.come_back(rewritten(address, state=None)).status == 422


def test_a_state_that_was_tampered_with_is_none(browser: Browser, there: Providers) -> None:
    address = browser.sign_in(browser.start(), GRACE)
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    forgeries = ["", "os_google", state[:-1], state.upper(), state.replace("google", "microsoft"), "\0", "é" * 99]
    forgeries += [state[:place] + ("A" if state[place] != "A" else "B") + state[place + 1 :] for place in (12, 38, -20)]
    for forged in forgeries:
        assert failed(browser.come_back(rewritten(address, state=forged))), forged
    assert there.asked == []


def test_another_browsers_state_is_worth_nothing(browser: Browser, there: Providers) -> None:
    """Mallory begins, and has the victim's browser finish: it would be signed in as Mallory."""
    address = browser.sign_in(browser.start(), MALLORY)
    victim = Browser(browser.client, there)
    assert failed(victim.come_back(address))
    victim.start()
    assert failed(victim.come_back(address))
    victim.cookie = "sign_in=" + "A" * 43
    assert failed(victim.come_back(address))
    assert there.asked == []


@pytest.mark.parametrize(
    "cookie", ["", "sign_in=", "sign_in", "other=1", "sign_in=" + "x" * 4000, "\x01=;;,", "a" * 9000]
)
def test_a_cookie_of_any_shape_is_no_error_of_ours(browser: Browser, cookie: str) -> None:
    address = browser.sign_in(browser.start(), GRACE)
    browser.cookie = cookie
    assert failed(browser.come_back(address))
    browser.start()


@pytest.mark.parametrize("beside", NEIGHBOURS)
def test_what_others_write_into_cookies_keeps_nobody_out(browser: Browser, beside: str) -> None:
    for cookie in (f"{beside}; {{}}", f"{{}}; {beside}", f"{beside};{{}};{beside}"):
        address = browser.sign_in(browser.start(), GRACE)
        browser.cookie = cookie.format(browser.cookie)
        assert browser.come_back(address).status == 302
        browser.cookie = ""


def test_an_answer_is_good_once(browser: Browser, there: Providers) -> None:
    address = browser.sign_in(browser.start(), GRACE)
    assert browser.come_back(address).status == 302
    there.asked.clear()
    assert failed(browser.come_back(address))
    other = browser.sign_in(browser.start(), MALLORY)
    code = dict(parse_qsl(urlsplit(other).query))["code"]
    assert failed(browser.come_back(rewritten(address, code=code)))  # a spent state with a code that is not
    assert there.asked == []


def test_of_many_that_bring_the_same_answer_at_once_one_gets_in(browser: Browser) -> None:
    address = browser.sign_in(browser.start(), GRACE)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: browser.come_back(address), range(8)))
    assert sorted(answer.status for answer in answers) == [302, *[401] * 7]


def test_of_many_that_exchange_a_code_at_once_one_gets_tokens(browser: Browser) -> None:
    code = browser.code_for(GRACE)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: browser.exchange(code), range(8)))
    assert [answer.status for answer in answers].count(200) == 1
    assert all(answer.status in {200, 401, 409} for answer in answers)


def test_a_trip_lasts_ten_minutes(world: World, browser: Browser) -> None:
    asked = browser.start()
    world.clock.advance(seconds=600)
    assert failed(browser.come_back(browser.sign_in(asked, GRACE)))


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>", "x" * 400])
def test_who_is_refused_there_is_refused_here(browser: Browser, there: Providers, error: str) -> None:
    address = browser.sign_in(browser.start(), GRACE)
    answer = browser.come_back(rewritten(address, error=error))
    assert failed(answer)
    assert error not in answer.text
    assert failed(browser.come_back(rewritten(address, code=None)))
    assert there.asked == []


# --- Mix-up ---


def test_one_providers_answer_is_not_taken_for_anothers(browser: Browser, there: Providers) -> None:
    """To the other's address, with the other's name, or with the other's state."""
    address = browser.sign_in(browser.start("google"), GRACE)
    assert failed(browser.come_back(address.replace("/google/", "/microsoft/")))
    assert failed(browser.come_back(rewritten(address, iss=there["microsoft"].issuer)))
    assert failed(browser.come_back(rewritten(address, iss="https://evil.example")))
    microsofts = browser.start("microsoft")["state"]
    assert failed(browser.come_back(rewritten(address, state=microsofts)))
    assert there.asked == []


def test_one_providers_code_never_reaches_anothers_token_endpoint(browser: Browser, there: Providers) -> None:
    browser.code_for(GRACE, "microsoft")
    assert {path.split("/")[3] for path in there.asked} == {"microsoft"}


def test_the_name_of_the_issuer_may_be_left_out(browser: Browser) -> None:
    """Microsoft leaves it out."""
    address = browser.sign_in(browser.start("microsoft"), GRACE, provider="microsoft")
    assert browser.come_back(rewritten(address, iss=None)).status == 302


# --- PKCE, and the code of the provider ---


def test_a_code_that_was_meant_for_another_trip_is_refused_by_the_provider(browser: Browser, there: Providers) -> None:
    """PKCE at work: the code is genuine and unused, and the verifier is another trip's."""
    mine, stolen = browser.sign_in(browser.start(), MALLORY), browser.sign_in(browser.start(), GRACE)
    code = dict(parse_qsl(urlsplit(stolen).query))["code"]
    assert failed(browser.come_back(rewritten(mine, code=code)))
    assert there.asked[-1].endswith("/token")


def test_the_provider_is_given_a_verifier_that_fits(browser: Browser, there: Providers) -> None:
    asked = browser.start()
    address = browser.sign_in({**asked, "code_challenge": "A" * 43}, GRACE)
    assert failed(browser.come_back(address))


def test_a_code_that_the_provider_has_never_seen_is_refused(browser: Browser) -> None:
    address = browser.sign_in(browser.start(), GRACE)
    for code in ("made-up", "x" * 4096):
        assert failed(browser.come_back(rewritten(browser.sign_in(browser.start(), GRACE), code=code)))
    assert browser.come_back(address).status == 302


# --- Id tokens ---


def _with(**changes: Any) -> Callable[[Claims], Claims]:
    return lambda claims: {name: value for name, value in {**claims, **changes}.items() if value is not None}


def _moved(name: str, seconds: int) -> Callable[[Claims], Claims]:
    return lambda claims: {**claims, name: claims[name] + seconds}


LIES: Mapping[str, Callable[[Claims], Claims]] = {
    "another nonce": _with(nonce="A" * 43),
    "no nonce": _with(nonce=None),
    "a nonce that is no text": _with(nonce=1),
    "another audience": _with(aud="somebody-else"),
    "several audiences": _with(aud=["local-google", "somebody-else"]),
    "no audience": _with(aud=None),
    "another authorized party": _with(azp="somebody-else"),
    "another issuer": _with(iss="https://evil.example"),
    "an issuer that only begins like it": lambda claims: {**claims, "iss": f"{claims['iss']}.evil.example"},
    "no issuer": _with(iss=None),
    "no subject": _with(sub=None),
    "an empty subject": _with(sub=""),
    "a subject without end": _with(sub="x" * 300),
    "a subject that is a number": _with(sub=1),
    "it has expired": _moved("exp", -340),
    "it never expires": _with(exp=None),
    "an expiry that is text": _with(exp="tomorrow"),
    "from the future": _moved("iat", 120),
    "not yet good": _moved("nbf", 120),
    "an address that is none": _with(email={"is": "none"}),
    **{f"half a character in its {name}": _with(**{name: "\ud800"}) for name in ("nonce", "sub", "email", "name")},
}


@pytest.mark.parametrize("lie", LIES)
def test_an_id_token_that_lies_is_refused(browser: Browser, there: Providers, lie: str) -> None:
    google = there["google"]
    _tell(google, LIES[lie])
    assert failed(browser.come_back(browser.sign_in(browser.start(), GRACE)))


def _tell(persona: Persona, lie: Callable[[Claims], Claims]) -> None:
    truth = persona.claims

    def claims(grant: Grant) -> Claims:
        return lie(truth(grant))

    persona.claims = claims  # type: ignore[method-assign]  # the provider's own word


def _b64(document: object) -> str:
    return jwt.utils.base64url_encode(json.dumps(document).encode()).decode()


def _unsigned(persona: Persona, claims: Mapping[str, Any]) -> str:
    return f"{_b64({'alg': 'none', 'typ': 'JWT', 'kid': persona.key.kid})}.{_b64(claims)}."


def _hmac_under_the_public_key(persona: Persona, claims: Mapping[str, Any]) -> str:
    """The classic: a verifier that lets the token choose takes the public key for a shared secret."""
    pem = persona.key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{_b64({'alg': 'HS256', 'typ': 'JWT', 'kid': persona.key.kid})}.{_b64(claims)}"
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed.encode(), pem)
    return f"{signed}.{jwt.utils.base64url_encode(signature).decode()}"


def _by(key: Any, algorithm: str, kid: str | None) -> Callable[[Persona, Mapping[str, Any]], str]:
    def sign(persona: Persona, claims: Mapping[str, Any]) -> str:
        name = persona.key.kid if kid == "theirs" else kid
        headers = {"kid": name} if name else {}
        return jwt.encode(dict(claims), key or persona.key.private, algorithm=algorithm, headers=headers)

    return sign


def _changed_after_signing(persona: Persona, claims: Mapping[str, Any]) -> str:
    header, _, signature = Persona.sign(persona, claims).split(".")
    return f"{header}.{_b64({**claims, 'email': 'ada@example.com'})}.{signature}"


FORGERIES: Mapping[str, Callable[[Persona, Mapping[str, Any]], Any]] = {
    "unsigned": _unsigned,
    "HS256 with the public key": _hmac_under_the_public_key,
    "another key under the same name": _by(new_key("RS256").private, "RS256", "theirs"),
    "a key of its own": _by(new_key("RS256").private, "RS256", "mine"),
    "no key named": _by(None, "RS256", None),
    "another algorithm with the right key": _by(None, "PS256", "theirs"),
    "a stronger algorithm with the right key": _by(None, "RS512", "theirs"),
    "changed after signing": _changed_after_signing,
    "no token": lambda *_: "no token",
    "empty": lambda *_: "",
    "not a text": lambda *_: {"id": "token"},
    "one without end": lambda persona, claims: Persona.sign(persona, {**claims, "more": "x" * 20_000}),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_id_token_that_is_not_the_providers_is_refused(browser: Browser, there: Providers, forgery: str) -> None:
    google = there["google"]
    google.sign = lambda claims: FORGERIES[forgery](google, claims)  # type: ignore[method-assign]  # the provider's own
    assert failed(browser.come_back(browser.sign_in(browser.start(), GRACE)))


def test_one_providers_key_does_not_sign_for_another(browser: Browser, there: Providers) -> None:
    google, microsoft = there["google"], there["microsoft"]
    microsoft.sign = google.sign  # type: ignore[method-assign]  # as if it had been broken into
    assert failed(browser.come_back(browser.sign_in(browser.start("microsoft"), GRACE, provider="microsoft")))


def test_an_organisation_speaks_for_itself_only(browser: Browser, there: Providers) -> None:
    _tell(there["microsoft"], _with(tid="99999999-2222-4333-8444-555555555555"))
    assert failed(browser.come_back(browser.sign_in(browser.start("microsoft"), GRACE, provider="microsoft")))


@pytest.mark.parametrize("issuer", [None, "", 5, ["x"], "{tenantid}", "https://evil.example/{tenantid}/v2.0"])
def test_a_key_of_microsofts_says_whose_it_is_or_signs_nothing(
    browser: Browser, there: Providers, issuer: object
) -> None:
    microsoft = there["microsoft"]
    (key,) = microsoft.keys()["keys"]
    told = {name: value for name, value in {**key, "issuer": issuer}.items() if value is not None}
    microsoft.keys = lambda: {"keys": [told]}  # type: ignore[method-assign]  # the provider's own
    assert failed(browser.come_back(browser.sign_in(browser.start("microsoft"), GRACE, provider="microsoft")))


@pytest.mark.parametrize(("organisation", "status"), [("{tenantid}", 302), ("own", 302), ("another", 401)])
def test_a_key_of_one_organisation_speaks_for_no_other(
    browser: Browser, there: Providers, organisation: str, status: int
) -> None:
    microsoft = there["microsoft"]
    another = f"{microsoft.url}/99999999-2222-4333-8444-555555555555/v2.0"
    whose = {"own": microsoft.issuer, "another": another}.get(organisation, f"{microsoft.url}/{organisation}/v2.0")
    told = {**microsoft.keys()["keys"][0], "issuer": whose}
    microsoft.keys = lambda: {"keys": [told]}  # type: ignore[method-assign]  # the provider's own
    address = browser.sign_in(browser.start("microsoft"), GRACE, provider="microsoft")
    assert browser.come_back(address).status == status


def test_microsofts_email_verified_vouches_for_nothing(browser: Browser, there: Providers) -> None:
    """In a directory of one's own one may write any address; only `xms_edov` says whose the domain is."""
    _tell(there["microsoft"], _with(email_verified=True, xms_edov=None))
    assert browser.exchange(browser.code_for(GRACE, "microsoft")).code == "email_unverified"


@pytest.mark.parametrize("word", ["true", 1, [True], None])
def test_google_vouches_with_a_plain_yes_or_not_at_all(browser: Browser, there: Providers, word: Any) -> None:
    _tell(there["google"], _with(email_verified=word))
    assert browser.exchange(browser.code_for(GRACE)).code == "email_unverified"


def test_a_name_of_many_lines_is_no_name(browser: Browser, there: Providers) -> None:
    _tell(there["google"], _with(name="Grace\r\nBcc: all@example.com"))
    assert browser.exchange(browser.code_for(GRACE)).json()["user"]["name"] == ""
