"""Flet's prebuilt Flutter client: the files that are used, patched so that none of them names another host."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assets.build.errors import BuildError
from assets.build.fonts import families
from assets.build.tools import flet_web

# Renderer -> the files only it needs. Which one a browser takes is decided by assets/web/shell/renderer.js.
RENDERERS: dict[str, tuple[str, ...]] = {
    "skwasm": ("main.dart.mjs", "main.dart.wasm", "canvaskit/skwasm.js", "canvaskit/skwasm.wasm"),
    "chromium": ("main.dart.js", "canvaskit/chromium/canvaskit.js", "canvaskit/chromium/canvaskit.wasm"),
    "canvaskit": ("main.dart.js", "canvaskit/canvaskit.js", "canvaskit/canvaskit.wasm"),
}
_AS_THEY_ARE = (
    "assets/AssetManifest.bin",
    "assets/AssetManifest.bin.json",
    "assets/NOTICES",
    "assets/fonts/MaterialIcons-Regular.otf",
    "assets/shaders/ink_sparkle.frag",
    "assets/shaders/stretch_effect.frag",
    "pyodide/pyodide.mjs",
    "pyodide/pyodide.asm.mjs",
    "pyodide/pyodide.asm.wasm",
    "version.json",
)
_RIVE = b"https://cdn.jsdelivr.net/npm/@rive-app/flutter-native-wasm@44.0.0/"
_RIVE_LOCAL = b"rive-none/"
_RIVE_STUB = "rive-none/wasm/rive_native.js"


def client_files() -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every file taken from the client.

    Raises:
        BuildError: the client does not look as it did when the patches were written.
    """
    source = flet_web()
    for name in _AS_THEY_ARE:
        yield name, (source / name).read_bytes()
    for name in sorted({name for names in RENDERERS.values() for name in names}):
        data = (source / name).read_bytes()
        yield name, _without_rive(data) if name in ("main.dart.js", "main.dart.wasm") else data
    yield "assets/FontManifest.json", json.dumps(_font_manifest(source), separators=(",", ":")).encode()
    # The client loads Rive's runtime at every start; the stub stands where the patched address points.
    yield _RIVE_STUB, b"window.RiveNative=()=>new Promise(()=>{});\n"
    yield "flutter.js", _loader(source)


def _without_rive(data: bytes) -> bytes:
    if data.count(_RIVE) != 1:
        raise BuildError("the client's Rive address is not where it was: look at the patch again")
    filler, odd = divmod(len(_RIVE) - len(_RIVE_LOCAL), 2)
    if odd:
        raise BuildError("the local stand-in for Rive needs a name one letter longer or shorter")
    # Same length, or the wasm binary breaks: "./" changes nothing in a path.
    return data.replace(_RIVE, b"./" * filler + _RIVE_LOCAL)


def _font_manifest(source: Path) -> list[dict[str, Any]]:
    """Keep the icon font and add our families; formula fonts and Cupertino icons would be fetched at every start."""
    stock = json.loads((source / "assets" / "FontManifest.json").read_bytes())
    kept = [entry for entry in stock if entry["family"] == "MaterialIcons"]
    if len(kept) != 1:
        raise BuildError("the client's font manifest has no MaterialIcons")
    return [*kept, *families()]


def _loader(source: Path) -> bytes:
    """Return Flutter's loader with the client's build description, without its deprecated service worker."""
    bootstrap = (source / "flutter_bootstrap.js").read_text(encoding="utf-8")
    found = re.search(r"_flutter\.buildConfig = (\{.*?\});\n", bootstrap)
    if found is None:
        raise BuildError("the client's flutter_bootstrap.js has no buildConfig")
    loader = (
        (source / "flutter.js").read_text(encoding="utf-8").replace("//# sourceMappingURL=flutter.js.map", "")
    )
    return f"{loader.rstrip()}\n_flutter.buildConfig = {found[1]};\n".encode()
