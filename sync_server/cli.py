"""Command line of the server, and its composition root."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from sync_server import VERSION
from sync_server.app.settings import Settings
from sync_server.serving import Refused, locked, open_store, run
from sync_server.setup_links import new_setup_link

_DEFAULTS = Settings(Path("data"))
_ROOT = Path(__file__).resolve().parent.parent


def parser() -> argparse.ArgumentParser:
    """All commands and options; docs/operations.md describes each."""
    top = argparse.ArgumentParser(prog="trygg-ute", description="Server of Trygg ute.")
    top.add_argument("--version", action="version", version=f"trygg-ute {VERSION}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the server")
    serve.add_argument(
        "--data",
        type=Path,
        default=_DEFAULTS.data,
        metavar="DIR",
        help="where everything is kept (%(default)s)",
    )
    serve.add_argument("--host", default=_DEFAULTS.host, help="address to listen on (%(default)s)")
    serve.add_argument(
        "--port",
        type=_port,
        default=_DEFAULTS.port,
        help="port to listen on; 0 takes a free one (%(default)s)",
    )
    serve.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain, PEM")
    serve.add_argument(
        "--tls-key", type=Path, metavar="FILE", help="its private key, PEM, if it isn't in the same file"
    )
    serve.add_argument(
        "--web",
        "--app",
        dest="web",
        type=Path,
        default=_ROOT / _DEFAULTS.web,
        metavar="DIR",
        help="the built app",
    )
    serve.add_argument(
        "--public-url", default="", metavar="URL", help="address people use, when a proxy stands before"
    )
    serve.add_argument(
        "--rate",
        type=_count,
        default=_DEFAULTS.rate,
        metavar="N",
        help="requests a second and address, 0: no limit (%(default)s)",
    )
    serve.add_argument(
        "--disk-reserve",
        type=_count,
        default=_DEFAULTS.disk_reserve,
        metavar="MB",
        help="kept free for alarms (%(default)s)",
    )

    link = commands.add_parser("setup-link", help="make a one-time link to found a unit")
    link.add_argument(
        "--data",
        type=Path,
        default=_DEFAULTS.data,
        metavar="DIR",
        help="the server's data directory (%(default)s)",
    )
    link.add_argument(
        "--public-url", default="", metavar="URL", help="address people use (default: as last served)"
    )
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    options = parser().parse_args(argv)
    try:
        if options.command == "setup-link":
            _say(asyncio.run(_setup_link(options.data, options.public_url)))
        else:
            run(_settings(options), _say)
    except Refused as refusal:
        print(f"trygg-ute: {refusal}", file=sys.stderr)
        return 1
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    if options.tls_key is not None and options.tls_cert is None:
        raise Refused("--tls-key needs --tls-cert.")
    if options.public_url and not options.public_url.startswith(("http://", "https://")):
        raise Refused("--public-url starts with https:// (or http:// for a test).")
    return Settings(
        data=options.data,
        host=options.host,
        port=options.port,
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
        web=options.web,
        public_url=options.public_url,
        rate=options.rate,
        disk_reserve=options.disk_reserve,
    )


async def _setup_link(data: Path, public_url: str) -> str:
    try:
        with locked(data):
            return await _make_link(data, public_url)
    except Refused:
        # A running server holds the lock; its database takes one more row from beside it.
        if not (data / "trygg.db").exists():
            raise
        return await _make_link(data, public_url)


async def _make_link(data: Path, public_url: str) -> str:
    store = open_store(data)
    try:
        origin = public_url.rstrip("/") or await store.recall("public_url")
        return await new_setup_link(
            store, origin or f"http://{_DEFAULTS.host}:{_DEFAULTS.port}", printed=False
        )
    finally:
        await store.close()


def _say(line: str) -> None:
    print(line, flush=True)


def _port(text: str) -> int:
    number = _count(text)
    if number > 65_535:
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return number


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if number < 0:
        raise argparse.ArgumentTypeError("a number from 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
