"""What is not sealed under the installation's key in use: counted, and sealed anew (docs/runbooks/replace-the-key.md).

`reseal` starts this as a program of its own, for the product's code opens and seals.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.product import run_product

if TYPE_CHECKING:
    from infra.deploy.sealed import Sealed

_SEAL = "--seal"
_SOME_LEFT = 3
_AT_ONCE = 8
_MOST_TOLD = 20


def reseal(ground: Ground, parameters: Mapping[str, str]) -> None:
    """Counts, asks, seals, and counts again. Cut short, it is simply run again."""
    if not _is_some_left(ground, parameters):
        ground.terminal.say("nothing is left under any other key")
        return
    ground.terminal.agree("Seal what is not under the key in use anew?")
    if _is_some_left(ground, parameters, _SEAL):
        raise Halt("Some of it is left, as the lines above say.", then="Run it again; what stays has its reason there.")
    ground.terminal.say("nothing is left under any other key")


def _is_some_left(ground: Ground, parameters: Mapping[str, str], *words: str) -> bool:
    done = run_product(ground, "infra.deploy.reseal", *words, parameters=parameters)
    if done.returncode not in {0, _SOME_LEFT}:
        raise Halt("What is sealed could not be counted; the product says why above.")
    ground.terminal.say(*done.stdout.splitlines())
    return done.returncode == _SOME_LEFT


def main(arguments: list[str]) -> int:
    from botocore.exceptions import BotoCoreError, ClientError

    from infra.deploy.sealed import Missing, everything_sealed, key_in_use, keys_by_mark

    try:
        found = list(everything_sealed())
        if arguments == [_SEAL]:
            _seal_anew(_left(found, key_in_use()))
            found = list(everything_sealed())
        print("\n".join(_table(found, keys_by_mark(), in_use=key_in_use())))
        return _SOME_LEFT if _left(found, key_in_use()) else 0
    except (ClientError, BotoCoreError) as error:
        print(f"AWS did not answer the product: {error}", file=sys.stderr)
        return 1
    except Missing as error:
        print(error.detail, file=sys.stderr)
        return 1


def _left(found: Sequence[Sealed], in_use: str) -> list[Sealed]:
    from chalicelib.aws.envelope import mark_of

    return [each for each in found if each.key != mark_of(in_use)]


def _seal_anew(left: Sequence[Sealed]) -> None:
    """Kind after kind, several at once: most of it is waiting for answers."""
    from infra.deploy.sealed import KINDS

    faults: list[str] = []
    for kind in KINDS:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            faults += filter(None, pool.map(_fault, [each for each in left if each.kind == kind]))
    for told in faults[:_MOST_TOLD]:
        print(told)
    if len(faults) > _MOST_TOLD:
        print(f"  and {len(faults) - _MOST_TOLD} more")


def _fault(sealed: Sealed) -> str:
    """Empty when there was none. That somebody else has changed it shows when it is counted again."""
    from chalicelib.core.errors import PushError

    try:
        sealed.seal_anew()
    except PushError as error:
        return f"  {sealed.place}: {error.detail}{f' ({error.__cause__})' if error.__cause__ else ''}"
    return ""


def _table(found: Sequence[Sealed], keys: Mapping[bytes, str], *, in_use: str) -> Iterator[str]:
    yield f"the key in use: {in_use}"
    counted = Counter((each.key, each.kind) for each in found)
    for (key, kind), count in sorted(counted.items(), key=lambda each: (keys.get(each[0][0]) != in_use, each)):
        under = "it" if keys.get(key) == in_use else keys.get(key, f"a key that is gone ({key.hex()})")
        yield f"  {count:>8} {kind} under {under if key else 'a key that they do not name'}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
