"""A small checklist of the right shape, so that screens are tested apart from what the real one asks."""

from __future__ import annotations

from typing import Any


def _option(value: str, text: str, weight: int = 0, **more: Any) -> dict[str, Any]:
    return {"value": value, "text": text, "weight": weight, **more}


def _question(key: str, text: str, icon: str, *options: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "text": text,
        "icon": icon,
        "options": list(options),
        "why": "Det er oftest slik det går galt.",
        "source": "Egne erfaringer",
        **more,
    }


RAW: dict[str, Any] = {
    "key": "home_visit",
    "version": 1,
    "levels": {"yellow": 2, "red": 6},
    "unanswered": "Ikke svart:",
    "questions": [
        _question(
            "alone", "Drar du alene?", "person",
            _option("no", "Nei, vi er to"),
            _option("yes", "Ja, alene", 1, reason="Du drar alene", measures=["colleague", "tell"]),
        ),
        _question(
            "threat", "Har bruker truet noen før?", "record_voice_over",
            _option("no", "Nei, ikke det vi vet"),
            _option("shouted", "Har ropt", 2, reason="Bruker har ropt før", measures=["tell"]),
            _option("yes", "Ja", 6, reason="Bruker har truet før", outcome="do_not_go", level="red"),
            help="Også mot andre enn deg.",
        ),
        _question(
            "animals", "Er det dyr der?", "pets",
            _option("no", "Nei"),
            _option("in", "Hund, eier holder den inne"),
            _option("loose", "Hund, går løs", 2, reason="Hunden går løs", measures=["tell"]),
        ),
        _question(
            "way_out", "Kommer du deg lett ut?", "directions_car",
            _option("yes", "Ja, bilen står mot veien"),
            _option("no", "Nei", 2, reason="Det er vanskelig å komme seg ut", measures=["parking"]),
        ),
    ],
    "measures": [
        {"key": "tell", "text": "Si fra til leder før du går inn"},
        {"key": "parking", "text": "Parker mot veien"},
        {"key": "colleague", "text": "Ta med en kollega"},
        {"key": "office", "text": "Møtes på kontoret", "instead": True},
        {"key": "phone", "text": "Ta det på telefon eller video", "instead": True},
    ],
}  # fmt: skip
