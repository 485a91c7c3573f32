"""The platform operator's key, made by the product's own code, which `issue_key` starts as a program of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.product import run_product

_LATER = "no terminal to show a key on; at one of your own: make operator-key STAGE={stage}"
_ONLY_FIRST = "--only-first"


def issue_key(ground: Ground, parameters: Mapping[str, str], *, only_first: bool) -> None:
    """Shown once, and only to a person: a log would keep it. With `only_first`, none when there has been one."""
    if not ground.terminal.is_read:
        ground.terminal.say(_LATER.format(stage=ground.stage.name))
        return
    words = [_ONLY_FIRST] if only_first else []
    done = run_product(ground, "infra.deploy.operator_key", *words, parameters=parameters)
    if done.returncode:
        raise Halt("The operator's key could not be made; the product says why above.")
    if key := done.stdout.strip():
        ground.terminal.say("the operator's key, shown this once:", f"  {key}", "It opens nothing of any tenant.")


def main(arguments: list[str]) -> int:
    from chalicelib.core import clock
    from chalicelib.core.errors import Unavailable
    from chalicelib.features.identity.wiring import identity

    try:
        if arguments == [_ONLY_FIRST] and identity().api_keys.list(tenant_id="", limit=1, cursor=None).rows:
            return 0
        print(identity().issue_operator_key(name="command line", now=clock.now()).key)
    except Unavailable as error:
        print(f"AWS did not answer the product: {error.__cause__ or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
