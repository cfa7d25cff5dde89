"""The words after `%%track`."""

import pytest

from aseptic.errors import BadOption
from aseptic.notebook.options import TrackOptions, parse_track, strip_track, track_words


def test_every_option_is_read():
    words = (
        "big -e digits -t a -t b -p C=10 -p gamma --note 'first try' --seed 3 "
        "--baseline calm-otter --expect 'acc > 0.9' --ignore D10 --ignore H --quiet"
    )
    assert parse_track(words) == TrackOptions(
        name="big",
        experiment="digits",
        tags=("a", "b"),
        params=(("C", "10"), ("gamma", None)),
        note="first try",
        seed=3,
        baseline="calm-otter",
        expects=("acc > 0.9",),
        ignore=("D10", "H"),
        is_quiet=True,
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--experimnt x", r"--experimnt.*Did you mean --experiment\?.*Options: --baseline --exp"),
        ("--seed x", "invalid int value: 'x'"),
        ("--note 'open", "No closing quotation"),
        ("-p 3x", "not NAME or NAME=VALUE"),
        ("--expect acc", "expected a comparison"),
    ],
)
def test_a_wrong_option_gets_one_line_that_says_what_exists(words, said):
    with pytest.raises(BadOption, match=said) as caught:
        parse_track(words)
    assert "\n" not in str(caught.value)


def _strip(cell):
    return "".join(strip_track(cell.splitlines(keepends=True)))


def test_the_line_becomes_a_comment_so_that_line_numbers_hold():
    assert _strip("%%track -e x\na = 1\n") == "# %%track -e x\na = 1\n"


def test_comments_may_stand_above():
    assert _strip("# setting\n\n%%track\na = 1\n") == "# setting\n\n# %%track\na = 1\n"


def test_another_cell_magic_below_comes_first():
    assert _strip("%%track\n\n# quick?\n%%time\na = 1\n") == "%%time\na = 1\n"


def test_the_line_is_taken_off_below_another_cell_magic():
    assert _strip("%%time\n%%track\na = 1\n") == "%%time\na = 1\n"


def test_a_line_with_wrong_options_stays_for_the_magic_to_refuse():
    assert _strip("%%track --nope\na = 1\n") == "%%track --nope\na = 1\n"


@pytest.mark.parametrize(
    "cell", ["a = 1\n%%track\n", "%%tracked\na = 1\n", "", "%%track?\n", "x\n"]
)
def test_cells_without_the_magic_stay_as_they_are(cell):
    assert _strip(cell) == cell
    assert track_words(cell) is None
