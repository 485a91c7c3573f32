"""Everything of accounts and teams that `app.py` registers."""

from __future__ import annotations

from chalicelib.features.identity.api.doors import api as doors_api
from chalicelib.features.identity.api.invitations import api as invitations_api
from chalicelib.features.identity.api.me import api as me_api
from chalicelib.features.identity.api.oauth import api as oauth_api
from chalicelib.features.identity.api.saml import api as saml_api
from chalicelib.features.identity.api.second_factor import api as second_factor_api
from chalicelib.features.identity.api.security import api as security_api
from chalicelib.features.identity.api.team import api as team_api

identity_apis = (doors_api, oauth_api, saml_api, me_api, second_factor_api, team_api, security_api, invitations_api)
