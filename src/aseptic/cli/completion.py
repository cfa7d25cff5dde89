"""Tab completion in a shell: the scripts that shells read, and the words that they ask for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aseptic.cli.place import open_existing
from aseptic.commands import complete
from aseptic.errors import AsepticError, BadOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aseptic.grammar import Argument

_SCRIPTS = {
    "bash": r"""_aseptic() {
  local IFS=$'\n'
  COMPREPLY=($(aseptic --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _aseptic aseptic""",
    "zsh": r"""#compdef aseptic
_aseptic() {
  local -a found
  found=(${(f)"$(aseptic --complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -a found
}
compdef _aseptic aseptic""",
    "fish": "complete -c aseptic -f "
    "-a '(aseptic --complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'",
}

#: A shell puts a completion into the line as it is, so one that it would run is not offered.
_HARMLESS = re.compile(r"[\w.:+/@%-]+")


def completion_script(words: Sequence[str]) -> str:
    """What to put into the shell's start-up file. Raises BadOption."""
    if len(words) != 1 or words[0] not in _SCRIPTS:
        raise BadOption(f"completion: say which shell: {', '.join(_SCRIPTS)}.")
    return _SCRIPTS[words[0]]


def complete_words(words: Sequence[str], surface: Sequence[Argument]) -> list[str]:
    """What the last word may become; nothing where the store cannot be read."""
    words = list(words) or [""]
    try:
        store = open_existing(None)
    except AsepticError:
        store = None
    found = complete(words, store)
    if len(words) == 1:
        found += [word for word in ("completion", "help") if word.startswith(words[0])]
    elif words[-1].startswith("-"):
        names = [name for option in surface for name in option.names]
        found += [name for name in names if name.startswith(words[-1])]
    return [word for word in found if _HARMLESS.fullmatch(word)]
