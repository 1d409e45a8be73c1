"""Writes brotli and gzip twins beside the files. The results are cached by content, since brotli 11 takes minutes."""

import gzip
import importlib.metadata
import os
import shutil
import zlib
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from assets.build.digest import Cache, digest_of

SMALLEST = 400
_ALREADY_SMALL = (".png", ".woff2")


@dataclass(frozen=True)
class Size:
    """Sizes of one file in bytes; without a twin, that of the file itself."""

    raw: int
    gz: int
    br: int


def precompress(out: Path, names: Iterable[str], cache: Cache, quality: int) -> dict[str, Size]:
    """Put ``.br`` and ``.gz`` twins beside the named files of `out` and return all sizes.

    Args:
        out: folder of the build.
        names: paths inside it.
        cache: where finished twins are kept.
        quality: brotli quality, 0 to 11.
    """
    wanted = sorted(names, key=lambda name: (-(out / name).stat().st_size, name))
    worth = [name for name in wanted if _is_worth_it(out / name)]
    made: dict[str, tuple[Path, Path]] = {}
    with ProcessPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        futures = {name: pool.submit(_twins, out / name, cache, quality) for name in worth}
        for name, future in futures.items():
            made[name] = future.result()
    sizes = {}
    for name in sorted(wanted):
        file = out / name
        raw = file.stat().st_size
        sizes[name] = Size(raw, raw, raw)
        if name in made:
            br, gz = made[name]
            if br.stat().st_size < raw:
                shutil.copyfile(br, f"{file}.br")
                shutil.copyfile(gz, f"{file}.gz")
                sizes[name] = Size(raw, gz.stat().st_size, br.stat().st_size)
    return sizes


def _is_worth_it(file: Path) -> bool:
    return file.suffix not in _ALREADY_SMALL and file.stat().st_size >= SMALLEST


def _twins(file: Path, cache: Cache, quality: int) -> tuple[Path, Path]:
    def brotli_twin(place: Path) -> None:
        import brotli

        place.write_bytes(brotli.compress(file.read_bytes(), quality=quality, lgwin=24))

    def gzip_twin(place: Path) -> None:
        place.write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))

    content = [("", file)]
    br = cache.file("br", digest_of(content, quality, importlib.metadata.version("brotli")), brotli_twin)
    return br, cache.file("gz", digest_of(content, zlib.ZLIB_RUNTIME_VERSION), gzip_twin)
