# ruff: noqa: RUF001  # multiplication and minus signs are what people read
"""What a terminal shows: never wider than it is, and in colour where that means something."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from rich.console import Console

from aseptic import commands
from aseptic.cli.printing import print_blocks, print_result, wait_sign
from aseptic.code_diff import diff_lines
from aseptic.show.blocks import Code, CodeDiff, Column, Paragraph, Table, line
from aseptic.show.layout import cut_line, fit, width_of
from aseptic.show.sparkline import sparklines


def printed(thing, width) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, highlight=False)
    if isinstance(thing, list):
        print_blocks(thing, console)
    else:
        print_result(thing, console=console)
    return console.file.getvalue()


def bare(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


WORDS = ["runs", "runs --all", "compare", "compare calm-otter brisk-heron", "show brisk-heron",
         "curves val_loss", "diff calm-otter brisk-heron", "status"]  # fmt: skip


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("words", WORDS)
def test_no_line_is_wider_than_the_terminal(store, words, width):
    text = bare(printed(commands.run(words.split(), store), width))
    assert [row for row in text.splitlines() if width_of(row) > width] == []


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_every_run_is_one_line_at_any_width(store, width):
    text = bare(printed(commands.run(["runs", "-e", "digits"], store), width))
    head, *rows = text.splitlines()[:4]
    assert head.startswith("run")
    assert [row.split()[0] for row in rows] == ["plain-wren", "brisk-heron", "calm-otter"]


def test_columns_without_room_are_named_below(store):
    text = bare(printed(commands.run(["runs", "-e", "digits"], store), 40))
    assert re.search(r"^\+\d columns: .*\(--all\)$", text, re.MULTILINE)


def test_with_all_columns_those_without_room_stand_below_with_the_run_again(store):
    text = bare(printed(commands.run(["runs", "--all", "-e", "digits"], store), 60))
    assert len(re.findall(r"^run +", text, re.MULTILINE)) > 1
    for label in ("trees", "gamma", "git", "took"):
        assert label in text


def test_better_is_green_and_worse_is_red(store):
    commands.run(["baseline", "calm-otter"], store)
    text = printed(commands.run(["runs", "-e", "digits"], store), 120)
    assert "\x1b[32m+0.0056\x1b[0m" in text
    assert "\x1b[31m−0.0167\x1b[0m" in text


def test_numbers_are_right_aligned_with_as_many_decimals(store):
    text = bare(printed(commands.run(["runs", "-e", "digits", "--sort", "acc"], store), 120))
    ends = {
        row.index(value)
        for row in text.splitlines()
        for value in ("0.9917", "0.9861", "0.9694")
        if value in row
    }
    assert len(ends) == 1


def test_times_are_told_from_now(store):
    assert "2026-01-31" not in bare(printed(commands.run(["status"], store), 80)).replace(
        "2026-01-31 12:15 UTC", ""
    )


def test_code_stands_side_by_side_where_there_is_room_and_below_where_not():
    rows = diff_lines("a = 1\nfit(a)", "a = 2\nfit(a)")
    block = CodeDiff(rows, "one", "two")
    assert bare(printed([block], 80)).splitlines() == [
        "one          │ two",
        "   1  a = 1  │    1  a = 2",
        "   2  fit(a) │    2  fit(a)",
    ]
    assert bare(printed([block], 20)).splitlines() == ["− a = 1", "+ a = 2", "  fit(a)"]


def test_markup_and_escapes_in_values_are_text():
    blocks = [
        Paragraph([line("[red]x[/red] \x1b[31m")]),
        Table([Column("[b]", [line("[/b]")])]),
        Code("print('[red]')  # \x1b[2J"),
    ]
    text = bare(printed(blocks, 80))
    assert "[red]x[/red] \\x1b[31m" in text
    assert "[/b]" in text
    assert "\\x1b[2J" in text


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [("calm", 4, "calm"), ("calmer", 4, "cal…"), ("漢字漢字", 5, "漢字…"), ("漢字漢", 4, "漢…")],
)
def test_a_line_is_cut_by_what_it_takes_on_the_screen(text, width, cut):
    assert "".join(span.text for span in cut_line(line(text), width)) == cut


def test_the_columns_of_the_largest_rank_go_first():
    table = Table(
        [
            Column(name, [line("12345678")], rank=rank)
            for name, rank in zip("abcd", (0, 2, 1, 2), strict=True)
        ]
    )
    (fitted,) = fit(table, 28)
    assert [column.label for column in fitted.columns] == ["a", "b", "c"]
    assert fitted.left_out == ["d"]


def test_what_may_not_be_left_out_is_cut():
    table = Table([Column("name", [line("x" * 30)]), Column("other", [line("y" * 30)])])
    (fitted,) = fit(table, 40)
    assert sum(fitted.widths) + 2 <= 40


def test_sparklines_share_a_scale_and_show_gaps():
    assert sparklines([np.array([0.0, 1.0]), np.array([0.5, np.nan])]) == ["▁█", "▅ "]
    assert sparklines([np.array([np.nan])]) == [" "]
    assert sparklines([np.full(3, 2.0)]) == ["▅▅▅"]
    assert len(sparklines([np.arange(1000)])[0]) == 24


def test_nothing_is_said_of_waiting_where_there_is_no_terminal(capsys):
    with wait_sign("waiting", after_s=0):
        pass
    assert capsys.readouterr() == ("", "")
