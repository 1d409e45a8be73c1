"""Cuts the app's fonts: three static weights of one variable font, and a second family with even-width figures.

Flet's text styles can choose a weight but no OpenType feature, hence the family "Trygg Tall", where the ordinary
digits are the tabular ones. Flutter reads woff2.
"""

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assets.build.digest import Cache, digest_of
from assets.build.plan import Plan
from assets.build.tools import install_web_packages

WEIGHTS = (400, 600, 700)
TEXT_FAMILY = "Trygg Next"
FIGURE_FAMILY = "Trygg Tall"
_PACKAGE = "@fontsource-variable/atkinson-hyperlegible-next"
_SOURCE = "files/atkinson-hyperlegible-next-latin-wght-normal.woff2"
_STALE_NAMES = (16, 17, 21, 22, 25)  # typographic family names: they would win over ours


def font_file(family: str, weight: int) -> str:
    """Return the file name of one cut, for example ``TryggNext-400.woff2``."""
    return f"{family.replace(' ', '')}-{weight}.woff2"


def families() -> list[dict[str, Any]]:
    """Return our entries of Flutter's FontManifest.json.

    "Roboto" is what Flutter asks for when a style names no family; under that name it would fetch from elsewhere.
    """
    return [
        {
            "family": alias,
            "fonts": [
                {"asset": f"fonts/{font_file(family, weight)}", "weight": weight} for weight in WEIGHTS
            ],
        }
        for alias, family in (
            (TEXT_FAMILY, TEXT_FAMILY),
            (FIGURE_FAMILY, FIGURE_FAMILY),
            ("Roboto", TEXT_FAMILY),
        )
    ]


def cut_fonts(plan: Plan, cache: Cache) -> Iterator[tuple[str, Path]]:
    """Yield file name and file of each cut."""
    source = install_web_packages(plan) / _PACKAGE / _SOURCE
    tool = importlib.metadata.version("fonttools"), importlib.metadata.version("brotli")
    digest = digest_of([(_SOURCE, source), ("fonts.py", Path(__file__))], tool)
    folder = cache.folder("fonts", digest, lambda place: _cut_all(source, place))
    for path in sorted(folder.iterdir()):
        yield path.name, path


def _cut_all(source: Path, place: Path) -> None:
    place.mkdir()
    for weight in WEIGHTS:
        for family in (TEXT_FAMILY, FIGURE_FAMILY):
            _cut(source, family, weight, place / font_file(family, weight))


def _cut(source: Path, family: str, weight: int, out: Path) -> None:
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = instantiateVariableFont(TTFont(source, recalcTimestamp=False), {"wght": weight})
    if family == FIGURE_FAMILY:
        figures = _tabular_figures(font)
        for table in font["cmap"].tables:
            for code, glyph in list(table.cmap.items()):
                table.cmap[code] = figures.get(glyph, glyph)
    names = font["name"]
    for stale in _STALE_NAMES:
        names.removeNames(nameID=stale)
    for record in names.names:
        text = {1: family, 2: "Regular", 4: f"{family} {weight}", 6: f"{family.replace(' ', '')}-{weight}"}
        if record.nameID in text:
            record.string = text[record.nameID]
    if "STAT" in font:
        del font["STAT"]
    font["OS/2"].usWeightClass = weight
    font.flavor = "woff2"
    font.save(out)


def _tabular_figures(font: Any) -> dict[str, str]:
    """Return which glyph replaces which under the font's own ``tnum`` feature."""
    table = font["GSUB"].table
    swaps: dict[str, str] = {}
    for feature in table.FeatureList.FeatureRecord:
        if feature.FeatureTag != "tnum":
            continue
        for index in feature.Feature.LookupListIndex:
            for part in table.LookupList.Lookup[index].SubTable:
                swaps.update(getattr(part, "ExtSubTable", part).mapping)
    digits = {name: swaps[name] for name in font.getBestCmap().values() if name in swaps}
    if len(digits) < 10:
        raise ValueError("the font has no tabular figures")
    return digits
