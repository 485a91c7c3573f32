"""The bar of `make demo`, on a terminal and in a file."""

from __future__ import annotations

import io

from infra.local.demo import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def after(out: io.StringIO) -> str:
    bar = Bar(out)
    for settled, audience in ((0, 0), (0, 1_000), (500, 1_000), (1_000, 1_000)):
        bar.draw(settled=settled, audience=audience)
    bar.close()
    return out.getvalue()


def test_a_file_gets_one_line_when_all_is_done() -> None:
    said = after(io.StringIO())
    assert (said.count("\n"), said.count("\r")) == (1, 0)
    assert said.endswith("1,000 of 1,000\n")


def test_a_terminal_sees_it_move_once_the_audience_is_known() -> None:
    said = after(Terminal())
    assert "0 of 0" not in said
    assert (said.count("\n"), said.count("\r")) == (1, 3)


def test_a_campaign_that_found_nobody_draws_nothing() -> None:
    out = io.StringIO()
    bar = Bar(out)
    bar.draw(settled=0, audience=0)
    bar.close()
    assert out.getvalue() == ""
