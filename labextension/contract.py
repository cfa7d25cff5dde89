"""Writes `labextension/src/contract.ts` from `aseptic.contract`: `python labextension/contract.py`.

Every struct becomes an interface, in the order of the module; a struct with a tag has the
property `type`. All fields are always there, so none is optional.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from aseptic import contract

TARGET = Path(__file__).parent / "src" / "contract.ts"
HEAD = """/**
 * What crosses between Python and the browser. Written by `make contract` from
 * src/aseptic/contract.py: change that.
 */

/** A recorded value. */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };
"""
#: Names of the module that are worth a name in TypeScript too.
ALIASES = (
    "Direction",
    "Severity",
    "RunStatus",
    "Group",
    "ColumnKind",
    "XAxis",
    "SectionKind",
    "Action",
    "Request",
    "Reply",
)
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def typescript() -> str:
    """The whole of `contract.ts`."""
    aliases = [f"export type {name} = {_expand(getattr(contract, name))};" for name in ALIASES]
    structs = [
        _interface(item)
        for item in vars(contract).values()
        if inspect.isclass(item) and issubclass(item, msgspec.Struct) and item.__name__[0] != "_"
    ]
    return "\n".join([HEAD, "\n".join(aliases) + "\n", *structs])


def _interface(struct: type[msgspec.Struct]) -> str:
    hints = get_type_hints(struct, include_extras=True)
    tag = struct.__struct_config__.tag
    lines = [f"  type: '{tag}';"] if tag else []
    lines += [f"  {name}: {_type(hints[name])};" for name in struct.__struct_fields__]
    body = "\n".join(lines)
    return f"{_comment(struct)}export interface {struct.__name__} {{\n{body}\n}}\n"


def _comment(struct: type[msgspec.Struct]) -> str:
    lines = textwrap.dedent(inspect.getdoc(struct) or "").splitlines()
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def _type(hint: Any) -> str:
    """The TypeScript for a hint, by the alias's name where it has one."""
    for name in ALIASES:
        if hint == getattr(contract, name):
            return name
    return _expand(hint)


def _expand(hint: Any) -> str:
    if hasattr(hint, "__metadata__"):
        return str(hint.__metadata__[0])
    if hint in PLAIN:
        return PLAIN[hint]
    if hint is Any:
        return "Value"
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f"'{arg}'" for arg in args)
    if origin in (Union, types.UnionType):
        return " | ".join(_type(arg) for arg in args)
    if origin is list:
        inner = _type(args[0])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if origin is tuple:
        return f"[{', '.join(map(_type, args))}]"
    if origin is dict:
        return f"{{ [name: string]: {_type(args[1])} }}"
    return str(hint.__name__)


if __name__ == "__main__":
    TARGET.write_text(typescript(), encoding="utf-8")
    sys.stdout.write(f"wrote {TARGET}\n")
