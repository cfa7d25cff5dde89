# ruff: noqa: RUF001, RUF002, SIM905 - the marks' quotes are meant; word lists read best as words
"""What a secret looks like, and how it is taken out of text before anything is written.

Three ways to see one: by the **name** it is assigned to (`password = "…"`, `DB_PASSWD=…`,
`--api-key …`), by the **value's** own well-known shape (`ghp_…`, a PEM block, a JWT), and by its
**place** in a URL, a header or a connection string. What was there is replaced by
`‹removed: what›`, inside the quotes, so that source stays valid Python.

Every pattern is anchored to a word's start or to a literal, and none can fail after an unbounded
scan, so time is linear in the text. `redact(redact(text)) == redact(text)`.

Not detect-secrets: it brings requests and PyYAML, scans files line by line through global
settings, reports secrets rather than removing them, and its entropy rules hit the digests,
base64 images and ids that notebooks are full of.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

#: Words that make a name secret wherever they stand.
_SECRET = frozenset(
    "password passwd passphrase passcode secret secrets credential credentials creds dsn"
    " authorization apikey apikeys accesskey secretkey privatekey authtoken accesstoken".split()
)
#: Words that make a name secret when they stand last: `auth_kind` is none, `basic_auth` is one.
_SECRET_AT_END = frozenset("auth token cookie cookies".split())
#: Two words in a row that make a name secret.
_SECRET_PAIRS = frozenset(
    "api key;access key;private key;secret key;account key;encryption key;signing key;ssh key"
    ";service key;shared key;auth key;connection string;conn string;conn str;access token"
    ";auth token;api token;bearer token;refresh token;session token;id token;private token"
    ";access tokens;auth tokens;api tokens;webhook url".split(";")
)
#: The last word of a name that speaks *about* a secret: a size, a place, a switch.
_ABOUT = frozenset(
    "count counts len length size sizes type types kind name names field fields column columns"
    " file files filename path dir folder url uri endpoint required enabled disabled policy min"
    " max limit expiry expires ttl timeout index idx embedding embeddings class prompt label"
    " version error errors exists valid pattern regex manager store provider help message msg text"
    " hint doc docs description title placeholder".split()
)
#: Before `token`, these say a token of text, not one of access.
_TEXT_TOKEN = frozenset(
    "cls pad padding mask eos bos unk sep special stop next prev previous start end begin first"
    " last current image audio video sub word text eot eod per each cur new old no n num max min"
    " vocab class single one any other this that boundary separator delimiter op string number"
    " name newline indent dedent".split()
)
_SWITCH = frozenset(
    "is has use uses with requires require needs allow enable show no n num".split()
)


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a variable, param, key or environment variable of this name holds a secret.

    Whole words of snake_case, kebab-case and camelCase names are looked at: `hf_token` and
    `dbPassword` are secret; `tokenizer`, `max_tokens`, `cls_token`, `key_size`, `author` are not.
    """
    words = [word.lower() for word in _WORD.findall(name[-200:])]
    if " ".join(words[-2:]) in _SECRET_PAIRS:
        return True
    if not words or words[-1] in _ABOUT:
        return False
    pairs = {f"{a} {b}" for a, b in pairwise(words)}
    if pairs & _SECRET_PAIRS:
        return True
    if words[0] in _SWITCH:
        return False
    return not _SECRET.isdisjoint(words) or _ends_in_secret(words)


def _ends_in_secret(words: list[str]) -> bool:
    if words[-1] == "pwd":  # alone, it is the working directory
        return len(words) > 1
    if words[-1] not in _SECRET_AT_END:
        return False
    return not (words[-1] == "token" and len(words) > 1 and words[-2] in _TEXT_TOKEN)


def redact(text: str) -> str:
    """The text with every secret that can be recognised replaced by `‹removed: what›`.

    Meant for everything that is stored: source, output, tracebacks, diffs, file names, reprs.
    Text without a secret comes back as the same object.
    """
    for rule in _VALUES:
        if any(hint in text for hint in rule.hints):
            text = rule.pattern.sub(_by_value(rule), text)
    if "://" in text and "@" in text:
        text = _USERINFO.sub(_without_userinfo, text)
    if "=" in text:
        text = _QUERY.sub(_by_name, text)
    return _by_names(text)


def strip_credentials(url: str) -> str:
    """The URL of a remote, data source or store without anything that grants access.

    The whole user part of an `https` URL goes, since a token may stand on either side of the
    colon; `ssh://git@host` and `git@host:path` keep their user, which is no secret; secret query
    params and the whole fragment go. A plain path is returned as it is.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return redact(url)
    end = re.search(r"[/?#\\]", rest)
    host_part, path = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    if "@" in path and ":" in host_part and not re.search(r":\d*$", host_part):
        # A password with a raw slash: the host begins after the last `@`.
        head, _, path = path.rpartition("@")
        host_part, slash, tail = f"{host_part}{head}@{path}".partition("@")[2].partition("/")
        path = slash + tail
    user, at, host = host_part.rpartition("@")
    keep = at and scheme.lower().endswith("ssh") and user.partition(":")[0]
    path = _ANY_QUERY.sub(_without_query_value, path.partition("#")[0])
    return redact(f"{scheme}://{keep + '@' if keep else ''}{host}{path}")


def _removed(what: str) -> str:
    return f"‹removed: {what}›"


# By value ---------------------------------------------------------------------------------------


class _Rule(NamedTuple):
    """A known form of secret. `hints` are literals without which the pattern is not tried."""

    what: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    accepts: Callable[[str], bool] = bool


def _is_mixed(value: str) -> bool:
    """Not a CSS class such as `sk-toggleable__label-arrow`: keys mix in digits, and case."""
    has_digit = any(char.isdigit() for char in value)
    return has_digit and (value.lower() != value or not re.search(r"[-_]", value[3:]))


def _has_key_body(block: str) -> bool:
    return len(block.replace("PRIVATE KEY", "")) > 80


def _rule(
    what: str, hints: str, pattern: str, accepts: Callable[[str], bool] = bool, flags: int = 0
) -> _Rule:
    return _Rule(what, tuple(hints.split()), re.compile(pattern, flags), accepts)


_VALUES = (
    _rule(
        "private key",
        "-----BEGIN",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:[A-Za-z0-9+/=\s\\:,.()]|-(?!----))*"
        r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?",
        _has_key_body,
    ),
    _rule("AWS key id", "AKIA ASIA ABIA ACCA", r"(?<!\w)A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?!\w)"),
    _rule("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"(?<![^\W_])gh[pousr]_[A-Za-z0-9]{20,}"),
    _rule("GitHub token", "github_pat_", r"github_pat_[A-Za-z0-9_]{20,}"),
    _rule("GitLab token", "glpat- gldt- glptt-", r"(?<!\w)gl(?:pat|dt|ptt)-[\w-]{18,}"),
    _rule("Slack token", "xox xapp-", r"(?<!\w)(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}"),
    _rule("Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows)/[\w/+-]+"),
    _rule("Google key", "AIza", r"(?<!\w)AIza[\w-]{35}"),
    _rule("Google token", "ya29. GOCSPX-", r"(?<!\w)(?:ya29\.|GOCSPX-)[\w-]{20,}"),
    _rule("API key", "sk-", r"(?<![\w-])sk-[\w-]{20,}", _is_mixed),
    _rule("Hugging Face token", "hf_", r"(?<!\w)hf_[A-Za-z0-9]{30,}"),
    _rule("Stripe key", "k_live_ k_test_", r"(?<!\w)[rs]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    _rule("npm token", "npm_", r"(?<!\w)npm_[A-Za-z0-9]{36}"),
    _rule("PyPI token", "pypi-AgE", r"pypi-AgE[\w-]{50,}"),
    _rule("SendGrid key", "SG.", r"(?<![\w.])SG\.[\w-]{16,64}\.[\w-]{16,}"),
    _rule("Databricks token", "dapi", r"(?<!\w)dapi[0-9a-f]{32}(?:-\d)?"),
    _rule("DigitalOcean token", "_v1_", r"(?<!\w)do[opr]_v1_[0-9a-f]{64}"),
    _rule("Telegram token", ":AA", r"(?<!\w)\d{8,10}:AA[\w-]{33}"),
    _rule("JWT", "eyJ", r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?"),
    _rule(
        "bearer token",
        "earer BEARER",
        r"(?<=bearer)[ ]+[\w.~+/-]{16,}=*",
        lambda value: any(char.isdigit() for char in value),
        re.IGNORECASE,
    ),
    _rule(
        "basic credentials",
        "asic BASIC",
        r"(?<=authorization: basic)[ ]+[A-Za-z0-9+/]{4,}=*",
        bool,
        re.IGNORECASE,
    ),
)


def _by_value(rule: _Rule) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        found = match.group()
        if not rule.accepts(found):
            return found
        return (" " if found[0] == " " else "") + _removed(rule.what)

    return replace


# By place in a URL ------------------------------------------------------------------------------

_USERINFO = re.compile(
    r"""://(?:
        ([^\s/?\#"'<>`]{1,512}
         | [^\s/?\#@"'<>`\[\](){},]{0,256}(?:\{[^{}\s]{0,99}\}[^\s/?\#"'<>`{}]{0,256}){1,4})@
      | ([^\s/?\#@:"'<>`\[]{0,128}:(?!\d{0,5}(?:[/?\#]|$))[^\s"'<>`@]{1,256})@
    )""",
    re.VERBOSE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*$")
_QUERY = re.compile(r"""([?&;]([\w.%-]{1,64})=)([^&\s"'#<>`;)\\]+)""")
_ANY_QUERY = re.compile(r"([?&;]([^=&;?]*)=)([^&;]*)")
_SECRET_QUERY = frozenset("sig signature x-amz-signature x-amz-credential x-goog-signature".split())


def _without_userinfo(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 30) : match.start()]
    userinfo = match.group(1) or match.group(2) or ""
    user, colon, password = userinfo.partition(":")
    if not userinfo or not _SCHEME.search(before) or _is_placeholder(password if colon else user):
        return match.group()
    if not colon and not before.lower().endswith(("http", "https", "git")):
        return match.group()  # ssh://git@host, postgresql://me@host: a user is no secret
    return f"://{_removed('credentials')}@"


def _is_secret_query(name: str) -> bool:
    return name.lower() in _SECRET_QUERY or is_secret_name(name)


def _by_name(match: re.Match[str]) -> str:
    start, name, value = match.groups()
    if not _is_secret_query(name) or _is_placeholder(value):
        return match.group()
    return start + _removed(name)


def _without_query_value(match: re.Match[str]) -> str:
    start, name, _ = match.groups()
    return start + _removed(name) if _is_secret_query(name) else match.group()


# By name ----------------------------------------------------------------------------------------

_NAME_HINTS = tuple(
    form(word)
    for word in "pass secret token key cred auth dsn pwd cookie conn webhook".split()
    for form in (str.lower, str.upper, str.title)
)
_STRING = (
    r"""(?:"{3}(?:[^"\\]|\\.|"(?!""))*(?:"{3})?|'{3}(?:[^'\\]|\\.|'(?!''))*(?:'{3})?"""
    r"""|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)"""
)
_NAME = r"(?<![\w-])([A-Za-z_][\w-]*)"
#: `password = "…"`, `password: str = "…"`, `{"password": "…"}`, `environ["PASSWORD"] = "…"`
_ASSIGNED = re.compile(
    _NAME
    + r"""(["']?\]?(?:[ \t]{0,4}:[ \t]{0,4}[A-Za-z_][\w.| \[\]]{0,30}?)?[ \t]{0,8}[:=][ \t]{0,8}"""
    + r"""[rRbBuUfF]{0,2})("""
    + _STRING
    + ")",
    re.DOTALL,
)
#: `"password = \\"…\\""`, as source reads inside JSON
_ESCAPED = re.compile(
    _NAME + r"""((?:\\["'])?\]?[ \t]{0,8}[:=][ \t]{0,8}\\["'])([^"'\\\n]+)(?=\\["'])"""
)
#: `user, password = "…", "…"`
_UNPACKED = re.compile(
    r"(?<![\w-])(\w+(?:,[ ]?\w+){1,8})([ ]?=[ ]?)(" + _STRING + r"(?:,[ ]?" + _STRING + "){1,8})",
    re.DOTALL,
)
_ONE_STRING = re.compile(_STRING, re.DOTALL)
#: `environ.get("PASSWORD", "…")`, `monkeypatch.setenv("TOKEN", "…")`
_DEFAULTED = re.compile(
    r"""(?<=get|env|ult|ttr)\([ \t\n]{0,20}(?:[a-zA-Z_]\w{0,40},[ ]?)?["']([A-Za-z_][\w-]*)"""
    r"""["'],[ \t\n]{0,20}(""" + _STRING + ")",
    re.DOTALL,
)
#: `auth=("user", "password")`
_PAIR = re.compile(
    r"(?<![\w-])((?:\w+_)?auth)([ ]?=[ ]?\([ ]?)(" + _STRING + r",[ ]?" + _STRING + ")",
    re.DOTALL,
)
#: `TOKEN=…` at a line's start, as in `.env` files and the output of `env`
_SHELL = re.compile(
    r"^([ \t]{0,20}(?:[+-]?[ \t]{0,20}))([A-Z][A-Z0-9_]*)(=)([^\s\"'(){}]+)", re.MULTILINE
)
#: `export TOKEN=…`, `%env TOKEN=…`, `%env TOKEN …`
_ENV_MAGIC = re.compile(
    r"^([ \t]{0,20}(?:export|setenv|%env|%set_env)[ ]+)([A-Za-z_]\w*)([ =])(\S[^\n]*)", re.MULTILINE
)
#: `--password hunter2`, `--api-key=…`
_OPTION = re.compile(r"(?<![\w-])(--([A-Za-z][\w-]*)[= ])([^\s\"'`,)\]}|]+)")
#: `password: hunter2`, as programs print it
_PRINTED = re.compile(r"(?<![\w\"'-])([A-Za-z_][\w-]*)(:[ ]{1,8})([^\s\"'(){}\[\],;]+)")
_DTYPE = re.compile(r"(?:u?int|float|bytes|complex|bool)\d*")
#: A connection string: `host=… password=…`, `Server=…;Pwd=…;`
_CONNECTION = re.compile(
    r"(?<![\w-])(?:host|hostaddr|server|data source|dbname|database|user|uid|user id|username"
    r"|port|AccountName|Endpoint|DefaultEndpointsProtocol)=[^\s;\"',()]*[ ;]",
    re.IGNORECASE,
)
_CONNECTION_PART = re.compile(r"(?<![\w-])([A-Za-z]\w*)=([^\s;\"',()]+)")
_BLANK = r"(?:\{[^{}]*\}|%s|%\(\w+\)s|\$\{?\w+\}?)"
_PLACEHOLDER = re.compile(
    rf"\s*(?:(?:{_BLANK}[\s:;,/@-]*)*|(?:Basic|Bearer|Token|token)\s*{_BLANK}?|\d+(?:\.\d+)+"
    r"|<[^<>]*>|\*+|x+|X+|\.{2,}|…|\[[^\]]*\]|‹removed:.*|None|null|True|False|true|false|none"
    r"|string|str|your[\w -]*|my[ _-][\w -]*|changeme|REDACTED|redacted|:\w+)\s*",
    re.DOTALL,
)


def _is_placeholder(value: str) -> bool:
    """Whether a value stands for a secret rather than being one: `{token}`, `<password>`, `***`."""
    return _PLACEHOLDER.fullmatch(value) is not None


def _by_names(text: str) -> str:
    """The text without the values of secret names; only lines that may hold one are looked at."""
    parts, end = [], 0
    for start, stop in _suspect_regions(text):
        parts += [text[end:start], _by_names_in(text[start:stop])]
        end = stop
    return "".join((*parts, text[end:])) if parts else text


def _suspect_regions(text: str) -> Iterator[tuple[int, int]]:
    """The lines in which a secret's name may stand, each with the next line; in order, apart.

    Where a triple-quoted string may begin there, the region goes on to its end.
    """
    end = 0
    for hit in sorted(position for hint in _NAME_HINTS for position in _find_all(text, hint)):
        if hit < end:
            continue
        start = max(end, text.rfind("\n", 0, hit) + 1)
        end = _end_of_line(text, _end_of_line(text, hit) + 1)
        for quote in ('"""', "'''"):
            if text.count(quote, start, end) % 2:
                end = _end_of_line(text, _find_or_end(text, quote, end))
        yield start, end


def _find_or_end(text: str, word: str, position: int) -> int:
    found = text.find(word, position)
    return len(text) if found < 0 else found


def _find_all(text: str, word: str) -> Iterator[int]:
    position = text.find(word)
    while position >= 0:
        yield position
        position = text.find(word, position + len(word))


def _end_of_line(text: str, position: int) -> int:
    return _find_or_end(text, "\n", position)


def _by_names_in(text: str) -> str:
    text = _ENV_MAGIC.sub(_shell, text)
    if "=" in text or ":" in text:
        text = _UNPACKED.sub(_unpacked, text)
        text = _ASSIGNED.sub(_assigned, text)
        text = _ESCAPED.sub(_shown, text) if "\\" in text else text
        text = _PAIR.sub(_pair, text) if "auth" in text else text
        text = _SHELL.sub(_shell, text)
        text = _PRINTED.sub(_printed, text)
    if "(" in text:
        text = _DEFAULTED.sub(_defaulted, text)
    if "--" in text:
        text = _OPTION.sub(_option, text)
    if "=" in text and ("Pwd" in text or "password" in text.lower() or "Key=" in text):
        text = "".join(map(_connection, text.splitlines(keepends=True)))
    return text


def _assigned(match: re.Match[str]) -> str:
    name, between, string = match.groups()
    if not is_secret_name(name) or not _is_worth(name, _inside(string)):
        return match.group()
    if between.endswith(": ") and _closes_a_string(match, string[0]):
        return match.group()  # `print("Password: ", …)`
    return f"{name}{between}{_emptied(string, name)}"


def _closes_a_string(match: re.Match[str], quote: str) -> bool:
    """Whether the quote after `name: ` ends a string that began before the name."""
    before = match.string[max(0, match.start() - 400) : match.start()].rpartition("\n")[2]
    return (before.count(quote) + match.group(2).count(quote)) % 2 == 1


def _unpacked(match: re.Match[str]) -> str:
    names, between, strings = match.groups()
    secret = [is_secret_name(name.strip()) for name in names.split(",")]
    if not any(secret):
        return match.group()
    found = _ONE_STRING.finditer(strings)
    kept = [
        _emptied(one.group(), "credentials") if is_secret else one.group()
        for one, is_secret in zip(found, secret)  # noqa: B905 - more values than names is no Python
    ]
    return f"{names}{between}{', '.join(kept)}"


def _shown(match: re.Match[str]) -> str:
    name, between, value = match.groups()
    if not is_secret_name(name) or not _is_worth(name, value):
        return match.group()
    return f"{name}{between}{_removed(name)}"


def _defaulted(match: re.Match[str]) -> str:
    name, string = match.groups()
    if not is_secret_name(name) or not _is_worth(name, _inside(string)):
        return match.group()
    return match.group()[: -len(string)] + _emptied(string, name)


def _pair(match: re.Match[str]) -> str:
    name, between, strings = match.groups()
    return match.group() if "‹removed:" in strings else f'{name}{between}"{_removed(name)}", ""'


def _shell(match: re.Match[str]) -> str:
    start, name, between, value = match.groups()
    if not is_secret_name(name) or _is_placeholder(value) or value[0] == "=":
        return match.group()
    return f"{start}{name}{between}{_removed(name)}"


def _printed(match: re.Match[str]) -> str:
    name, between, value = match.groups()
    is_mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    if not is_mixed or len(value) < 6 or not is_secret_name(name) or _DTYPE.fullmatch(value):
        return match.group()
    return match.group() if _is_placeholder(value) else f"{name}{between}{_removed(name)}"


def _option(match: re.Match[str]) -> str:
    start, name, value = match.groups()
    is_plain = value[0] in "-<$[{(" or (value.isupper() and value.isalpha())
    if is_plain or not is_secret_name(name) or _is_placeholder(value):
        return match.group()
    return start + _removed(name)


def _connection(line: str) -> str:
    return _CONNECTION_PART.sub(_connection_part, line) if _CONNECTION.search(line) else line


def _connection_part(match: re.Match[str]) -> str:
    name, value = match.groups()
    is_secret = name.lower() == "pwd" or is_secret_name(name)
    if not is_secret or _is_placeholder(value) or value.lower() == name.lower():
        return match.group()
    return f"{name}={_removed(name)}"


def _is_worth(name: str, value: str) -> bool:
    """Whether a quoted value under a secret's name is one.

    Not placeholders, not a word of the name (`PASSWORD = "password"` names a field), not a
    sentence (`"Type it again:"`), not one sign.
    """
    if len(value) < 2 or _is_placeholder(value) or _SENTENCE.fullmatch(value):
        return False
    bare = re.sub(r"[\W_]", "", value.lower())
    words = [word.lower() for word in _WORD.findall(name[-200:])]
    return bare not in {*words, "".join(words)}


_SENTENCE = re.compile(r"[A-Z][\w,'’-]*(?: [\w,'’(){}%-]+)+[.:!?]? ?")


def _inside(string: str) -> str:
    quote = string[:3] if string[:3] in {'"""', "'''"} else string[:1]
    body = string[len(quote) :]
    return body.removesuffix(quote)


def _emptied(string: str, what: str) -> str:
    quote = string[:3] if string[:3] in {'"""', "'''"} else string[:1]
    is_closed = len(string) > len(quote) and string.endswith(quote)
    return quote + _removed(what) + (quote if is_closed else "")
