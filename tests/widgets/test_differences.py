from __future__ import annotations

import math

from aseptic.contract import Change, Differences, DiffSection
from aseptic.widgets.differences import DifferencesWidget, in_words


def differences(*changes: Change) -> Differences:
    return Differences(
        before="a", after="b", before_name="calm-otter", after_name="brisk-heron",
        sections=[DiffSection(kind="params", changes=list(changes), same=0)],
    )  # fmt: skip


def words(change: Change):
    (told,) = in_words(differences(change)).sections[0].changes
    return told.before, told.after


def test_values_are_told_as_python_writes_them():
    assert words(Change(name="C", kind="changed", before=1.0, after=1)) == ("1.0", "1")
    assert words(Change(name="C", kind="changed", before=math.nan, after=True)) == ("nan", "True")


def test_a_side_that_is_not_there_stays_nothing():
    assert words(Change(name="C", kind="added", after=3)) == (None, "3")
    assert words(Change(name="C", kind="removed", before=3)) == ("3", None)


def test_the_static_form_is_text_and_html():
    widget = DifferencesWidget(differences(Change(name="C", kind="changed", before=1.0, after=2.0)))
    data, _ = widget._repr_mimebundle_()
    assert "calm-otter" in data["text/plain"]
    assert "brisk-heron" in data["text/html"]
