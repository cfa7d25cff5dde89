"""What the name of a column says it holds: an identity, a time, something of the future."""

from __future__ import annotations

import re

_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_IDENTITY = re.compile(
    "(patient|subject|user|customer|client|person|session|account|member|student|donor|group"
    "|household)?(id|ids)|uid|uuid|guid|group|groups|patient|subject|user|customer|client|person"
    "|household|family|session|device|participant|account|member|player|student|pupil|animal"
    "|speaker|owner|employee|worker|vehicle|machine|specimen|donor|respondent"
)


def words_of(name: str) -> list[str]:
    """The words of a name, in small letters: `patientId` and `patient_id` alike."""
    return [word.lower() for word in _SPLIT.split(name) if word]


def names_an_identity(name: str) -> bool:
    """Whether a column seems to name who or what a row is about: `patient_id`, `Subject`."""
    return any(_IDENTITY.fullmatch(word) for word in words_of(name))
