"""The slice behind one name, and the two things an installation's command line asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.features.identity.model.api_key import IssuedKey
from chalicelib.features.identity.model.session import Tokens
from chalicelib.features.identity.service.accounts import Accounts
from chalicelib.features.identity.service.addresses import Addresses
from chalicelib.features.identity.service.api_keys import ApiKeys
from chalicelib.features.identity.service.invitations import Invitations
from chalicelib.features.identity.service.own_account import OwnAccount
from chalicelib.features.identity.service.people import People
from chalicelib.features.identity.service.recovery import Recovery
from chalicelib.features.identity.service.second_factor import SecondFactors
from chalicelib.features.identity.service.sessions import Sessions
from chalicelib.features.identity.service.team import Team


@dataclass(frozen=True)
class Identity:
    accounts: Accounts
    sessions: Sessions
    api_keys: ApiKeys
    people: People
    recovery: Recovery
    own_account: OwnAccount
    addresses: Addresses
    second_factors: SecondFactors
    team: Team
    invitations: Invitations

    def open_tenant(self, *, email: str, password: str, tenant_name: str, plan: str, now: datetime) -> Tokens:
        """A tenant whose owner's address is vouched for by the command line: demo, tests, support."""
        return self.accounts.open_tenant(email=email, password=password, tenant_name=tenant_name, plan=plan, now=now)

    def issue_operator_key(self, *, name: str, now: datetime) -> IssuedKey:
        """A key of scope `ops`: the platform's own, of no tenant."""
        return self.api_keys.issue_operator_key(name=name, now=now)
