"""The stand-in identity provider as a browser sees it: its metadata, its form, and the way back."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from chalicelib.core import clock
from infra.local.console.exchange import Request
from infra.local.saml.desk import Desk
from infra.local.saml.signing import kept_at
from tests.fakes.saml import SamlBrowser, code_in, desk, set_up
from tests.world import World

_FIELD = re.compile(r'name="(\w+)" value="([^"]*)"')


@pytest.fixture
def idp(world: World) -> Desk:
    found = desk()
    set_up(world.client, world.ada, found, role_attribute="groups", roles={"writers": "editor"})
    return found


def test_its_forms_lead_there_and_back(world: World, idp: Desk) -> None:
    browser = SamlBrowser(world.client, idp, world.ada.tenant_id)
    gone = world.client.get(f"/v1/auth/saml/{world.ada.tenant_id}/start")
    browser.cookie = gone.headers["set-cookie"].partition(";")[0]
    url = urlsplit(gone.headers["location"])
    asked = idp.answer(Request(method="GET", path=url.path, query=dict(parse_qsl(url.query))))
    form = {name: unescape(value) for name, value in _FIELD.findall(asked.body.decode())}
    form |= {"email": "grace@example.com", "groups": "readers, writers"}
    back = idp.answer(Request(method="POST", path=url.path, body=urlencode(form).encode()))
    assert f'action="{browser.start().acs_url}"' in back.body.decode()
    fields = {name: unescape(value) for name, value in _FIELD.findall(back.body.decode())}
    tokens = browser.exchange(code_in(browser.post(fields))).json()
    assert (tokens["user"]["email"], tokens["role"]) == ("grace@example.com", "editor")


def test_its_metadata_is_what_a_tenant_is_told(idp: Desk) -> None:
    answer = idp.answer(Request(method="GET", path="/local/saml/metadata"))
    assert answer.body.decode() == idp.metadata()
    assert idp.concerns("/local/saml/metadata")
    assert not idp.concerns("/local/oidc/google/keys")


@pytest.mark.parametrize(
    "query", [{}, {"SAMLRequest": "%%%"}, {"SAMLRequest": "QQ=="}, {"SAMLRequest": "s0nMSa0AAA=="}]
)
def test_what_is_no_request_is_refused(idp: Desk, query: dict[str, str]) -> None:
    assert idp.answer(Request(method="GET", path="/local/saml/sso", query=query)).status == 400


def test_there_is_nothing_else(idp: Desk) -> None:
    assert idp.answer(Request(method="GET", path="/local/saml/other")).status == 404


def test_its_key_is_the_same_after_a_restart(tmp_path: Path) -> None:
    now = clock.now()
    made = kept_at(tmp_path / "state" / "key.pem", now)
    kept = kept_at(tmp_path / "state" / "key.pem", now + timedelta(days=1))
    assert kept.pem == made.pem
    assert (tmp_path / "state" / "key.pem").stat().st_mode & 0o077 == 0
