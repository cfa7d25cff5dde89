"""Which findings a list of words means: codes of checks, their names, or a severity and above."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from aseptic.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aseptic.model import Finding

#: From the mildest to the most severe.
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


def is_selected(finding: Finding, words: Iterable[str]) -> bool:
    """Whether one of the words means this finding: `T02`, `T`, `divergence`, or `error`."""
    return any(
        _is_code_or_name(word, finding.code, finding.name)
        or is_at_least(finding.severity, word.lower())
        for word in words
    )


def is_known(word: str, checks: Iterable[tuple[str, str]]) -> bool:
    """Whether a word is a severity, or means one of the checks, each a code and a name."""
    return word.lower() in SEVERITIES or any(_is_code_or_name(word, *one) for one in checks)


def is_at_least(severity: Severity, level: str) -> bool:
    """Whether it is as severe as the level, or more; no text that is no severity is a level."""
    return level in SEVERITIES and SEVERITIES.index(severity) >= SEVERITIES.index(level)


def _is_code_or_name(word: str, code: str, name: str) -> bool:
    return word.lower() == name or code.startswith(word.upper())
