"""Changing the stack, from the wish to its end: what would change is always shown, and agreed to, first."""

from __future__ import annotations

from infra.deploy.change_set import CREATE, IMPORT, UPDATE, ChangeSet, Wish, make_change_set, table
from infra.deploy.ground import Ground
from infra.deploy.halt import Halt
from infra.deploy.stack import Stack


def change(ground: Ground, wish: Wish, *, replaced: str = "", is_asked: bool = True) -> bool:
    """False when there was nothing to change. `replaced`: what of the data may be lost, named beforehand.

    `is_asked` is false where a broken release is taken back while nobody may be looking.
    """
    change_set = None if wish.stands(Stack(ground)) else make_change_set(ground, wish)
    if change_set is None:
        ground.terminal.say("nothing to change")
        return False
    ground.terminal.say("", *table(change_set.changes), "")
    try:
        _agree(ground, change_set, replaced=replaced, is_asked=is_asked)
    except Halt:
        change_set.drop()
        raise
    change_set.execute()
    return True


def _agree(ground: Ground, change_set: ChangeSet, *, replaced: str, is_asked: bool) -> None:
    declined = _LEFT[change_set.wish.kind].format(bucket=ground.artifact_bucket, stage=ground.stage.name)
    if lossy := ",".join(change_set.lossy):
        ground.terminal.say(f"THIS TAKES AWAY OR REPLACES WHAT HOLDS DATA: {lossy}")
        question = "Do you want to lose it?"
        ground.terminal.agree_by_name(question, lossy, beforehand=replaced, variable="REPLACE", declined=declined)
    if is_asked:
        ground.terminal.agree(f"Change {ground.prefix} like this?", declined=declined)


_UPLOADED = "what was uploaded stays in the bucket {bucket}. Run the command again when you want it"
_BEGUN = f"Nothing runs, but an empty stack was made, and {_UPLOADED}; make teardown STAGE={{stage}} removes the stack."
_LEFT = {UPDATE: f"The stack is as it was; {_UPLOADED}.", CREATE: _BEGUN, IMPORT: _BEGUN}
