"""The ways through the app, tap by tap, on made-up scenes: the counts of taps are the promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from mobile_app.views.setup import asked
from tests.support.browser import BrowserContextFactory
from tests.support.fake_client import READ_WORDS, SIGN_WORDS
from tests.support.flutter import enable_semantics, tap, type_into, wait_no_text, wait_text
from tests.support.view_server import ViewServer

pytestmark = pytest.mark.e2e

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def server() -> Iterator[ViewServer]:
    running = ViewServer()
    running.address = running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def open_scene(server: ViewServer, module_browser_context_factory: BrowserContextFactory) -> Open:
    context = module_browser_context_factory()

    def one(scene: str, path: str = "/") -> Page:
        page = context.new_page()
        page.goto(f"{server.address}{path}?scene={scene}")
        enable_semantics(page, seconds=60)
        return page

    return one


def test_a_repeat_visit_takes_five_taps(open_scene: Open) -> None:
    page = open_scene("planned")
    tap(page, "button", "Strandgata 14")
    wait_text(page, "Noe nytt siden sist?")
    tap(page, "button", "Nei, alt er som sist")
    tap(page, "radio", "1 time")
    tap(page, "button", "Planlegg")
    tap(page, "button", "Start besøket")
    wait_text(page, "1 time igjen")
    wait_text(page, "Ingen varsles av seg selv")
    page.close()


def test_one_new_risk_leads_past_the_advice(open_scene: Open) -> None:
    page = open_scene("planned")
    tap(page, "button", "Sak 4471, Bekkelia")
    tap(page, "button", "Ja, noe er nytt")
    tap(page, "button", "Har bruker truet noen før?")
    tap(page, "button", "Ja", exact=True)
    wait_text(page, "Hva er nytt?")
    tap(page, "button", "Videre")
    wait_text(page, "Rødt: ikke dra")
    wait_text(page, "Møtes på kontoret")
    tap(page, "button", "Dra likevel")
    wait_text(page, "Skriv hvorfor før du går videre.")
    type_into(page, "Drar du likevel?", "Politiet er med")
    tap(page, "button", "Dra likevel")
    wait_text(page, "Hvor lenge?")
    page.close()


def test_a_new_visit_from_nothing(open_scene: Open, server: ViewServer) -> None:
    page = open_scene("first_day")
    tap(page, "button", "Nytt besøk")
    wait_text(page, "Steg 1 av 4 · alt er sendt")
    type_into(page, "Sted", "Øvre Dal 22")
    wait_text(page, "lagret på telefonen")
    assert [draft.place for draft in server.clients[-1].visits.drafts()] == ["Øvre Dal 22"]
    tap(page, "button", "Videre")
    tap(page, "button", "Ja, alene")
    tap(page, "button", "Nei, ikke det vi vet")
    tap(page, "button", "Nei", exact=True)
    tap(page, "button", "Ja, bilen står mot veien")
    wait_text(page, "Du drar alene")
    tap(page, "button", "Videre med")
    tap(page, "radio", "30 min")
    tap(page, "button", "Planlegg")
    tap(page, "button", "Start besøket")
    wait_text(page, "igjen")
    tap(page, "button", "Sjekk ut")
    wait_text(page, "Du har sjekket ut fra Øvre Dal 22.")
    page.close()


def test_an_incident_takes_six_taps_and_a_line(open_scene: Open, server: ViewServer) -> None:
    page = open_scene("visit")
    tap(page, "button", "Ny hendelse")
    tap(page, "button", "Trussel ansikt til ansikt")
    tap(page, "radio", "3 · Alvorlig")
    tap(page, "button", "Videre")
    type_into(page, "Hva skjedde?", "Han ropte æøå.")
    tap(page, "button", "Videre")
    wait_text(page, "Siv Aasen")
    tap(page, "button", "Send", exact=True)
    wait_text(page, "Hendelsen er sendt")
    wait_text(page, "Ikke sett ennå")
    client = server.clients[-1]
    assert client.incidents.drafts() == []
    assert client.incidents.mine()[-1].line == "Han ropte æøå."
    page.close()


@pytest.mark.parametrize(("scene", "offered"), [("planned", True), ("no_rep", False)])
def test_a_report_about_the_leader_is_offered_only_where_it_reaches_somebody(
    scene: str, offered: bool, open_scene: Open
) -> None:
    page = open_scene(scene)
    tap(page, "button", "Ny hendelse")
    tap(page, "button", "Fysisk vold")
    tap(page, "radio", "3 · Alvorlig")
    tap(page, "button", "Videre")
    type_into(page, "Hva skjedde?", "Slo etter meg")
    tap(page, "button", "Videre")
    wait_text(page, "Bare de som står her, kan åpne den.")
    assert (page.get_by_role("button", name="Handler det om").count() > 0) == offered
    page.close()


def test_throwing_a_draft_away_asks_first(open_scene: Open, server: ViewServer) -> None:
    page = open_scene("visit")
    tap(page, "button", "Ny hendelse")
    tap(page, "button", "Annen trakassering")
    tap(page, "button", "Tilbake")
    tap(page, "button", "Kast kladden")
    wait_text(page, "Kaste kladden?")
    assert len(server.clients[-1].incidents.drafts()) == 1
    tap(page, "button", "Kast", exact=True)
    wait_text(page, "Trussel ansikt til ansikt")
    assert server.clients[-1].incidents.drafts() == []
    page.close()


def test_joining(open_scene: Open) -> None:
    page = open_scene("new")
    type_into(page, "Invitasjon", "https://trygg.example/bli-med#a.b.c")
    tap(page, "button", "Se invitasjonen")
    wait_text(page, "Er ordene like?")
    tap(page, "button", "Ja, ordene er like")
    type_into(page, "Navnet ditt", "Amina Yusuf")
    type_into(page, "Telefonnummeret ditt", "91234567")
    tap(page, "button", "Videre")
    type_into(page, "Passfrase", "kort")
    wait_text(page, "For kort. 8 tegn til.")
    type_into(page, "Passfrase", "riktig hest batteri stift")
    type_into(page, "Passfrasen en gang til", "riktig hest batteri stift")
    tap(page, "button", "Bli med")
    wait_text(page, "Du er med i Hjelpemidler, Lillevik kommune.")
    page.close()


def test_setting_up_wants_two_words_from_the_sheets(open_scene: Open) -> None:
    page = open_scene("founding", "/oppsett")
    for label, words in (
        ("Oppsettskode", "kode"), ("Enhetens navn", "Hjelpemidler"), ("Navnet ditt", "Kari Nordmo"), ("Telefonnummeret ditt", "90511223"),
    ):  # fmt: skip
        type_into(page, label, words)
    tap(page, "button", "Videre")
    type_into(page, "Passfrase", "riktig hest batteri stift")
    type_into(page, "Passfrasen en gang til", "riktig hest batteri stift")
    tap(page, "button", "Opprett enheten")
    wait_text(page, "Skriv ned kodene")
    tap(page, "button", "Jeg har skrevet dem ned")
    type_into(page, "Lesenøkkel", "feil")
    tap(page, "button", "Videre")
    wait_text(page, "Det er ikke ordet på arket.")
    type_into(page, "Lesenøkkel", READ_WORDS[asked(READ_WORDS)])
    type_into(page, "Signeringsnøkkel", SIGN_WORDS[asked(SIGN_WORDS)])
    tap(page, "button", "Videre")
    wait_text(page, "fingeravtrykk")
    tap(page, "button", "Ferdig")
    page.get_by_role("heading", name="Nå", level=1).first.wait_for(state="attached", timeout=15_000)
    page.close()


def test_a_wrong_passphrase_says_how_long_to_wait_and_help_works_while_locked(open_scene: Open) -> None:
    page = open_scene("locked")
    wait_text(page, "24 min igjen")
    wait_no_text(page, "Fjellveien 8", seconds=1)
    tap(page, "button", "Hjelp")
    wait_text(page, "112 Politi")
    wait_text(page, "Kari Nordmo")
    tap(page, "button", "Lås opp")
    type_into(page, "Passfrase", "noe helt annet")
    tap(page, "button", "Lås opp", exact=True)
    wait_text(page, "Prøv igjen om 4")
    type_into(page, "Passfrase", "riktig hest batteri")
    tap(page, "button", "Lås opp", exact=True)
    page.get_by_role("heading", name="Hjelp", level=1).first.wait_for(state="attached", timeout=15_000)
    page.close()


def test_an_alarm_takes_the_screen_and_being_shown_is_seen(open_scene: Open, server: ViewServer) -> None:
    page = open_scene("leader")
    wait_text(page, "Per Solbakken")
    client, app = server.clients[-1], server.apps[-1]
    app.page.loop.call_soon_threadsafe(client.ring)
    wait_text(page, "Ingen har tatt den ennå.")
    wait_text(page, "Kari Nordmo")  # among those who have seen it
    tap(page, "button", "Jeg tar den")
    wait_text(page, "Du tok den")
    alarm = client.alarms.get("a-1")
    assert alarm is not None
    assert alarm.taken_by_me
    tap(page, "button", "Ring Amina")
    tap(page, "button", "Tilbake til oversikten")
    wait_text(page, "Per Solbakken")
    assert "tel:+4791234567" in client.called
    page.close()


def test_an_alarm_does_not_take_the_page_from_someone_who_writes(
    open_scene: Open, server: ViewServer
) -> None:
    page = open_scene("leader_quiet")
    tap(page, "tab", "Hendelser")
    tap(page, "button", "Ny hendelse")
    tap(page, "button", "Fysisk vold")
    tap(page, "radio", "2 · Ubehagelig")
    tap(page, "button", "Videre")
    type_into(page, "Hva skjedde?", "Jeg er midt i en")
    client, app = server.clients[-1], server.apps[-1]
    app.page.loop.call_soon_threadsafe(client.ring)
    wait_text(page, "Alarm fra Amina Yusuf")
    page.keyboard.type(" setning")
    assert (
        page.get_by_label("Hva skjedde?").and_(page.locator("textarea")).input_value()
        == "Jeg er midt i en setning"
    )
    tap(page, "button", "Alarm fra Amina Yusuf")
    wait_text(page, "Jeg tar den")
    assert client.incidents.drafts()[-1].line == "Jeg er midt i en setning"
    page.close()


def test_a_drill_is_named_a_drill(open_scene: Open) -> None:
    page = open_scene("drill")
    wait_text(page, "ØVELSE")
    wait_text(page, "Dette er en øvelse. Ingen er i fare.")
    assert page.get_by_role("button", name="Ring 112").count() == 0
    page.close()


def test_opening_a_report_shows_who_has_seen_it(open_scene: Open) -> None:
    page = open_scene("safety_rep")
    wait_text(page, "Ikke åpnet av deg")
    tap(page, "button", "Amina Yusuf")
    wait_text(page, "Sett av Siv Aasen")
    page.close()


def test_inviting_gives_a_link_words_and_a_picture(open_scene: Open, server: ViewServer) -> None:
    page = open_scene("leader_quiet", "/enhet")
    tap(page, "button", "Inviter")
    tap(page, "radio", "Verneombud")
    tap(page, "button", "Lag invitasjon")
    wait_text(page, "QR-kode med lenken til invitasjonen")
    wait_text(page, "Blir med som verneombud")
    tap(page, "button", "Kopier")
    wait_text(page, "Kopiert")
    assert any(each.startswith("copy https://") for each in server.clients[-1].called)
    page.close()


def test_parked_things_say_why_and_are_thrown_only_after_a_question(open_scene: Open) -> None:
    page = open_scene("parked", "/usendt")
    wait_text(page, "En mottaker er ikke lenger i enheten.")
    tap(page, "button", "Kast", exact=True)
    wait_text(page, "Kaste dette?")
    tap(page, "button", "Kast", exact=True)
    wait_no_text(page, "En mottaker er ikke lenger i enheten.")
    page.close()


def test_the_update_waits_for_the_visit(open_scene: Open, server: ViewServer) -> None:
    page = open_scene("update")
    wait_text(page, "Ny versjon er klar")
    tap(page, "button", "Vent til etter besøket")
    wait_no_text(page, "Ny versjon er klar")
    tap(page, "button", "Sjekk ut")
    wait_text(page, "Du har sjekket ut")
    assert "update" not in server.clients[-1].called
    page.close()
