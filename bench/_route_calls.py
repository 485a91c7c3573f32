"""Every route in earnest, again and again: what has to stand before each call, and who asks it with what.

The bench of the API measures these calls and tests/matrix holds them to their budget. What is named nowhere here is
asked with the scene's own things, by their owner.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from bench._ask import Ask
from bench._props import Props
from chalicelib.core.clock import in_seconds
from chalicelib.core.identity import TENANT_SCOPES, Role
from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp
from chalicelib.features.identity.model.second_factor import STEP_SECONDS
from chalicelib.web.allow import Caller
from chalicelib.web.endpoint import Endpoint
from infra.local.oidc.desk import Somebody
from infra.local.saml.desk import posted
from infra.local.saml.reply import Somebody as Employee
from tests.fakes.gateway import HttpAnswer
from tests.fakes.oidc import Browser, Providers
from tests.fakes.saml import FORM, SamlBrowser, desk, set_up
from tests.matrix.scene import ORIGIN, Scene
from tests.world import PASSWORD, Person, add_member, open_tenant

_NEW_PASSWORD = "an entirely new one"  # noqa: S105 -- of nobody
_FROM_CLOUDFRONT = {"CloudFront-Viewer-Country": "AT"}  # without it nobody is looked for far away


Plays = Mapping[str, tuple[Callable[[], Ask], ...]]


class Stage(Props):
    """Everybody on it has been served by this process before."""

    def __init__(self, scene: Scene, providers: Providers) -> None:
        super().__init__(scene)
        self._providers = providers
        self.key = scene.world.api_key(self.owner, *TENANT_SCOPES)
        for token in (self.key, self.owner.access_token):
            self._must("PATCH", self._site, token, {"name": self.name("Shop")})
        self._client.get("/v1/ops/sending", as_=scene.cast.operator)
        self._come_by()

    def _come_by(self) -> None:
        """Browsers are noted once in five minutes, by each of the SDK's routes."""
        sdk, headers = f"/v1/sdk/{self.scene.things['site_key']}", {"Origin": ORIGIN}
        self._client.get(f"{sdk}/config", headers=headers)
        own = {"X-Subscription-Token": self.scene.things["subscription_token"], **headers}
        self._client.patch(f"{sdk}/subscriptions/{self.scene.things['subscription_id']}", json={}, headers=own)

    def ways(self, endpoint: Endpoint) -> Iterator[tuple[str | None, Callable[[], Ask]]]:
        """Every way of asking this route: whose credentials, and what makes, anew each time, what the call needs."""
        plays = self._plays().get(endpoint.name, (Ask,))
        return ((who, play) for who in self._askers(endpoint) for play in plays)

    def ask(self, endpoint: Endpoint, ask: Ask, who: str | None) -> HttpAnswer:
        """The one call that counts."""
        token = ask.token or self.scene.things["subscription_token"]
        headers = {"Origin": ORIGIN, "X-Subscription-Token": token, "Cookie": ask.cookie} | _FROM_CLOUDFRONT
        if endpoint.replayable:
            headers["Idempotency-Key"] = self.name("again")
        path = self.scene.path(endpoint, **ask.ids)
        if ask.form is not None:
            return self._client.request(endpoint.method, path, body=urlencode(ask.form), headers=headers | FORM)
        return self._client.request(
            endpoint.method,
            path,
            as_=ask.who or who,
            json=self.scene.body(endpoint, **ask.ids) if ask.body is None else ask.body,
            query=ask.query,
            headers=headers,
        )

    @property
    def row_of_the_site(self) -> tuple[str, tuple[str, str]]:
        """Table and key."""
        things = self.scene.things
        return f"{self.scene.world.aws.prefix}-core", (f"T#{things['tenant_id']}", f"SITE#{things['site_id']}")

    def _askers(self, endpoint: Endpoint) -> tuple[str | None, ...]:
        """Who may, by each kind of credentials."""
        match endpoint.allow.caller:
            case Caller.OPERATOR:
                return (self.scene.cast.operator,)
            case Caller.USER:
                return (self.owner.access_token,)
            case Caller.TENANT:
                return (self.owner.access_token, self.key)
        return (None,)

    def _plays(self) -> Plays:
        of_people = {**self._of_accounts(), **self._of_providers(), **self._of_second_factors(), **self._of_teams()}
        return {**of_people, **self._of_sites(), **self._of_campaigns()} | {
            "subscribe": (lambda: Ask({"subscription": self._browser()}),),
            "change_own_subscription": (lambda: Ask({"tags": [self._word("tag")]}),),
            "unsubscribe": (self._subscribed,),
            "change_subscription": (lambda: Ask({"tags": [self._word("tag")]}),),
            "remove_subscription": (self._subscribed,),
            "send_notification": (Ask, self._to_somebody),
        }

    def _of_accounts(self) -> Plays:
        return {
            "register": (lambda: Ask(self._newcomer()),),
            "verify_email": (self._registered,),
            "resend_verification": (lambda: Ask({"email": self._register()}),),
            "forget_password": (lambda: Ask({"email": self.owner.email}),),
            "reset_password": (self._forgotten,),
            "login": (lambda: Ask({"email": self.owner.email, "password": PASSWORD}),),
            "refresh": (lambda: Ask({"refresh_token": self._person().refresh_token}),),
            "logout": (self._alone,),
            "logout_all": (self._alone,),
            "switch_tenant": (lambda: self._alone(lambda person: {"tenant_id": person.tenant_id}),),
            "step_up": (lambda: self._alone(lambda _: {"password": PASSWORD}), self._doubly_proven),
            "confirm_email": (self._moving,),
            "rename_me": (lambda: Ask({"name": self.name("Ada")}),),
            "ask_for_email": (lambda: self._alone(lambda _: {"email": self._email(), "password": PASSWORD}),),
            "change_password": (
                lambda: self._alone(lambda _: {"current_password": PASSWORD, "password": _NEW_PASSWORD}),
            ),
            "end_session": (self._elsewhere,),
            "erase_me": (lambda: Ask(who=self._member().access_token),),
        }

    def _of_providers(self) -> Plays:
        return {
            "finish_oauth": (self._back_from_google,),
            "exchange_oauth_code": (self._new_by_google, self._met_by_google, self._known_by_google),
            "start_saml": (lambda: Ask(ids={"tenant_id": self._employer().tenant_id}),),
            "finish_saml": (self._back_from_work,),
            "exchange_saml_code": (self._new_at_work, self._met_at_work, self._known_at_work),
            "get_sso": (lambda: Ask(who=self._employing().access_token),),
            "remove_sso": (lambda: Ask(who=self._employing().access_token),),
        }

    def _of_second_factors(self) -> Plays:
        return {
            "set_up_second_factor": (self._alone,),
            "confirm_second_factor": (self._half_guarded,),
            "remove_second_factor": (self._guarded,),
            "replace_recovery_codes": (self._guarded,),
        }

    def _of_teams(self) -> Plays:
        return {
            "change_role": (lambda: Ask({"role": "analyst"}, ids=self._colleague()),),
            "remove_member": (lambda: Ask(ids=self._colleague()),),
            "transfer_ownership": (self._heir,),
            "create_api_key": (lambda: Ask({"name": "Checkout", "scopes": ["sites:read"], "site_id": self._id()}),),
            "revoke_api_key": (self._doomed_key,),
            "invite": (lambda: self._alone(lambda _: {"email": self._email(), "role": "agent"}),),
            "revoke_invitation": (self._invitation,),
            "accept_invitation": (self._invited, self._invited_resident),
            "change_tenant": (lambda: Ask({"name": self.name("Company")}),),
            "change_retention": (lambda: self._alone(lambda _: {"campaign_runs_days": 90}),),
            "close_tenant": (self._alone,),
            "reopen_tenant": (self._closing,),
        }

    def _of_sites(self) -> Plays:
        return {
            "change_site": (lambda: Ask({"name": self.name("Shop")}), self._waits_less),
            "close_site": (lambda: Ask(ids={"site_id": self._made("/v1/sites", {"name": "Pop-up", "url": ORIGIN})}),),
        }

    def _of_campaigns(self) -> Plays:
        return {
            "change_campaign": (lambda: Ask({"name": self.name("Sale")}),),
            "remove_campaign": (lambda: Ask(ids=self._campaign()),),
            "schedule_campaign": (lambda: Ask(ids=self._campaign()), lambda: Ask(ids=self._scheduled())),
            "unschedule_campaign": (lambda: Ask(ids=self._scheduled()),),
            "send_campaign": (lambda: Ask(ids=self._campaign()), lambda: Ask(ids=self._scheduled())),
            "cancel_campaign": (
                lambda: Ask(ids=self._scheduled()),
                lambda: Ask(ids=self._sent()),
                lambda: Ask(ids=self._under_way()),
            ),
            "pause_campaign": (lambda: Ask(ids=self._under_way()),),
            "resume_campaign": (lambda: Ask(ids=self._paused()),),
            "get_campaign_stats": (Ask, lambda: Ask(ids=self._under_way())),
        }

    # --- People ---

    def _person(self) -> Person:
        person = open_tenant(self._word("person"), self.scene.world.clock)
        self._must("PATCH", "/v1/me", person, {"name": "Somebody"})
        self._must("GET", "/v1/tenant", person)  # one's own account is open to the blocked, and asks for no block
        return person

    def _alone(self, body: Callable[[Person], Any] = lambda _: None) -> Ask:
        person = self._person()
        return Ask(body(person), who=person.access_token)

    def _newcomer(self) -> dict[str, str]:
        return {"email": self._email(), "password": PASSWORD, "tenant_name": "Mine"}

    def _register(self) -> str:
        newcomer = self._newcomer()
        self._must("POST", "/v1/auth/register", None, newcomer)
        return newcomer["email"]

    def _registered(self) -> Ask:
        return Ask({"token": self._letter(self._register(), "vt"), "password": PASSWORD})

    def _forgotten(self) -> Ask:
        person = self._person()
        self._must("POST", "/v1/auth/password/forgot", None, {"email": person.email})
        return Ask({"token": self._letter(person.email, "pt"), "password": _NEW_PASSWORD})

    def _moving(self) -> Ask:
        person, email = self._person(), self._email()
        self._must("POST", "/v1/me/email", person, {"email": email, "password": PASSWORD})
        return Ask({"token": self._letter(email, "et"), "password": PASSWORD})

    def _elsewhere(self) -> Ask:
        person = self._person()
        login = {"email": person.email, "password": PASSWORD}
        self._must("POST", "/v1/auth/login", None, login)
        sessions = self._must("GET", "/v1/me/sessions", person)["data"]
        other = next(session["id"] for session in sessions if not session["current"])
        return Ask(who=person.access_token, ids={"session_id": other})

    def _half_guarded(self) -> Ask:
        person = self._person()
        return Ask({"otp": self._code_of(self._secret(person))}, who=person.access_token)

    def _guarded(self) -> Ask:
        ask = self._half_guarded()
        self._must("POST", "/v1/auth/totp/confirm", ask.who, ask.body)
        return Ask(who=ask.who)

    def _doubly_proven(self) -> Ask:
        """With the next code, for the present one was good once."""
        person = self._person()
        secret = self._secret(person)
        self._must("POST", "/v1/auth/totp/confirm", person, {"otp": self._code_of(secret)})
        return Ask({"password": PASSWORD, "otp": self._code_of(secret, steps=1)}, who=person.access_token)

    def _secret(self, person: Person) -> bytes:
        return base64.b32decode(self._must("POST", "/v1/auth/totp", person)["secret"])

    def _code_of(self, secret: bytes, *, steps: int = 0) -> str:
        return AuthenticatorApp().code(secret, in_seconds(self.scene.world.clock.now()) // STEP_SECONDS + steps)

    # --- Providers ---

    def _back_from_google(self) -> Ask:
        browser = Browser(self._client, self._providers)
        address = browser.sign_in(browser.start(), Somebody(self._email()))
        return Ask(query=dict(parse_qsl(urlsplit(address).query)), cookie=browser.cookie)

    def _code(self, email: str) -> dict[str, str]:
        return {"code": Browser(self._client, self._providers).code_for(Somebody(email))}

    def _new_by_google(self) -> Ask:
        return Ask(self._code(self._email()))

    def _met_by_google(self) -> Ask:
        """There is an account, which its owner now opens to a provider."""
        email = self._person().email
        return Ask({**self._code(email), "password": PASSWORD})

    def _known_by_google(self) -> Ask:
        email = self._email()
        self._must("POST", "/v1/auth/oauth/exchange", None, self._code(email))
        return Ask(self._code(email))

    def _employing(self) -> Person:
        """Their tenant has an identity provider."""
        person = self._person()
        set_up(self._client, person, desk())
        return person

    def _employer(self) -> SamlBrowser:
        return SamlBrowser(self._client, desk(), self._employing().tenant_id)

    def _back_from_work(self) -> Ask:
        browser = self._employer()
        form = posted(browser.reply(Employee(self._email())), browser.idp.key, relay_state=browser.relay_state)
        return Ask(form=form, ids={"tenant_id": browser.tenant_id}, cookie=browser.cookie)

    def _new_at_work(self) -> Ask:
        return Ask({"code": self._employer().code_for(Employee(self._email()))})

    def _met_at_work(self) -> Ask:
        """A member with an account, which its owner now opens to the identity provider."""
        person = self._employing()
        member = add_member(self._word("member"), person, Role.EDITOR, self.scene.world.clock)
        browser = SamlBrowser(self._client, desk(), person.tenant_id)
        return Ask({"code": browser.code_for(Employee(member.email)), "password": PASSWORD}, cookie=browser.cookie)

    def _known_at_work(self) -> Ask:
        browser, employee = self._employer(), Employee(self._email())
        browser.sign_in(employee)
        return Ask({"code": browser.code_for(employee)})

    # --- Teams ---

    def _colleague(self) -> dict[str, str]:
        return {"user_id": self._member().user_id}

    def _member(self) -> Person:
        return add_member(self._word("colleague"), self.owner, Role.EDITOR, self.scene.world.clock)

    def _heir(self) -> Ask:
        person = self._person()
        heir = add_member(self._word("heir"), person, Role.ADMIN, self.scene.world.clock)
        return Ask({"user_id": heir.user_id}, who=person.access_token)

    def _closing(self) -> Ask:
        person = self._person()
        self._must("DELETE", "/v1/tenant", person)
        return Ask(who=person.access_token)

    def _doomed_key(self) -> Ask:
        return Ask(ids={"key_id": self._made("/v1/api-keys", {"name": "doomed", "scopes": ["sites:read"]})})

    def _invitation(self) -> Ask:
        person = self._person()
        made = self._must("POST", "/v1/invitations", person, {"email": self._email(), "role": "agent"})
        return Ask(who=person.access_token, ids={"invitation_id": made["id"]})

    def _invited(self, email: str = "") -> Ask:
        email = email or self._email()
        self._must("POST", "/v1/invitations", self._person(), {"email": email, "role": "agent"})
        return Ask({"token": self._letter(email, "it"), "password": PASSWORD})

    def _invited_resident(self) -> Ask:
        """Somebody who has an account."""
        return self._invited(self._person().email)
