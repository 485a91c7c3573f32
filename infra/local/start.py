"""Puts the local product together, in order: environment, AWS, clock, push service, workers, HTTP.

Nothing of the product is imported before its environment is set, so the imports are inside.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from infra.local import aws, moto_patch
from infra.local.clock import LocalClock
from infra.local.expected_lateness import expected_after_advances
from infra.local.expiry import expire
from infra.local.instance import STATE, announce
from infra.local.instance import running as found
from infra.local.queue_levers import release_in_flight
from infra.local.snapshot import Keeper, Notes, SetAside, Snapshot

if TYPE_CHECKING:
    from infra.local.product import LocalProduct, Parts
    from infra.local.push_service.service import PushService
    from infra.local.readers import Readers
    from infra.local.seed import Demo
    from infra.local.shop.server import ShopServer
    from infra.local.shop.shop import Account

LOG = logging.getLogger("local.product")
_RETRY_AFTER_SECONDS = 5  # SQS would hide a failed message for six minutes
_WORKERS_A_QUEUE = 2
_LEDGER_ROWS = 50_000
_EXPIRE_EVERY_SECONDS = 60.0


@dataclass(frozen=True)
class Options:
    """`keeps_state` false: nothing is read or written. Port 0: any free one, as for the shop if its own is taken.
    `readers_tell`: simulated subscribers report what they show.
    """

    port: int = 8000
    shop_port: int = 0
    keeps_state: bool = True
    subscribers: int = 1_000
    is_real_push: bool = False
    readers_tell: bool = False


@contextmanager
def running(options: Options) -> Iterator[LocalProduct]:
    with ExitStack() as stack:
        os.environ.update(aws.environment(public_url=f"http://127.0.0.1:{options.port}"))  # noqa: TID251 -- an entry point
        stack.enter_context(aws.running())
        notes = _remembered() if options.keeps_state else {}
        clock = LocalClock(advanced_seconds=notes.get("advanced_seconds", 0.0))
        _go_by(clock)
        stack.enter_context(expected_after_advances(clock))
        stack.callback(moto_patch.follow, None)
        for changed in aws.create_resources(secrets=_secrets()):
            LOG.warning("%s has changed in the template; `make reset` makes it anew", changed)
        product = _staffed(stack, options, clock, notes)
        if options.readers_tell:
            stack.enter_context(_readers(product.parts).telling())
        yield product


def _staffed(stack: ExitStack, options: Options, clock: LocalClock, notes: Notes) -> LocalProduct:
    from app import app
    from chalicelib.aws import side_by_side
    from infra.local.console.log_tail import LogTail
    from infra.local.console.routes import Console
    from infra.local.gateway import Gateway
    from infra.local.oidc.desk import Desk
    from infra.local.oidc.seam import lead_to
    from infra.local.product import LocalProduct, Parts
    from infra.local.push_service.service import PushService
    from infra.local.runner import Runner
    from infra.local.saml.desk import Desk as SamlDesk
    from infra.local.saml.signing import kept_at
    from infra.local.sdk_files import SdkFiles
    from infra.local.shop.shop import Shop

    folder = STATE if options.keeps_state else Path(stack.enter_context(TemporaryDirectory()))
    log = stack.enter_context(LogTail(folder / "log").attached())
    capacity = max(_LEDGER_ROWS, 2 * options.subscribers)
    push_service = stack.enter_context(PushService(now=clock.now, ledger_capacity=capacity))
    _lead_to(push_service, options)
    runner = Runner(
        app,
        clock=clock,
        retry_after_seconds=_RETRY_AFTER_SECONDS,
        most_at_once=_WORKERS_A_QUEUE,
        notes=notes.get("runner"),
    )
    url = f"http://127.0.0.1:{options.port}"
    shop = shop_server(options.shop_port)
    stack.callback(shop.close)
    demo = _demo(notes, url=url, shop_url=shop.origin, subscribers=options.subscribers, clock=clock)
    product = LocalProduct(Parts(url, shop.origin, clock, push_service, runner, log, demo, options.is_real_push))
    providers = Desk(url=url, public_url=url, now=clock.now)
    lead_to(providers)
    idp = SamlDesk(url=url, now=clock.now, key=kept_at(folder / "saml-idp.pem", clock.now()))
    console = Console(product, port=options.port, providers=(providers, idp))
    stack.callback(console.close)
    if options.keeps_state:
        _keep(stack, product)
    stack.enter_context(_expiring(clock))
    stack.callback(side_by_side.rest)
    runner.start()
    stack.callback(runner.stop)
    stack.enter_context(Gateway(app, port=options.port, sites=(console, SdkFiles())))
    shop.open(Shop(_shops_account(demo, url=url)))
    if options.keeps_state and (instance := found()):
        announce(replace(instance, aws_url=stack.enter_context(aws.serving())))
    return product


def _go_by(clock: LocalClock) -> None:
    from chalicelib.core import clock as product_clock

    product_clock.use(clock)
    moto_patch.follow(clock)


def _lead_to(push_service: PushService, options: Options) -> None:
    from chalicelib.channels import registry
    from chalicelib.channels.outside.curl import Way
    from chalicelib.channels.webpush.transport import Direct
    from infra.local.connector import Loopback, NoNames
    from infra.local.nearby import Nearby

    beyond = Direct() if options.is_real_push else None
    registry.use(Loopback(port=push_service.port, ca_path=push_service.ca_path, beyond=beyond))
    registry.lead(Way() if options.is_real_push else Way(resolver=NoNames()), beside=Nearby)


def _demo(notes: Notes, *, url: str, shop_url: str, subscribers: int, clock: LocalClock) -> Demo:
    from infra.local.seed import Demo, seed, welcome_pages

    if "demo" not in notes:
        return seed(url=url, shop_url=shop_url, subscribers=subscribers, now=clock.now())
    demo = Demo.from_json(notes["demo"])
    welcome_pages(demo, url=url, shop_url=shop_url)
    return demo


def shop_server(port: int) -> ShopServer:
    """Another program on its port must not keep the product from starting."""
    from infra.local.shop.server import ShopServer

    try:
        return ShopServer(port=port)
    except OSError:
        return ShopServer()


def _shops_account(demo: Demo, *, url: str) -> Account:
    from chalicelib.features.sites.wiring import sites
    from infra.local.shop.shop import Account

    secret = sites().identity_secret(tenant_id=demo.tenant_id, site_id=demo.site_id)
    return Account(product_url=url, site_key=demo.site_key, identity_secret=secret)


def _readers(parts: Parts) -> Readers:
    from infra.local.readers import ProductDoor, Readers

    door = ProductDoor(parts.url, site_key=parts.demo.site_key, origin=parts.shop_url)
    return Readers(parts.push_service.ledger, door)


def _keep(stack: ExitStack, product: LocalProduct) -> None:
    parts = product.parts

    def notes() -> Mapping[str, Any]:
        return {
            "advanced_seconds": parts.clock.advanced_seconds,
            "runner": parts.runner.notes(),
            "demo": parts.demo.as_json(),
        }

    keeper = Keeper(Snapshot(STATE / "state"), notes)
    keeper.start()
    stack.callback(keeper.stop)


@contextmanager
def _expiring(clock: LocalClock) -> Iterator[None]:
    """Rows past their time go once a minute, and whenever the clock is advanced."""
    stopping = Event()

    def sweep() -> None:
        expire(aws.PREFIX, now=clock.now())

    def run() -> None:
        while not stopping.wait(_EXPIRE_EVERY_SECONDS):
            sweep()

    clock.on_advance(sweep)
    thread = Thread(target=run, name="expiry", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _remembered() -> Notes:
    """What was in flight when the last process ended is free again: nobody works on it any more."""
    try:
        notes = Snapshot(STATE / "state").load() or {}
    except SetAside as lost:
        print(lost)
        return {}
    release_in_flight(f"{aws.PREFIX}-")
    return notes


def _secrets() -> Mapping[str, str]:
    from chalicelib.core import chance
    from chalicelib.core.encoding import b64url
    from chalicelib.features.identity.adapters.key_set import new_key_set
    from infra.local.oidc.desk import credentials

    names = aws.environment()
    return {
        names["SECRET_JWT"]: new_key_set(),
        names["SECRET_PEPPER"]: b64url(chance.token(32)),
        names["SECRET_INSTALLATION"]: b64url(chance.token(32)),
        names["SECRET_OAUTH_GOOGLE"]: credentials("google"),
        names["SECRET_OAUTH_MICROSOFT"]: credentials("microsoft"),
    }
