"""Vendoring: the wheels of requirements/browser.txt, installed for Pyodide's CPython, and the stock library."""

import shutil
import zipfile
from pathlib import Path

from assets.build.digest import Cache, digest_of
from assets.build.plan import Plan
from assets.build.tools import flet_web, flet_web_digest, python, run

PYTHON_VERSION = "3.14"
PLATFORM = "pyemscripten_2026_0_wasm32"

# Never imported in the browser: server side, desktop, tests, editor hints. The C module of msgpack stays out too,
# because a memory image of Python cannot hold a loaded side module; its pure Python twin is used everywhere.
LEFT_OUT = (
    "*.dist-info/*",
    "bin/*",
    "*.so",
    "*.pyi",
    "*/py.typed",
    "py.typed",
    "flet/cli.py",
    "flet/pytest_plugin.py",
    "flet/fastapi/*",
    "flet/testing/*",
    "segno/cli.py",
    "share/*",
    "tinydb/mypy_plugin.py",
)

STDLIB_LEFT_OUT = tuple(
    line
    for line in Path(__file__).with_name("stdlib_left_out.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)
# Encodings: those of the web and of zip archives.
_ENCODINGS = frozenset(
    [
        "__init__",
        "_win_cp_codecs",
        "aliases",
        "ascii",
        "base64_codec",
        "charmap",
        "cp1252",
        "cp437",
        "hex_codec",
        "idna",
        "iso8859_1",
        "latin_1",
        "punycode",
        "raw_unicode_escape",
        "undefined",
        "unicode_escape",
        "utf_16",
        "utf_16_be",
        "utf_16_le",
        "utf_8",
        "utf_8_sig",
    ]
)


def is_left_out_encoding(name: str) -> bool:
    """Whether the file at path `name` of the standard library is a character encoding that is not shipped."""
    return (
        name.startswith("encodings/")
        and name.removeprefix("encodings/").removesuffix(".py") not in _ENCODINGS
    )


def vendored_packages(plan: Plan, cache: Cache) -> Path:
    """Return a folder holding the browser's Python packages, exactly as locked in requirements/browser.txt."""
    lock = plan.root / "requirements" / "browser.txt"

    def make(place: Path) -> None:
        command = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        command += [
            "--no-deps",
            "--no-compile",
            "--require-hashes",
            "--only-binary=:all:",
            "--target",
            str(place),
        ]
        command += ["--python-version", PYTHON_VERSION, "--implementation", "cp", "--abi", "cp314"]
        command += ["--platform", PLATFORM, "--requirement", str(lock)]
        run(command, what="vendoring requirements/browser.txt")

    return cache.folder("vendor", digest_of([("browser.txt", lock)], PYTHON_VERSION, PLATFORM), make)


def stock_library(cache: Cache) -> Path:
    """Return a folder holding the standard library's sources that come with Pyodide."""

    def make(place: Path) -> None:
        with zipfile.ZipFile(flet_web() / "pyodide" / "python_stdlib.zip") as archive:
            archive.extractall(place)
        shutil.rmtree(place / "__pycache__", ignore_errors=True)

    return cache.folder("stdlib", flet_web_digest(), make)
