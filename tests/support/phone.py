"""A person with the real app in a real browser: what a finger does, screen by screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

from tests.support.browser import BrowserContextFactory
from tests.support.flutter import (
    enable_semantics,
    tap,
    type_into,
    wait_evaluate,
    wait_painted,
    wait_text,
)

INSTALLED = "() => navigator.serviceWorker.ready.then(ready => ready.active?.state === 'activated')"
ALL_TEXT = (
    "() => [...document.querySelectorAll('flt-semantics-host *')]"
    ".map(node => `${node.getAttribute('aria-label') ?? ''} ${node.textContent}`).join(' ')"
)
INVITE = re.compile(r"https?://[^ ]+?/bli-med#[0-9a-f-]{36}\.[\w-]{43}\.[\w-]{43}")
WORDS = re.compile(r"Ord nummer (\d+)[:,]? (\w+)")
HOLD_MS = 3000


@dataclass
class Phone:
    """One device of one person. `asked`: every address its browser has asked for, workers included."""

    origin: str
    profile: Path
    factory: BrowserContextFactory
    passphrase: str = "furu og måke ved fjorden"
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    context: BrowserContext | None = None

    @property
    def page(self) -> Page:
        """The one tab."""
        assert self.context is not None
        return self.context.pages[0]

    def open(self, path: str) -> None:
        """Start the browser if need be, and go to an address of the app. Waits until the app has painted."""
        if self.context is None:
            self.context = self.factory(self.profile)
            self.context.on("request", lambda request: self.asked.append(request.url))
            self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page.goto(path if path.startswith("http") else f"{self.origin}{path}")
        wait_painted(self.page)
        enable_semantics(self.page)

    def close(self) -> None:
        """End the browser; the profile stays."""
        if self.context is not None:
            self.context.close()
            self.context = None

    def foreign(self) -> list[str]:
        """What was asked of anybody but the own server."""
        local = (f"{self.origin}/", "data:", "blob:")
        return [url for url in self.asked if not url.startswith(local)]

    def installed(self) -> None:
        """Wait until everything needed without a server is on the phone."""
        wait_evaluate(self.page, INSTALLED, what="the service worker", seconds=60)

    def found_unit(self, link: str, unit: str, name: str, number: str) -> None:
        """Set up a unit as its first leader, recovery codes and all."""
        self.open(link)
        type_into(self.page, "Enhetens navn", unit)
        type_into(self.page, "Navnet ditt", name)
        type_into(self.page, "Telefonnummeret ditt", number)
        tap(self.page, "button", "Videre")
        self._choose_passphrase("Opprett enheten")
        wait_text(self.page, "Skriv ned kodene", seconds=30)
        shown = self.page.evaluate(ALL_TEXT)
        codes = re.findall(r"(?<!\d)(\d{1,2})\s*([a-zæøå]{3,7})(?=\d|[A-Z]|\s|$)", shown)
        words = [word for _, word in codes]
        tap(self.page, "button", "Jeg har skrevet dem ned")
        wait_text(self.page, "Har du kodene?")
        for key, offset in (("Lesenøkkel", 0), ("Signeringsnøkkel", 16)):
            asked_for = self.page.get_by_label(f"{key}, ord nummer").first.get_attribute("aria-label") or ""
            number_of = int(asked_for.rsplit(" ", 1)[1])
            type_into(self.page, asked_for, words[offset + number_of - 1])
        tap(self.page, "button", "Videre")
        tap(self.page, "button", "Ferdig")
        wait_text(self.page, "Ingen er ute nå")

    def invite(self, role: str) -> str:
        """A leader's link for somebody new."""
        tap(self.page, "tab", "Enhet")
        tap(self.page, "button", "Inviter")
        tap(self.page, "radio", role)
        tap(self.page, "button", "Lag invitasjon")
        wait_text(self.page, "Ord å sammenligne", seconds=20)
        found = INVITE.search(self.page.evaluate(ALL_TEXT))
        assert found is not None, "the invite's link is not on the screen"
        tap(self.page, "button", "Ferdig")
        return found[0]

    def join(self, link: str, name: str, number: str) -> None:
        """Open an invite and become one of the unit."""
        self.open(link)
        assert "#" not in self.page.url, "the secret is still in the address"
        tap(self.page, "button", "Ja, ordene er like")
        type_into(self.page, "Navnet ditt", name)
        type_into(self.page, "Telefonnummeret ditt", number)
        tap(self.page, "button", "Videre")
        self._choose_passphrase("Bli med")
        wait_text(self.page, "Nytt besøk", seconds=30)

    def unlock(self) -> None:
        """Open the vault."""
        tap(self.page, "button", "Lås opp")
        type_into(self.page, "Passfrase", self.passphrase)
        tap(self.page, "button", "Lås opp")

    def plan_and_start(self, place: str, purpose: str) -> None:
        """A home visit, alone and otherwise without risk: the first answer to every question."""
        tap(self.page, "tab", "Hjem")
        tap(self.page, "button", "Nytt besøk")
        type_into(self.page, "Sted", place)
        type_into(self.page, "Hva gjelder det?", purpose)
        tap(self.page, "button", "Videre")
        tap(self.page, "button", "Ja, alene")
        number = 2
        while self._question(number):
            tap(self.page, "button", self._first_choice(), exact=True)
            number += 1
        wait_text(self.page, "Fordi du svarte")
        tap(self.page, "button", "Videre med")
        tap(self.page, "radio", "1 time")
        tap(self.page, "button", "Planlegg")
        tap(self.page, "button", "Start besøket")
        wait_text(self.page, "1 time igjen")

    def report(self, kind: str, line: str) -> None:
        """An incident: six taps and a line."""
        tap(self.page, "tab", "Hendelser")
        tap(self.page, "button", "Ny hendelse")
        tap(self.page, "button", kind)
        tap(self.page, "radio", "3 · Alvorlig")
        tap(self.page, "button", "Videre")
        type_into(self.page, "Hva skjedde? Én linje holder.", line)
        tap(self.page, "button", "Videre")
        tap(self.page, "button", "Send", exact=True)
        wait_text(self.page, "Lagret på telefonen")

    def hold_alarm(self) -> None:
        """Keep a finger on the red strip for as long as it takes, by the page's own clock."""
        with self._finger_on("#strip"):
            wait_evaluate(
                self.page,
                "() => performance.getEntriesByName('alarm-durable').length > 0",
                what="the alarm to be stored",
                seconds=HOLD_MS / 1000 + 10,
            )

    def back_to_app(self) -> None:
        """From the alarm's own page to the app; the alarm goes on."""
        self.page.get_by_role("button", name="Til appen").tap()

    def _question(self, number: int) -> bool:
        """Whether that question comes; otherwise the advice has."""
        seen = wait_evaluate(
            self.page,
            "number => { const text = document.querySelector('flt-semantics-host')?.textContent ?? '';"
            " return text.includes(`Spørsmål ${number} av`) ? 'question'"
            " : text.includes('Fordi du svarte') ? 'advice' : ''; }",
            number,
            what=f"question {number} or the advice",
        )
        return bool(seen == "question")

    def _first_choice(self) -> str:
        """The first answer of the question on the screen."""
        names = self.page.evaluate(
            "() => [...document.querySelectorAll('flt-semantics-host [role=button]')]"
            ".map(node => node.getAttribute('aria-label') ?? node.textContent)"
        )
        return next(str(name) for name in names if not name.startswith(("Steg", "Tilbake")))

    def _choose_passphrase(self, button: str) -> None:
        type_into(self.page, "Passfrase", self.passphrase)
        type_into(self.page, "Passfrasen en gang til", self.passphrase)
        tap(self.page, "button", button)

    @contextmanager
    def _finger_on(self, selector: str) -> Iterator[None]:
        assert self.context is not None
        box = self.page.locator(selector).bounding_box()
        assert box is not None
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        session = self.context.new_cdp_session(self.page)
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        try:
            yield
        finally:
            session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
