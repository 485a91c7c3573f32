"""A deploy, from the package to a release that has proven itself. Every step finds what is done already and goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.deploy.alarms import watched_alarms
from infra.deploy.artifacts import Artifacts
from infra.deploy.change import change
from infra.deploy.change_set import CREATE, UPDATE, Wish
from infra.deploy.concurrency import affordable
from infra.deploy.credentials import make_absent_secrets
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.history import Entry, read_history, write_history
from infra.deploy.kept import adopt_kept, forget_kept
from infra.deploy.keys import check_release, remembered
from infra.deploy.mail import is_placeholder, ready_mail
from infra.deploy.operator_key import issue_key
from infra.deploy.package import Package, pack, read_package, release_of
from infra.deploy.parameters import Values, chosen
from infra.deploy.rollback import go_back
from infra.deploy.sdk_files import upload_sdk
from infra.deploy.smoke import smoke
from infra.deploy.stack import Stack, Standing
from infra.deploy.wishes import Wishes, domain_hints


def deploy(ground: Ground, wishes: Wishes) -> None:
    stack, artifacts = Stack(ground), Artifacts(ground)
    before = stack.ready()
    wishes.check(ground, before.parameters if before else {})
    package = read_package(wishes.package or pack(ground.stage), stage=ground.stage)
    ground.terminal.say(f"release {package.release}, of commit {package.commit}")
    check_release(package.template, before.parameters if before else {})
    _ask_first(ground, artifacts, package)
    artifacts.make_ready()
    url = artifacts.publish(package)
    asked = wishes.parameters(ground)
    if before is None:
        asked = affordable(ground, package.template) | asked
    if before is None and adopt_kept(ground, artifacts, package.template, asked=asked):
        before = stack.must_stand()
    alarms = watched_alarms(ground) if before else []
    wish = _wish(before, package.template, url, asked)
    change(ground, replace(wish, watched_alarms=alarms), replaced=wishes.replaced)
    forget_kept(artifacts, stack)
    stack.protect()
    _furnish(ground, artifacts, package.template, url, sdk=wishes.sdk)
    _prove(ground, artifacts, commit=package.commit)


def _ask_first(ground: Ground, artifacts: Artifacts, package: Package) -> None:
    """Before anything is made: a bucket in the wrong account is a change as well."""
    if package.is_changed and ground.stage.is_production:
        ground.terminal.agree("This is not what was committed: the tree has changes. Deploy it all the same?")
    if not artifacts.exist():
        ground.terminal.agree(f"Begin {ground.prefix} in account {ground.account}, region {ground.region}?")


def _wish(before: Standing | None, template: Mapping[str, Any], url: str, asked: Values) -> Wish:
    parameters = chosen(template, asked=asked, standing=before.parameters if before else {})
    return Wish(UPDATE if before else CREATE, url, parameters, release=release_of(template))


def _furnish(ground: Ground, artifacts: Artifacts, template: Mapping[str, Any], url: str, *, sdk: Path) -> None:
    """What a stack cannot hold: secrets, proofs of domains, files; and the address it got only by being made."""
    make_absent_secrets(ground)
    stack = Stack(ground)
    now = stack.must_stand()
    ready_mail(ground, now.parameters["MailFrom"])
    upload_sdk(ground, now.outputs, folder=sdk)
    endpoint = now.outputs["EndpointURL"].rstrip("/")
    if _is_ours_to_choose(now.parameters) and now.parameters["PublicUrl"] != endpoint:
        ground.terminal.say(f"no domain: the product calls itself {endpoint}")
        change(ground, _wish(now, template, url, {"PublicUrl": endpoint}))
        now = stack.must_stand()
    for hint in domain_hints(now.parameters, now.outputs):
        ground.terminal.say(hint)
    if not read_history(artifacts).entries:
        issue_key(ground, now.parameters, only_first=True)


def _is_ours_to_choose(parameters: Values) -> bool:
    """Without a domain of its own, unless somebody named an address that we know nothing of."""
    host = urlsplit(parameters["PublicUrl"]).hostname or ""
    return not parameters.get("DomainName") and (is_placeholder(host) or host.endswith(".amazonaws.com"))


def _prove(ground: Ground, artifacts: Artifacts, *, commit: str) -> None:
    now = Stack(ground).must_stand()
    live = Entry(release_of(Stack(ground).template()), remembered(now.parameters), commit)
    history = read_history(artifacts)
    if smoke(ground, now.outputs["EndpointURL"]):
        write_history(artifacts, history.with_newest(live))
        ground.terminal.say(f"{ground.prefix} stands: {now.parameters['PublicUrl']} (release {live})")
        return
    earlier = history.newest
    if earlier is None or earlier == live:
        why = "this release has stood before" if earlier else "there is no earlier release to go back to"
        raise Halt(f"The smoke test failed, and {why}.", then=_LOOK)
    go_back(ground, artifacts, earlier, is_asked=False)
    raise Halt(f"The smoke test failed; release {earlier} stands again.", then=_LOOK)


_LOOK = "See the log groups of APIHandler, and docs/runbooks/deploy.md."
