"""Theme, icons, receipts, passphrases, drafts being saved: the parts of the screens that think."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import flet as ft
import pytest

from mobile_app.domain.receipts import receipt
from mobile_app.services.errors import AppError
from mobile_app.views import receipts
from mobile_app.views.calls import spaced, tel
from mobile_app.views.icons import CODES
from mobile_app.views.messages import Times
from mobile_app.views.metrics import Metrics
from mobile_app.views.passphrase import strength, usable
from mobile_app.views.saver import Saver
from mobile_app.views.setup import asked
from mobile_app.views.theme import TYPE, theme

pytestmark = pytest.mark.unit

NOW = 1_794_479_460_000
TIMES = Times(NOW, 60)


def test_icon_codes_are_flets_own() -> None:
    assert {name: int(getattr(ft.Icons, name)) for name in CODES} == {
        name: int(code) for name, code in CODES.items()
    }


def _light(color: str) -> float:
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    lit = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * lit[0] + 0.7152 * lit[1] + 0.0722 * lit[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


PAIRS = (
    ("on_surface", "surface", 7), ("on_surface_variant", "surface", 7), ("on_surface_variant", "surface_container_lowest", 7),
    ("on_primary", "primary", 7), ("on_primary_container", "primary_container", 7), ("error", "surface", 7),
    ("on_error_container", "error_container", 7), ("on_primary_fixed", "primary_fixed", 7),
    ("on_secondary_fixed", "secondary_fixed", 7), ("on_tertiary_fixed", "tertiary_fixed", 7),
    ("outline", "surface", 4.5), ("outline", "surface_container_lowest", 4.5), ("on_tertiary", "tertiary", 7),
    ("on_inverse_surface", "inverse_surface", 7),
)  # fmt: skip


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_contrast(front: str, back: str, least: float, dark: bool) -> None:
    scheme = theme(dark=dark).color_scheme
    assert scheme is not None
    assert _contrast(getattr(scheme, front), getattr(scheme, back)) >= least


@pytest.mark.parametrize("dark", [False, True])
def test_white_on_the_alarm_red(dark: bool) -> None:
    scheme = theme(dark=dark).color_scheme
    assert scheme is not None
    assert _contrast("#FFFFFF", str(scheme.on_secondary_fixed_variant)) >= 7


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_style_has_a_colour_or_it_paints_black(dark: bool) -> None:
    styles = theme(dark=dark).text_theme
    assert styles is not None
    assert [name for name in TYPE if getattr(styles, name).color is None] == []
    assert min(size for size, _, _ in TYPE.values()) >= 14


def test_measures() -> None:
    assert (Metrics(412, 915).strip, Metrics(412, 915).bar) == (60, 76)
    assert (Metrics(360, 640).strip, Metrics(360, 640).bar) == (56, 64)
    assert not Metrics(839, 915).wide
    assert Metrics(840, 915).wide
    assert Metrics(scale=2).icon(24) == 36
    assert Metrics(scale=2).stacked


def test_receipts_use_the_three_words_only_when_they_are_true() -> None:
    local, sent = receipt(NOW, 0), receipt(NOW, NOW)
    seen = receipt(NOW, NOW, (("Kari Nordmo", NOW),))
    assert receipts.line(local, TIMES) == "Lagret på telefonen kl.\u00a011.31. Ikke sendt ennå."
    assert receipts.line(sent, TIMES) == "Sendt kl.\u00a011.31. Ingen har åpnet den ennå."
    assert receipts.line(seen, TIMES) == "Sett av Kari Nordmo kl.\u00a011.31."
    assert "Ikke sendt" in receipts.line(receipt(NOW, 0, (), "reader_unknown"), TIMES)
    happened = [(words, done) for words, _, _, done in receipts.events(local, TIMES, "Ikke sett ennå")]
    assert happened == [("Lagret på telefonen", True), ("Ikke sendt ennå", False), ("Ikke sett ennå", False)]
    assert receipts.events(seen, TIMES, "")[-1][0] == "Sett av Kari Nordmo"


@pytest.mark.parametrize(
    ("passphrase", "kind"),
    [("kort", "short"), ("aaaaaaaaaaaaaaaa", "simple"), ("123456789012", "simple"), ("fjellrev2026", "fair"),
     ("fjellrev på tur i dag", "good"), ("riktig hest batteri stift", "strong")],
)  # fmt: skip
def test_strength_in_words(passphrase: str, kind: str) -> None:
    assert strength(passphrase) == kind
    assert usable(passphrase) == (kind not in ("short", "simple"))


def test_the_word_asked_for_is_on_the_sheet() -> None:
    words = tuple(f"ord{n}" for n in range(16))
    assert 0 <= asked(words) < 16


def test_phone_numbers() -> None:
    assert tel("+47 912 34 567") == "tel:+4791234567"
    assert spaced("+4791234567") == "912\u00a034\u00a0567"
    assert spaced("22 33 44 55") == "22\u00a033\u00a044\u00a055"
    assert spaced("112") == "112"


class _App(SimpleNamespace):
    def __init__(self) -> None:
        super().__init__(error="", drawn=0, client=SimpleNamespace(gate=SimpleNamespace(touch=lambda: None)))

    def changed(self) -> None:
        self.drawn += 1

    redraw = changed

    @staticmethod
    def words_of(problem: AppError) -> str:
        return problem.code


def test_the_newest_text_is_saved_last_and_in_between_none_overtakes() -> None:
    async def run() -> list[str]:
        saved: list[str] = []
        gate = asyncio.Event()

        async def save(text: str) -> None:
            await gate.wait()
            saved.append(text)

        app: Any = _App()
        saver: Saver[str] = Saver(app, save)
        saver.put("H")
        await asyncio.sleep(0)
        for text in ("Ha", "Han", "Han s"):
            saver.put(text)
        assert not saver.saved
        gate.set()
        assert await saver.settle()
        return saved

    assert asyncio.run(run()) == ["H", "Han s"]


def test_a_save_that_fails_is_told_and_not_called_saved() -> None:
    async def run() -> tuple[bool, str]:
        async def save(_: str) -> None:
            raise AppError("quota_full")

        app: Any = _App()
        saver: Saver[str] = Saver(app, save)
        saver.put("Han")
        return await saver.settle(), app.error

    assert asyncio.run(run()) == (False, "quota_full")
