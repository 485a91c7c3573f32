"""Back to a release that has stood: its template, its archives, the parameters it stood with, but for the keys."""

from __future__ import annotations

from infra.deploy.alarms import watched_alarms
from infra.deploy.artifacts import Artifacts
from infra.deploy.change import change
from infra.deploy.change_set import UPDATE, Wish
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.history import Entry, read_history, write_history
from infra.deploy.keys import carried, remembered
from infra.deploy.package import release_of
from infra.deploy.parameters import chosen
from infra.deploy.smoke import smoke
from infra.deploy.stack import Stack


def roll_back(ground: Ground, *, release: str = "", replaced: str = "") -> None:
    stack, artifacts = Stack(ground), Artifacts(ground)
    now = stack.must_stand()
    history = read_history(artifacts)
    if release:
        target: Entry | None = history.named(release)
    else:
        target = history.heading_for or history.before(Entry(release_of(stack.template()), remembered(now.parameters)))
    if target is None:
        raise Halt("There is no earlier release to go back to.", then="Deploy the commit you want instead.")
    go_back(ground, artifacts, target, replaced=replaced)


def go_back(ground: Ground, artifacts: Artifacts, target: Entry, *, replaced: str = "", is_asked: bool = True) -> None:
    ground.terminal.say(f"going back to release {target}")
    history = read_history(artifacts)
    template = artifacts.template(target.release)
    kept = carried(template, Stack(ground).must_stand().parameters)
    parameters = chosen(template, asked=remembered(target.parameters) | kept, standing={})
    write_history(artifacts, history.going_to(target))
    url, alarms = artifacts.template_url(target.release), watched_alarms(ground)
    wish = Wish(UPDATE, url, parameters, watched_alarms=alarms, release=target.release)
    change(ground, wish, replaced=replaced, is_asked=is_asked)
    if not smoke(ground, Stack(ground).must_stand().outputs["EndpointURL"]):
        write_history(artifacts, history.going_to(None))
        then = "docs/runbooks/roll-back.md says what else to look at."
        raise Halt(f"Release {target} is back, and fails its smoke test, too.", then=then)
    write_history(artifacts, history.up_to(target))
    ground.terminal.say(f"release {target} stands")
