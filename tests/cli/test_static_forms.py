"""What results look like in a saved notebook: static, escaped, and the same for the same runs."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from aseptic import commands
from aseptic.code_diff import diff_lines
from aseptic.show.as_html import draw_html
from aseptic.show.blocks import Code, CodeDiff, Column, Paragraph, Table, line
from aseptic.store import open_store

WORDS = ["runs", "runs --all", "compare calm-otter brisk-heron", "show brisk-heron",
         "curves val_loss", "diff calm-otter brisk-heron", "status", "help"]  # fmt: skip
VOID = {"br", "hr", "img"}


class Tags(HTMLParser):
    """Which tags there are, and whether each is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("words", WORDS)
def test_the_static_form_is_well_formed_without_script_and_always_the_same(store, words):
    first, second = (commands.run(words.split(), store)._repr_html_() for _ in range(2))
    tags = Tags(first)
    assert first == second
    assert tags.open == []
    assert tags.seen <= {"div", "table", "tr", "th", "td", "span", "b", "pre", "code"}


@pytest.mark.parametrize("words", WORDS)
def test_the_text_form_is_the_repr(store, words):
    result = commands.run(words.split(), store)
    assert repr(result) == result.text()


def test_everything_is_escaped():
    evil = "<script>alert(1)</script>&\x1b"
    html = draw_html(
        [
            Table([Column(evil, [line(evil, "strong"), line(evil, "bad")])], evil),
            Paragraph([line(evil)], evil),
            Code(evil, evil),
            CodeDiff(diff_lines(evil, f"{evil}\n{evil}!"), evil, evil, evil),
        ]
    )
    assert "<script" not in html
    assert "\x1b" not in html


def test_of_many_runs_the_newest_fifty_are_shown_and_all_are_in_the_values(store):
    result = commands.run(["runs"], store)
    few = type(result)(result.columns, project="lab", most=2)
    assert "2 of 4 runs in lab" in few.text()
    assert "calm-otter" not in few.text()
    assert len(few.frame()) == len(few.to_dict()) == 4


def test_an_empty_store_says_how_to_begin(tmp_path):
    empty = open_store(tmp_path / "empty")
    assert "%%track" in commands.run(["runs"], empty).text()
    assert commands.run(["runs", "--trashed"], empty).text() == "The trash is empty."
    assert commands.run(["compare"], empty).text().startswith("No runs yet")
    assert commands.run(["status"], empty).facts["runs"] == "0"


def test_a_query_without_a_match_is_said_as_such(store):
    assert commands.run(["runs", "acc > 2"], store).text() == "No run matches acc > 2"


def test_a_run_s_page_has_what_the_run_has(store):
    text = commands.run(["show", "brisk-heron"], store).text()
    for words in ("brisk-heron", "#final", "0.9917", "cell 3 line 1", "a41f…1f", "3f2c1d9"):
        assert words in text
