"""What is found among the user's variables and in the user's code."""

from __future__ import annotations

import math

import aseptic
from aseptic.integrations.variables import (
    names_logged_in_callers,
    objects_in_callers,
    part_in_callers,
)


def test_the_names_that_are_given_to_log_are_found_in_the_code(tmp_path):
    class Other:
        def log(self, values):
            """As another tracker has it."""

    def later(other):
        aseptic.log(loss=float(math.log(2)), step=round(3.2, ndigits=0))
        aseptic.log({"val/acc": 1})
        run.log({"a": 1, "b": math.log(3)})
        other.log({"theirs": 1})

    with aseptic.track(store=str(tmp_path)) as run:
        found = names_logged_in_callers()
    assert {"loss", "step", "val/acc", "a", "b"} <= found
    assert "theirs" not in found
    assert later


def test_a_variable_says_which_part_its_data_play():
    y_val, other = object(), object()
    assert part_in_callers(lambda one: one is y_val) == "validation"
    assert part_in_callers(lambda one: one is other) is None


def test_a_name_of_the_caller_counts_where_the_own_one_says_nothing():
    def evaluate(y):
        return part_in_callers(lambda one: one is y)

    y_train = object()
    assert evaluate(y_train) == "train"


def test_objects_are_found_among_variables_and_in_self():
    class Owner:
        def __init__(self):
            self.inner = bytearray(b"inner")

        def find(self):
            local = bytearray(b"local")
            found = [name for name, _ in objects_in_callers(bytearray)]
            return found, local

    assert Owner().find()[0][:2] == ["local", "inner"]
