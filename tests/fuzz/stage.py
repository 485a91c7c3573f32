"""What must exist before a stranger's requests can reach deep: accounts, sites, campaigns, subscriptions and keys.

Made over HTTP on the running product, in numbers, because the requests that follow send, cancel and delete them.
"""

from __future__ import annotations

import base64
import hmac
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.core import clock
from chalicelib.core.clock import in_seconds
from chalicelib.core.encoding import b64url
from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp
from chalicelib.features.identity.model.second_factor import STEP_SECONDS
from infra.local.push_service.service import PushService
from tests.fakes.local_product import Product
from tests.fakes.outsider import Caller, open_account, patiently, register, subscribe, token_of_letter

GUARDED, LEAVING, BEGINNER, CONFIRMING = (f"{name}@example.com" for name in ("guarded", "leaving", "new", "sure"))
EMAIL, OTHER, RESTLESS = "fuzz@example.com", "other@example.com", "restless@example.com"
CAPTAIN, GENEROUS, NOMAD = "captain@example.com", "generous@example.com", "nomad@example.com"
SUSPECT, GONE, CLOSING = "suspect@example.com", "gone@example.com", "closing@example.com"
KEEPER, EMPLOYER, CLOSER = "keeper@example.com", "employer@example.com", "closer@example.com"
PASSWORD = "a long enough password"
RESTLESS_PASSWORD = "correct horse battery staple"  # as the contract's examples have it: five wrong ones end a session
ORIGIN = "https://shop.example"
CUSTOMER = "customer-7"  # not as the contract's examples have it: that one is erased
_MANY = 60
_FEW = 15
_HANDFUL = 3
_SCOPES = ("sites:read", "sites:write", "audience:read", "audience:write", "campaigns:read", "campaigns:write")
_MESSAGE = {"title": "Sale", "body": "Until Sunday", "url": f"{ORIGIN}/sale"}


def prepare(product: Product, folder: Path) -> dict[str, str]:
    """Writes the lists into the folder, one value in a line; returns the credentials by the names of their variables."""
    anyone = Caller(product.url)
    operator = replace(anyone, token=product.operator_key)
    tokens, other = _account(anyone, EMAIL), _account(anyone, OTHER)
    captain, generous, nomad, closer = (_person(anyone, email) for email in (CAPTAIN, GENEROUS, NOMAD, CLOSER))
    ada = replace(anyone, token=tokens["access_token"])
    confirming = replace(anyone, token=_account(anyone, CONFIRMING)["access_token"])
    suspect, block = _suspected(anyone)
    site = _site(ada)
    subscribed = [subscribe(ada, site, index, origin=ORIGIN) for index in range(_FEW)]
    own, *others = [one["subscription_id"] for one in subscribed]
    lists = {
        **_sites(ada, site),
        **_campaigns(ada, site),
        "notifications": (notified := [_notification(ada, site, one) for one in others[:_FEW]]),
        "receipts": [_receipt(anyone, one) for one in notified],
        **_browser(ada, site),
        "own_subscription": [own],
        "subscriptions": others[: _FEW // 2],
        "doomed_subscriptions": others[_FEW // 2 :],
        **_of_the_account(ada),
        "tenants": [tokens["tenant"]["id"]],
        **_of_people(anyone),
        **_team(captain),
        "blocks": [block],
        "doomed_sites": [_site(closer)["id"] for _ in range(_FEW)],
        "heirs": [_member(generous, f"heir{number}@example.com") for number in range(_HANDFUL)],
    }
    lists["push_hosts"] = _hosts_in_trouble(operator, ada, tokens["tenant"]["id"], site["id"], others)
    _write(folder, lists)
    return {
        "ACCESS_TOKEN": ada.token,
        "OTHER_TOKEN": other["access_token"],
        "RESTLESS_TOKEN": _account(anyone, RESTLESS, RESTLESS_PASSWORD)["access_token"],
        "CAPTAIN_TOKEN": captain.token,
        "CLOSER_TOKEN": closer.token,
        "GENEROUS_TOKEN": generous.token,
        "NOMAD_TOKEN": nomad.token,
        "SUSPECT_TOKEN": suspect.token,
        "MOVING_TOKEN": _signed_in(anyone)["access_token"],
        **_of_sso(anyone, folder),
        **_of_second_factors(anyone),
        **_of_farewells(anyone, generous),
        "CONFIRMING_TOKEN": confirming.token,
        "TOTP_SECRET": confirming.post("/v1/auth/totp", None)["secret"],
        "OPERATOR_KEY": operator.token,
        "API_KEY": _key(ada, *_SCOPES, "campaigns:send", "notifications:send", "team:read", "privacy:write")["key"],
        "SUBSCRIPTION_TOKEN": subscribed[0]["token"],
    }


def _of_the_account(ada: Caller) -> dict[str, Sequence[str]]:
    return {
        "exports": [ada.post("/v1/audit-log/export", None)["id"] for _ in range(_HANDFUL)],
        "jobs": [ada.post("/v1/privacy/export", {"external_id": f"{number}"})["id"] for number in range(_HANDFUL)],
        "keys": [_key(ada, "sites:read")["id"] for _ in range(_FEW)],
    }


def _of_people(anyone: Caller) -> dict[str, Sequence[str]]:
    """Signed in, and with letters to answer."""
    return {
        "refresh_tokens": [_signed_in(anyone)["refresh_token"] for _ in range(_FEW)],
        "sessions": [_session(replace(anyone, token=_signed_in(anyone, NOMAD)["access_token"])) for _ in range(_FEW)],
        "resets": [_reset(anyone, f"forgetful{number}@example.com") for number in range(_HANDFUL)],
        "moves": [_move(anyone, f"moving{number}@example.com") for number in range(_HANDFUL)],
        "letters": [register(anyone, f"new{number}@example.com", PASSWORD) for number in range(_FEW)],
    }


def _write(folder: Path, lists: Mapping[str, Sequence[str]]) -> None:
    for name, values in lists.items():
        (folder / f"{name}.txt").write_text("".join(f'"{value}"\n' for value in values), encoding="utf-8")


def _reset(anyone: Caller, email: str) -> str:
    _account(anyone, email)
    anyone.post("/v1/auth/password/forgot", {"email": email})
    return token_of_letter(anyone, email, "pt")


def _move(anyone: Caller, email: str) -> str:
    mover = replace(anyone, token=_account(anyone, email)["access_token"])
    mover.post("/v1/me/email", {"email": f"to-{email}", "password": PASSWORD})
    return token_of_letter(anyone, f"to-{email}", "et")


def _guarded(anyone: Caller, email: str) -> Caller:
    """Somebody whose second factor is on."""
    person = replace(anyone, token=_account(anyone, email)["access_token"])
    secret = base64.b32decode(person.post("/v1/auth/totp", None)["secret"])
    code = AuthenticatorApp().code(secret, in_seconds(clock.now()) // STEP_SECONDS)
    person.post("/v1/auth/totp/confirm", {"otp": code})
    return person


def _of_second_factors(anyone: Caller) -> dict[str, str]:
    return {
        "GUARDED_TOKEN": _guarded(anyone, GUARDED).token,
        "LEAVING_TOKEN": _guarded(anyone, LEAVING).token,
        "BEGINNER_TOKEN": _account(anyone, BEGINNER)["access_token"],
    }


def _of_farewells(anyone: Caller, owner: Caller) -> dict[str, str]:
    """Who may erase themselves, being nobody's only owner; and who has an account to close."""
    _member(owner, GONE)
    return {
        "GONE_TOKEN": _signed_in(anyone, GONE)["access_token"],
        "CLOSING_TOKEN": _account(anyone, CLOSING)["access_token"],
    }


def _of_sso(anyone: Caller, folder: Path) -> dict[str, str]:
    """Who names identity providers, and a tenant that has one."""
    employer = _employer(anyone)
    _write(folder, {"employers": [employer]})
    return {"KEEPER_TOKEN": _person(anyone, KEEPER).token, "EMPLOYER": employer}


def _employer(anyone: Caller) -> str:
    """A tenant whose people come by the stand-in identity provider."""
    account = _account(anyone, EMPLOYER)
    with urllib.request.urlopen(f"{anyone.url}/local/saml/metadata") as answer:
        wish = {"metadata": answer.read().decode(), "default_role": "agent"}
    replace(anyone, token=account["access_token"]).put("/v1/tenant/sso", wish)
    return str(account["tenant"]["id"])


def _team(captain: Caller) -> dict[str, Sequence[str]]:
    """Members to change and to remove, and invitations to accept and to revoke."""
    return {
        "users": [_member(captain, f"member{number}@example.com") for number in range(_HANDFUL)],
        "doomed_users": [_member(captain, f"leaving{number}@example.com") for number in range(_FEW)],
        "invited": [_invited(captain, f"invited{number}@example.com") for number in range(_HANDFUL)],
        "invitations": [_invitation(captain, f"doubtful{number}@example.com") for number in range(_FEW)],
    }


def _member(owner: Caller, email: str) -> str:
    answer = {"token": _invited(owner, email), "password": PASSWORD}
    return str(replace(owner, token="").post("/v1/invitations/accept", answer)["user"]["id"])


def _invited(owner: Caller, email: str) -> str:
    """The token of the letter."""
    _invitation(owner, email)
    return token_of_letter(owner, email, "it")


def _invitation(owner: Caller, email: str) -> str:
    return str(owner.post("/v1/invitations", {"email": email, "role": "agent"})["id"])


def _session(person: Caller) -> str:
    sessions = person.get("/v1/me/sessions?limit=100")["data"]
    return str(next(session["id"] for session in sessions if session["current"]))


def _account(anyone: Caller, email: str, password: str = PASSWORD) -> Any:
    return open_account(anyone, email, password)


def _person(anyone: Caller, email: str) -> Caller:
    return replace(anyone, token=_account(anyone, email)["access_token"])


def _signed_in(anyone: Caller, email: str = EMAIL, **headers: str) -> Any:
    return anyone.post("/v1/auth/login", {"email": email, "password": PASSWORD}, **headers)


def _sites(ada: Caller, site: Any) -> dict[str, Sequence[str]]:
    """One to work with, and some to change."""
    return {
        "sites": [site["id"]],
        "site_keys": [site["site_key"]],
        "changing_sites": [_site(ada)["id"] for _ in range(_FEW)],
    }


def _suspected(anyone: Caller) -> tuple[Caller, str]:
    """Somebody who flew faster than anybody does and has proven since who they are, and the block they may lift."""
    _account(anyone, SUSPECT)
    for country in ("DE", "BR"):
        _signed_in(anyone, SUSPECT, **{"CloudFront-Viewer-Country": country})
    began = in_seconds(clock.now())
    patiently(lambda: in_seconds(clock.now()) > began, "the next second")
    suspect = replace(anyone, token=_signed_in(anyone, SUSPECT)["access_token"])
    (block,) = suspect.get("/v1/security/blocks")["data"]
    return suspect, str(block["id"])


def _site(ada: Caller) -> Any:
    return ada.post("/v1/sites", {"name": "Shop", "url": ORIGIN})


def _key(ada: Caller, *scopes: str) -> Any:
    return ada.post("/v1/api-keys", {"name": "fuzz", "scopes": list(scopes)})


def _campaigns(ada: Caller, site: Any) -> dict[str, Sequence[str]]:
    ahead = clock.now().astimezone(UTC) + timedelta(days=30)
    instants = [(ahead + timedelta(days=day)).replace(microsecond=0) for day in range(3)]
    schedule = {"schedule": {"send_at": _spelled(ahead)}}
    return {
        "campaigns": [_campaign(ada, site) for _ in range(_MANY)],
        "doomed_campaigns": [_campaign(ada, site, **schedule) for _ in range(_FEW)],
        "scheduled_campaigns": [_campaign(ada, site, **schedule) for _ in range(_FEW)],
        "runs": [_run(ada, site) for _ in range(_FEW)],
        "slow_campaigns": [_under_way(ada, site) for _ in range(_FEW)],
        "instants": [_spelled(instant) for instant in instants],
    }


def _spelled(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _campaign(ada: Caller, site: Any, **words: Any) -> str:
    body = {"name": "Sale", "message": _MESSAGE, "audience": {"all": True}, **words}
    return str(ada.post(f"/v1/sites/{site['id']}/campaigns", body)["id"])


def _under_way(ada: Caller, site: Any) -> str:
    """So slow that it is being sent for as long as anybody asks."""
    campaign = _campaign(ada, site, throttle_per_minute=1)
    path = f"/v1/sites/{site['id']}/campaigns/{campaign}"
    ada.post(f"{path}/send", {})
    patiently(lambda: ada.get(f"{path}/stats")["state"] == "sending", "a planned run")
    return campaign


def _run(ada: Caller, site: Any) -> str:
    campaign = _campaign(ada, site, throttle_per_minute=1)
    return str(ada.post(f"/v1/sites/{site['id']}/campaigns/{campaign}/send", {})["run"])


def _hosts_in_trouble(operator: Caller, ada: Caller, tenant_id: str, site_id: str, people: list[str]) -> Sequence[str]:
    """That a site keeps away from, because they only asked it to wait."""
    operator.post("/local/push-service/rules", {"rules": [{"answer": {"status": 429}}]})
    ada.post(f"/v1/sites/{site_id}/notifications", {"to": {"subscription_ids": people}, "message": _MESSAGE})
    gates = patiently(
        lambda: operator.get(f"/v1/ops/tenants/{tenant_id}/sites/{site_id}/gates")["data"], "a closed gate"
    )
    operator.post("/local/push-service/rules", {"rules": []})
    return [gate["host"] for gate in gates]


def _notification(ada: Caller, site: Any, subscription: str) -> str:
    body = {"to": {"subscription_ids": [subscription]}, "message": _MESSAGE}
    return str(ada.post(f"/v1/sites/{site['id']}/notifications", body)["id"])


def _receipt(anyone: Caller, notification: str) -> str:
    """As the browser has it that was pushed to."""
    run = "run_" + notification.removeprefix("ntf_")
    (arrival,) = patiently(lambda: anyone.get(f"/local/received?run={run}")["data"], "a push")
    return str(arrival["payload"]["receipt"])


def _browser(ada: Caller, site: Any) -> dict[str, Sequence[str]]:
    """What a browser would say of itself, and the site's page of whoever sits before it."""
    secret = ada.get(f"/v1/sites/{site['id']}/identity-secret")["identity_secret"].encode()
    found = [PushService.simulated(12, index, vapid_public_key=site["vapid_public_key"]) for index in range(_FEW)]
    return {
        "endpoints": [one["endpoint"] for one in found],
        "p256dh": [one["keys"]["p256dh"] for one in found],
        "auth": [one["keys"]["auth"] for one in found],
        "external_ids": [CUSTOMER],
        "signatures": [b64url(hmac.digest(secret, CUSTOMER.encode(), "sha256"))],
    }
