"""The project's own checks find what they look for, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.check import error_codes, links, messages, operations, routes, standard_library, words

pytestmark = pytest.mark.unit

NB = messages.MESSAGES
ERRORS = 'from enum import StrEnum\nclass ErrorCode(StrEnum):\n    LATE = "late"\n'


@pytest.fixture
def problems(tmp_path: Path) -> Callable[..., list[str]]:
    def run(check: Callable[[Path], list[str]], files: dict[str, str]) -> list[str]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check(tmp_path)

    return run


def test_message_keys_that_fit(problems: Callable[..., list[str]]) -> None:
    code = 't("home.title")\nself.t(f"kind.{kind}")\nM("later")\nt("who", name=x)\nt("who", **more)\nt("a" if x else "b")\nraise PortError("offline", "x")\n'
    texts = {
        "home": {"title": "Hjem"},
        "kind.fall": "Fall",
        "later": "{x} senere",
        "who": "Hvem er {name}?",
        "a": "A",
        "b": "B",
    }
    texts |= {"error.offline": "Uten nett", "error.late": "For sent"}
    files = {"mobile_app/views/home.py": code, NB: json.dumps(texts), error_codes.ERRORS: ERRORS}
    # An error's words are looked up by its code, as everywhere in the app.
    files["mobile_app/views/errors.py"] = 't(f"error.{code}")\n'
    assert problems(messages.problems, files) == []


@pytest.mark.parametrize(
    ("code", "texts", "wanted"),
    [
        ('t("gone")', {}, "mobile_app/a.py:1: 'gone' has no words in"),
        ('x = M("gone")', {}, "mobile_app/a.py:1: 'gone' has no words in"),
        ('t("a" if x else "gone")', {"a": "A"}, "'gone' has no words in"),
        ('t(f"kind.{x}")', {}, "no key in mobile_app/content/messages/nb.json begins with 'kind.'"),
        ('t(f"{x}.title")', {}, "mobile_app/a.py:1: t(f"),
        ('t("hi")', {"hi": "Hei {name}"}, "'hi' needs ['name'] and is given []"),
        ('t("hi", nam="x")', {"hi": "Hei {name}"}, "'hi' needs ['name'] and is given ['nam']"),
        ("", {"left": {"over": "Igjen"}}, "'left.over' is used nowhere"),
        ('t("blank")', {"blank": " "}, "'blank' is empty"),
        ('PortError("offline")', {}, "the error 'offline' has no words"),
    ],
)
def test_message_keys_that_do_not(
    problems: Callable[..., list[str]], code: str, texts: dict[str, object], wanted: str
) -> None:
    found = problems(messages.problems, {"mobile_app/a.py": code + "\n", NB: json.dumps(texts)})
    assert len(found) == 1
    assert wanted in found[0]


def test_a_missing_message_file_is_a_problem(problems: Callable[..., list[str]]) -> None:
    assert problems(messages.problems, {"mobile_app/a.py": 't("x")\n'}) == [f"{NB}: is missing"]


def test_an_error_without_words_is_found(problems: Callable[..., list[str]]) -> None:
    found = problems(messages.problems, {NB: "{}", error_codes.ERRORS: ERRORS})
    assert found == [f"protocol/errors.py:3: the error 'late' has no words, 'error.late' in {NB}"]


def test_error_codes(problems: Callable[..., list[str]]) -> None:
    assert problems(error_codes.problems, {}) != []
    assert problems(error_codes.problems, {error_codes.ERRORS: ERRORS}) == ["docs/protocol.md: is missing"]
    found = problems(error_codes.problems, {"docs/protocol.md": "late without backticks"})
    assert found == ["protocol/errors.py:3: the code 'late' is not in docs/protocol.md"]
    assert problems(error_codes.problems, {"docs/protocol.md": "| `late` | 408 |"}) == []


def test_operations(problems: Callable[..., list[str]]) -> None:
    code = (
        'commands.add_parser("serve").add_argument("--port", "-p", type=int)\n'
        'os.environ.get("TRYGG_SMTP")\n'
        "class Settings:\n    retention_days: int = 90\n"
    )
    assert problems(operations.problems, {}) != []
    assert problems(operations.problems, {"sync_server/cli.py": code}) == ["docs/operations.md: is missing"]
    found = problems(
        operations.problems, {"docs/operations.md": "serve --port TRYGG_SMTP retention_days\n`--ports`"}
    )
    assert sorted(line.split(": ")[1].split()[0] for line in found) == [
        "--port",
        "TRYGG_SMTP",
        "retention_days",
        "serve",
    ]
    assert "sync_server/cli.py:1: --port is not in docs/operations.md" in found
    document = "```\ntrygg-ute serve --port 8080\n```\n`TRYGG_SMTP`, `retention_days`\n"
    assert problems(operations.problems, {"docs/operations.md": document}) == []
    by_option = document.replace("retention_days", "--retention-days")
    assert problems(operations.problems, {"docs/operations.md": by_option}) == []


def test_routes(problems: Callable[..., list[str]]) -> None:
    code = 'ROUTES = [Route("/v1/units/{unit}/feed", feed), Route("/healthz", health)]\n'
    assert problems(routes.problems, {}) != []
    found = problems(
        routes.problems, {"sync_server/app.py": code, "docs/protocol.md": "`GET /v1/units/{id}/feed?cursor=`"}
    )
    assert found == [
        f"sync_server/app.py:1: the route /healthz is in neither {' or '.join(routes.DOCUMENTS)}"
    ]
    assert problems(routes.problems, {"docs/api.json": '{"paths": {"/healthz": {}}}'}) == []


def test_links(problems: Callable[..., list[str]]) -> None:
    good = {
        "docs/a.md": "# Å være ute\n## Én `kode`\n[b](b.md#to-ord) [self](#én-kode) [site](https://example.org/x)\n`[no](link.md)`\n",
        "docs/b.md": "## To ord\n```\n[not](one.md)\n```\n[up](../README.md) [root](/docs/a.md)\n",
        "README.md": "[docs](docs/)\n[ref]: docs/a.md#å-være-ute\n",
    }
    assert problems(links.problems, good) == []
    found = problems(links.problems, {"docs/c.md": "\n[x](gone.md)\n[y](b.md#gone)\n[z](../../etc)\n"})
    assert found == [
        "docs/c.md:2: gone.md is not there",
        "docs/c.md:3: b.md#gone has no such heading",
        "docs/c.md:4: ../../etc leads out of the project",
    ]


def test_standard_library(problems: Callable[..., list[str]]) -> None:
    good = {
        "mobile_app/domain/visits.py": "import json\nfrom mobile_app.domain import clock\n",
        "protocol/envelope.py": "from protocol.ids import new\n",
        "protocol/jose.py": "import joserfc\n",
    }
    assert problems(standard_library.problems, good) == []
    found = problems(
        standard_library.problems,
        {
            "mobile_app/domain/bad.py": "def f():\n    import requests\nfrom mobile_app.ports import Keys\n",
            "protocol/bad.py": "import joserfc.jwe\n",
        },
    )
    assert sorted(line.split(";")[0] for line in found) == [
        "mobile_app/domain/bad.py:2: imports requests",
        "mobile_app/domain/bad.py:3: imports mobile_app.ports",
        "protocol/bad.py:1: imports joserfc.jwe",
    ]


# Put together from parts, so that this file has none of them.
BAD_WORDS = [
    "see /wo" + "rk/main",
    "see /tm" + "p/x",
    "https://registry.np" + "mjs.org/x",
    "https://files.pythonho" + "sted.org/x",
    "https://www.gsta" + "tic.com/x",
    "a sub" + "agent",
    "session 3 o" + "f 9",
    "TO" + "DO: later",
]


@pytest.mark.parametrize("text", BAD_WORDS)
def test_words_that_do_not_belong(problems: Callable[..., list[str]], text: str) -> None:
    found = problems(words.problems, {"docs/a.md": f"fine\n{text}\n"})
    assert len(found) == 1
    assert found[0].startswith("docs/a.md:2: ")


def test_words_that_are_fine(problems: Callable[..., list[str]]) -> None:
    files = {
        "docs/a.md": "homework/x, /v1/work, a session of 3, network/tmpfs, todo-listen, ~/work/x\n",
        "assets/build/rive.py": 'CDN = "https://www.gsta' + 'tic.com/"\n',
        "node_modules/x.js": "// TO" + "DO\n",
    }
    assert problems(words.problems, files) == []


def test_pictures_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "icon.png").write_bytes(b"\x89PNG\xff\xfe TO" + b"DO")
    assert words.problems(tmp_path) == []
