"""What `capture.secrets` calls a secret, what it leaves alone, and how long it takes."""
# ruff: noqa: E501, RUF001, SIM905 - tables of cases; the quotes of the mark are meant

from __future__ import annotations

import ast
import sysconfig
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aseptic.capture.secrets import is_secret_name, redact, strip_credentials

# Never a real key: each has the form of one and says so.
FAKE = "fAke1" * 12


# Names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    """password PASSWORD db_password dbPassword DB_PASSWD MYSQL_PWD passphrase secret client_secret
    secrets token hf_token HF_TOKEN GITHUB_TOKEN accessToken api_tokens api_key apiKey API_KEY apikey
    OPENAI_API_KEY aws_access_key_id AWS_SECRET_ACCESS_KEY private_key privateKey credential
    credentials auth basic_auth use_auth_token Authorization Proxy-Authorization dsn SENTRY_DSN
    connection_string connectionString conn_str session_cookie encryption_key app.secret
    ssh_key webhook_url refresh_token id_token api-key x-api-key""".split(),
)
def test_names_of_secrets(name: str):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    """tokenizer tokenize tokens max_tokens n_tokens token_count token_ids token_type use_cls_token
    cls_token pad_token mask_token eos_token next_token special_tokens num_tokens key keys key_size
    keyword monkey sort_key author authors authored pwd PWD passes passed bypass compass
    password_length secret_name api_key_name has_password is_secret requires_auth auth_type
    auth_required private_keys_path secretary tokenized x y_train learning_rate""".split(),
)
def test_names_that_only_look_like_it(name: str):
    assert not is_secret_name(name)


# By name ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ('password = "hunter22"', 'password = "‹removed: password›"'),
        ("self.api_key='k-1234'", "self.api_key='‹removed: api_key›'"),
        ('token: str = "abc123"', 'token: str = "‹removed: token›"'),
        ('{"secret": "abc123", "n": 1}', '{"secret": "‹removed: secret›", "n": 1}'),
        ("{'password': 'a\\'b'}", "{'password': '‹removed: password›'}"),
        ('"password = \\"abc\\"\\n",', '"password = \\"‹removed: password›\\"\\n",'),
        ('environ["DB_PASSWORD"] = "abc"', 'environ["DB_PASSWORD"] = "‹removed: DB_PASSWORD›"'),
        ('getenv("API_KEY", "abc1")', 'getenv("API_KEY", "‹removed: API_KEY›")'),
        (
            'connect(user="me", password="p w")',
            'connect(user="me", password="‹removed: password›")',
        ),
        ('get(url, auth=("me", "pw"))', 'get(url, auth=("‹removed: auth›", ""))'),
        (
            'user, password = "me", "pw12"',
            'user, password = "‹removed: password›", "‹removed: credentials›"',
        ),
        ('secret = """line one\nline two"""', 'secret = """‹removed: secret›"""'),
        ('password = "unfinished', 'password = "‹removed: password›'),
        ('password = "correct horse battery staple"', 'password = "‹removed: password›"'),
        ("%env API_TOKEN abc", "%env API_TOKEN ‹removed: API_TOKEN›"),
        ("%env API_TOKEN=abc", "%env API_TOKEN=‹removed: API_TOKEN›"),
        ("export MYSQL_PWD=abc", "export MYSQL_PWD=‹removed: MYSQL_PWD›"),
        ("+DB_PASSWORD=abc", "+DB_PASSWORD=‹removed: DB_PASSWORD›"),
        ("!tool --password hunter22 -v", "!tool --password ‹removed: password› -v"),
        ("tool --api-key=abc123", "tool --api-key=‹removed: api-key›"),
        ("password: hunter22", "password: ‹removed: password›"),
        ('"host=h user=u password=abc"', '"host=h user=u password=‹removed: password›"'),
        ("Server=h;Uid=me;Pwd=x!y;", "Server=h;Uid=me;Pwd=‹removed: Pwd›;"),
        ("AccountName=a;AccountKey=QUJD==;", "AccountName=a;AccountKey=‹removed: AccountKey›;"),
    ],
)
def test_values_of_secret_names_are_removed(text: str, redacted: str):
    assert redact(text) == redacted
    assert redact(f"before = 1\n{text}\n\nafter = 2") == f"before = 1\n{redacted}\n\nafter = 2"


# By value ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "what"),
    [
        ("AKIA" + "FAKE" * 4, "AWS key id"),
        ("ghp_" + FAKE[:36], "GitHub token"),
        ("github_pat_" + FAKE[:50], "GitHub token"),
        ("glpat-" + FAKE[:20], "GitLab token"),
        ("xoxb-" + "12345-67890-" + FAKE[:20], "Slack token"),
        ("AIza" + FAKE[:35], "Google key"),
        ("ya29." + FAKE[:40], "Google token"),
        ("sk-" + FAKE[:48], "API key"),
        ("sk-proj-" + "aB_1-" * 20, "API key"),
        ("hf_" + FAKE[:34], "Hugging Face token"),
        ("sk_live_" + FAKE[:24], "Stripe key"),
        ("npm_" + FAKE[:36], "npm token"),
        ("pypi-AgE" + FAKE + FAKE, "PyPI token"),
        ("SG." + FAKE[:22] + "." + FAKE[:43], "SendGrid key"),
        ("dapi" + "0123456789abcdef" * 2, "Databricks token"),
        ("123456789:AA" + FAKE[:33], "Telegram token"),
        ("eyJ" + FAKE + ".eyJ" + FAKE + "." + FAKE, "JWT"),
    ],
)
def test_known_forms_are_removed_wherever_they_stand(secret: str, what: str):
    mark = f"‹removed: {what}›"
    assert redact(secret) == mark
    assert redact(f"print({secret!r}, 1)") == f"print('{mark}', 1)"
    assert redact(f"x={secret}\n") == f"x={mark}\n"


def test_private_keys_are_removed_whole():
    body = "\n".join([FAKE] * 5)
    for kind in ("RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""):
        block = f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"
        assert redact(f'k = """{block}"""\nx = 1') == 'k = """‹removed: private key›"""\nx = 1'
    assert FAKE not in redact(f"-----BEGIN PRIVATE KEY-----\n{body}")
    escaped = f"-----BEGIN PRIVATE KEY-----\\n{FAKE}\\n{FAKE}\\n-----END PRIVATE KEY-----"
    assert redact(escaped) == "‹removed: private key›"


def test_headers_lose_their_tokens():
    assert (
        redact(f"Authorization: Bearer {FAKE}") == "Authorization: Bearer ‹removed: bearer token›"
    )
    assert redact(f"-H 'authorization: bearer {FAKE}'").endswith("‹removed: bearer token›'")
    assert "bWU6cHc" not in redact("Authorization: Basic bWU6cHc=")


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("pip install git+https://me:pw@h/x", "pip install git+https://‹removed: credentials›@h/x"),
        ("https://TOKEN:x-oauth-basic@h", "https://‹removed: credentials›@h"),
        ("https://TOKEN@h/x", "https://‹removed: credentials›@h/x"),
        ("postgresql://u:p@ss@h:5432/db", "postgresql://‹removed: credentials›@h:5432/db"),
        ("redis://:pw@h", "redis://‹removed: credentials›@h"),
        ("mongodb+srv://u:pa/ss@h", "mongodb+srv://‹removed: credentials›@h"),
        (
            "https://h/x?private_token=a&b=1",
            "https://h/x?private_token=‹removed: private_token›&b=1",
        ),
        ("s3://b?X-Amz-Signature=ab1", "s3://b?X-Amz-Signature=‹removed: X-Amz-Signature›"),
        ("http://h:8888/lab?token=ab1", "http://h:8888/lab?token=‹removed: token›"),
    ],
)
def test_urls_lose_their_credentials(text: str, redacted: str):
    assert redact(text) == redacted


# What stays -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tokenizer = AutoTokenizer.from_pretrained('bert-base')",
        "pad_token = '[PAD]'; max_tokens = 100",
        "password = getpass('Password: ')",
        "print('Password: ', end='')",
        "api_key = os.environ['API_KEY']",
        "connect(password=password, token=token)",
        "def f(password: str, token=None): ...",
        "password = ''",
        "PASSWORD = 'password'",
        "password = 'Type it again:'",
        "token = None",
        "f'postgresql://{user}:{password}@{host}/db'",
        "password = f'{password}'",
        "headers = {'Authorization': f'Bearer {token}'}",
        "auth = ('Basic ' + encoded)",
        "https://example.com/a@b:c",
        "ssh://git@example.com/x",
        "git@example.com:me/x.git",
        "http://localhost:8888/lab/tree/a.ipynb",
        "http://[::1]:8080/x@y",
        "<div class='sk-toggleable__content fitted sk-estimator-doc-link-1'>",
        "sha256:" + "0123456789abcdef" * 4,
        "df.sort_values(key=lambda s: s.str.lower())",
        "secret: float64",
        "x = tokens['input_ids'] @ keys.T",
    ],
)
def test_clean_text_stays_the_same_object(text: str):
    assert redact(text) is text or redact(text) == text


def test_the_standard_library_passes_almost_untouched(capsys: pytest.CaptureFixture[str]):
    folder = Path(sysconfig.get_paths()["stdlib"])
    ours = {"test", "tests", "idle_test", "site-packages"}
    files = [f for f in folder.rglob("*.py") if not ours & set(f.parts)]
    hits, lines = [], 0
    for file in files:
        source = file.read_text("utf-8", "replace")
        lines += source.count("\n")
        found = [line.strip() for line in redact(source).split("\n") if "‹removed:" in line]
        hits += [f"{file.name}: {line}" for line in found]
    with capsys.disabled():
        print(f"\nredact: {len(hits)} hits in {lines:,} clean lines of {len(files)} files")
    assert len(hits) <= 8, hits


def test_source_stays_valid_python():
    source = 'api_key = "abc123"\nd = {"token": \'x1y2\'}\nrun(password="""a\nb""", n=1)\n'
    clean = redact(source)
    assert "abc123" not in clean
    ast.parse(clean)


# Remotes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        ("https://me:pw@h.org/x.git", "https://h.org/x.git"),
        ("https://TOKEN:x-oauth-basic@h.org/x", "https://h.org/x"),
        ("https://TOKEN@h.org:8443/x", "https://h.org:8443/x"),
        ("https://h.org/x?private_token=a&b=1", "https://h.org/x?private_token=‹removed: private_token›&b=1"),
        ("git@h.org:me/x.git", "git@h.org:me/x.git"),
        ("ssh://git@h.org:22/x", "ssh://git@h.org:22/x"),
        ("ssh://git:pw@h.org/x", "ssh://git@h.org/x"),
        ("https://me:p/w@h.org/x", "https://h.org/x"),
        ("https://me:p@w@h.org/x", "https://h.org/x"),
        ("https://h.org/x#token=abc", "https://h.org/x"),
        ("postgresql+psycopg://u:pw@h/db?password=a", "postgresql+psycopg://h/db?password=‹removed: password›"),
        ("/srv/git/x.git", "/srv/git/x.git"),
        ("../x", "../x"),
        ("file:///srv/x", "file:///srv/x"),
        ("C:\\repos\\x", "C:\\repos\\x"),
        ("", ""),
    ],
)  # fmt: skip
def test_remotes_keep_their_place_and_lose_what_grants_access(url: str, stripped: str):
    assert strip_credentials(url) == stripped
    assert strip_credentials(stripped) == stripped


# Time and idempotence ---------------------------------------------------------------------------

PIECES = st.sampled_from(
    """password token api_key auth = : :: == " ' \"\"\" ''' \\ \n ( ) [ ] { } , ; & ? # @ / :// https
    --password export %env sk- ghp_ eyJ . - _ Bearer -----BEGIN PRIVATE KEY----- ‹removed: › Pwd=
    host=h f" r' $X {x} %s abc 123 é İ \x00""".split(" ")
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
@settings(max_examples=400, deadline=None)
@example('password="" token=')
@example('auth=("‹removed: auth›", "")')
def test_redacting_twice_changes_nothing_more(text: str):
    once = redact(text)
    assert redact(once) == once


@given(st.lists(PIECES, max_size=30).map("".join))
@settings(max_examples=200, deadline=None)
def test_stripping_never_fails(url: str):
    strip_credentials(url)


@pytest.mark.parametrize(
    "piece",
    ["eyJ-", "a=", 'a="', "a='b\"", "-----BEGIN PRIVATE KEY-----", "a://", "a://a:", "x.", "?a=",
     "password", "password=", 'password="', "-", "--a", 'auth=("', 'get("a",', "a:b ", "a: ", "a:A[",
     "bearer ", "SG.a", '"""', "token='''", '\\"', "://", "://{", "a,", "key\n", "sk-", "@", "a:\\'"],
)  # fmt: skip
def test_time_is_linear_in_the_text(piece: str):
    short, long = (piece * (n // len(piece)) + " password=key token: x" for n in (20_000, 160_000))
    assert _seconds(long) < 24 * _seconds(short) + 0.05  # 8 times as long; 3 for the noise


def _seconds(text: str) -> float:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        redact(text)
        times.append(time.perf_counter() - started)
    return min(times)
