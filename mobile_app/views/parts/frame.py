"""The frame of every screen: title block with the status line, the scrolling middle, what to do, the strip, the bar."""

from collections.abc import Callable
from typing import Any

import flet as ft

from mobile_app.views import router
from mobile_app.views.app import App
from mobile_app.views.icons import CODES
from mobile_app.views.messages import form, lower_first, t
from mobile_app.views.parts.box import STRETCH, error_box, steps
from mobile_app.views.parts.button import round_icon
from mobile_app.views.parts.text import heading, icon, text
from mobile_app.views.theme import Role, style

RAIL_WIDTH = 112
LIST_WIDTH = 408
DETAIL_WIDTH = 720
LONG_TITLE = 40
"""A longer title in large text scrolls away with the rest, or it would fill the screen."""


def status_of(app: App) -> tuple[str, str, bool]:
    """Icon, words and whether they call for attention: what is true now about the connection and what is unsent."""
    status = app.client.sync.status
    if status.parked:
        return "INFO_ROUNDED", t(f"status.parked.{form(status.parked)}", n=status.parked), True
    if status.unsent and status.reachable is False:
        return "SIGNAL_CELLULAR_OFF_ROUNDED", t("status.offline_unsent", n=status.unsent), True
    if status.unsent:
        return "CLOUD_UPLOAD_ROUNDED", t("status.unsent", n=status.unsent), False
    if status.reachable is False:
        return "SIGNAL_CELLULAR_OFF_ROUNDED", t("status.offline"), True
    if status.reachable is None:
        return "CLOUD_UPLOAD_ROUNDED", t("status.unknown"), False
    if router.LEADER in app.roles and status.last_confirmed:
        return "CLOUD_DONE_ROUNDED", t("status.received", at=app.times.at(status.last_confirmed)), False
    return "CLOUD_DONE_ROUNDED", t("status.sent"), False


def step_status(app: App, done: int, *, saved: bool, begun: bool) -> tuple[str, str, bool]:
    """The status line in a flow of four steps: whether what is written lies on the phone; before that, how the line is."""
    if not begun:
        name, words, warn = status_of(app)
        return name, t("draft.step_status", n=done, of=4, status=lower_first(words)), warn
    if not saved:
        return "SMARTPHONE_ROUNDED", t("draft.step_saving", n=done, of=4), False
    return "CHECK_CIRCLE_ROUNDED", t("draft.step_saved", n=done, of=4), False


def title_block(app: App, title: str, status: tuple[str, str, bool], *, tappable: bool = True) -> ft.Control:
    """Title over status. The whole block opens Usendt; each new status is read out."""
    name, words, warn = status
    color = Role.TEXT if warn else Role.DIM
    line = text(words, "label_medium" if warn else "body_small", color, expand=True)
    visible = ft.Column(
        [
            heading(title, 1, "title_medium" if app.metrics.stacked else "headline_small"),
            ft.Semantics(
                exclude_semantics=True,
                content=ft.Row([icon(name, 20, color), line], spacing=6),
            ),
        ],
        spacing=0,
        tight=True,
        alignment=ft.MainAxisAlignment.CENTER,
    )
    if not tappable:
        visible.controls[1] = ft.Semantics(
            live_region=True,
            container=True,
            label=words,
            exclude_semantics=True,
            content=ft.Row([icon(name, 20, color), text(words, "body_small", color, expand=True)], spacing=6),
        )
        return ft.Container(visible, expand=True, padding=ft.Padding.symmetric(vertical=4))
    over = ft.Container(
        ft.MergeSemantics(
            ft.Semantics(
                button=True,
                live_region=True,
                label=words,
                content=ft.Container(ink=True, border_radius=10, on_click=app.to("/usendt"), expand=True),
            )
        ),
        left=0,
        right=0,
        top=0,
        bottom=0,
    )
    return ft.Stack([ft.Container(visible, padding=ft.Padding.symmetric(vertical=4)), over], expand=True)


def frame(
    app: App,
    *,
    title: str,
    body: list[ft.Control],
    status: tuple[str, str, bool] | None = None,
    back: str | Callable[..., Any] | None = None,
    close: bool = False,
    cta: list[ft.Control] | None = None,
    step: tuple[int, int] | None = None,
    detail: ft.Control | None = None,
    bar: bool = True,
    lock_bar: ft.Control | None = None,
    sheet: ft.Control | None = None,
    head: ft.Control | None = None,
    key: str = "",
    avatar: bool = True,
) -> ft.Control:
    """A screen.

    `back`: address or handler of the arrow. `cta`: what stands fixed under the middle. `step`: (done, of) in a flow.
    `detail`: the right pane of a wide screen. `bar`: False before the person has joined (then there is no strip either).
    `lock_bar`: stands where the bar is. `head`: instead of the title block. `key`: a new one scrolls back to the top.
    """
    m = app.metrics
    strip = bar or lock_bar is not None
    app.place("nav" if strip else "none", title)
    wide = m.wide and bar
    top = head or _top(
        app, title, status or status_of(app), back, close=close, avatar=avatar and not wide, inside=strip
    )
    error = [error_box(app.error)] if app.error else []
    if strip and (banner := alarm_banner(app)):
        top = ft.Column([banner, top], spacing=0, tight=True, horizontal_alignment=STRETCH)
    low = m.low or m.stacked
    pads = ft.Padding.only(
        left=16, top=4 if head is None or strip else 20, right=16, bottom=12 if low else 16
    )
    foot: list[ft.Control] = []
    middle = [*error, *body]
    fixed: list[ft.Control] = [top]
    if m.stacked:
        # Large text: only the title stays, or there would be no room left to read in.
        if step:
            middle.insert(0, steps(*step))
        middle += cta or []
        if (m.low or len(title) > LONG_TITLE) and head is None:
            middle.insert(0, ft.Container(top, margin=ft.Margin.symmetric(horizontal=-12)))
            fixed = []
    else:
        if step:
            fixed.append(
                ft.Container(
                    steps(*step), padding=ft.Padding.only(left=16, right=16, bottom=8 if low else 12)
                )
            )
        if cta:
            foot.append(
                ft.Container(
                    # A new step is a new button: the focus of the last one must not sit on it.
                    key=f"foot {app.path}#{key}",
                    content=ft.Column(cta, spacing=8, tight=True, horizontal_alignment=STRETCH),
                    padding=ft.Padding.symmetric(horizontal=16, vertical=8 if low else 12),
                    border=ft.Border(top=ft.BorderSide(1, Role.LINE)),
                )
            )
    scroll = ft.Column(
        middle,
        key=f"middle {app.path}#{key}",
        scroll=ft.ScrollMode.AUTO,
        spacing=12,
        expand=True,
        horizontal_alignment=STRETCH,
    )
    # The padding is inside the scrolling part, so that focus rings and frames are not cut at its edge.
    scroll.controls = [
        ft.Container(ft.Column(middle, spacing=12, tight=True, horizontal_alignment=STRETCH), padding=pads)
    ]
    pane: ft.Control = ft.Column(
        [*fixed, scroll, *foot], spacing=0, expand=True, horizontal_alignment=STRETCH
    )
    if wide:
        pane = _wide(app, pane, detail)
    if sheet is not None:
        pane = _under_sheet(pane, sheet)
    if not strip:
        return _with_probe(app, pane)
    if wide:
        return _with_probe(app, pane)
    bottom: list[ft.Control] = [ft.Container(height=m.strip)]
    bottom.append(lock_bar if lock_bar is not None else _nav(app))
    return _with_probe(app, ft.Column([pane, *bottom], spacing=0, expand=True, horizontal_alignment=STRETCH))


def _top(
    app: App,
    title: str,
    status: tuple[str, str, bool],
    back: str | Callable[..., Any] | None,
    *,
    close: bool,
    avatar: bool,
    inside: bool,
) -> ft.Control:
    parts: list[ft.Control] = []
    if back is not None:
        handler = app.to(back) if isinstance(back, str) else back
        label = t("action.close") if close else t("action.back")
        parts.append(round_icon("CLOSE_ROUNDED" if close else "ARROW_BACK_ROUNDED", label, handler))
    parts.append(title_block(app, title, status, tappable=inside))
    if avatar and back is None and inside:
        parts.append(_avatar(app))
    pad = 4 if app.metrics.low else 6
    return ft.Container(
        ft.Row(parts, spacing=4),
        padding=ft.Padding.only(left=4 if back is not None else 16, right=8, top=pad, bottom=pad),
    )


def alarm_banner(app: App) -> ft.Control | None:
    """An alarm that came while the person was writing: large, on top, and it takes nothing away from them."""
    waiting = [each for each in app.client.alarms.active() if not each.taken_by and not each.mine]
    if not waiting or app.route.screen == "alarm":
        return None
    first = waiting[0]
    bg, color = (Role.DRILL, Role.ON_DRILL) if first.drill else (Role.ALARM, Role.ON_ALARM)
    words = t("alarm.banner_drill", name=first.name) if first.drill else t("alarm.banner", name=first.name)
    return ft.Semantics(
        live_region=True,
        container=True,
        content=ft.FilledButton(
            content=ft.Row(
                [
                    icon("SCHOOL_ROUNDED" if first.drill else "CAMPAIGN_ROUNDED", 32, color),
                    ft.Column(
                        [text(words, "title_large", color), text(t("alarm.open"), "body_medium", color)],
                        spacing=0,
                        tight=True,
                        expand=True,
                    ),
                    icon("CHEVRON_RIGHT_ROUNDED", 24, color),
                ],
                spacing=14,
            ),
            on_click=app.to(f"/alarm/{first.case}"),
            style=ft.ButtonStyle(
                bgcolor=bg,
                shape=ft.RoundedRectangleBorder(radius=0),
                padding=ft.Padding.symmetric(horizontal=16, vertical=14),
                side={
                    ft.ControlState.FOCUSED: ft.BorderSide(3, Role.TEXT),
                    ft.ControlState.DEFAULT: ft.BorderSide(0, bg),
                },
            ),
        ),
    )


def _avatar(app: App) -> ft.Control:
    face = ft.Container(
        ft.Text(
            app.client.people.me.initials,
            style=ft.TextStyle(
                size=15 / max(1.0, app.metrics.scale), weight=ft.FontWeight.W_700, color=Role.ON_SELECTED
            ),
            semantics_label="",
        ),
        width=40,
        height=40,
        border_radius=20,
        bgcolor=Role.SELECTED_BG,
        alignment=ft.Alignment.CENTER,
    )
    return ft.Semantics(
        label=t("tab.mine"),
        button=True,
        exclude_semantics=True,
        container=True,
        on_tap=app.to("/mitt"),
        content=ft.IconButton(
            face,
            on_click=app.to("/mitt"),
            width=48,
            height=48,
            padding=4,
            style=ft.ButtonStyle(
                side={
                    ft.ControlState.FOCUSED: ft.BorderSide(3, Role.PRIMARY),
                    ft.ControlState.DEFAULT: ft.BorderSide(0, ft.Colors.TRANSPARENT),
                }
            ),
        ),
    )


def badges(app: App) -> dict[str, int]:
    """How many things wait for the person at each place of the bar."""
    if not router.reads_reports(app.roles):
        return {}
    me = app.client.people.me.name
    unseen = sum(1 for each in app.client.incidents.received() if me not in dict(each.receipt.seen_by))
    return {"now": sum(1 for each in app.client.alarms.active() if not each.taken_by), "incidents": unseen}


def _destination_icon(app: App, tab: router.Tab, *, selected: bool) -> ft.Icon:
    count = badges(app).get(tab.name, 0)
    scale = max(1.0, app.metrics.scale)
    badge = (
        ft.Badge(
            label=str(count),
            bgcolor=ft.Colors.INVERSE_SURFACE,
            text_color=ft.Colors.ON_INVERSE_SURFACE,
            text_style=ft.TextStyle(size=13 * min(1.3, scale) / scale, weight=ft.FontWeight.W_700),
            large_size=20 * min(1.3, scale),
        )
        if count
        else None
    )
    return ft.Icon(CODES[tab.icon], size=24, color=Role.ON_SELECTED if selected else Role.DIM, badge=badge)


def _nav(app: App) -> ft.Control:
    places = router.tabs(app.roles)
    here = _place(app, places)

    def chosen(event: Any) -> None:
        app.go(places[int(event.control.selected_index)].path)

    return ft.NavigationBar(
        selected_index=max(here, 0),
        height=app.metrics.bar,
        bgcolor=Role.BAR,
        indicator_color=Role.SELECTED_BG if here >= 0 else ft.Colors.TRANSPARENT,
        elevation=0,
        border=ft.Border(top=ft.BorderSide(1, Role.LINE)),
        animation_duration=0,
        label_padding=ft.Padding.only(top=2),
        on_change=chosen,
        destinations=[
            ft.NavigationBarDestination(
                icon=_destination_icon(app, place, selected=False),
                selected_icon=_destination_icon(app, place, selected=here >= 0),
                label=t(f"tab.{place.name}"),
            )
            for place in places
        ],
    )


def _place(app: App, places: list[router.Tab]) -> int:
    route = app.route
    name = router.home_of(app.roles).tab if app.path == "/" else route.tab
    names = [place.name for place in places]
    if name == "mine" or (name == "visits" and name not in names) or (name == "home" and name not in names):
        return -1
    return names.index(name) if name in names else -1


def _rail(app: App) -> ft.Control:
    places = [*router.tabs(app.roles), router.Tab("mine", "/mitt", "PERSON_ROUNDED")]
    here = len(places) - 1 if app.path == "/mitt" else _place(app, places[:-1])

    def chosen(event: Any) -> None:
        app.go(places[int(event.control.selected_index)].path)

    return ft.Container(
        ft.Column(
            [
                ft.NavigationRail(
                    expand=True,
                    selected_index=here if here >= 0 else None,
                    label_type=ft.NavigationRailLabelType.ALL,
                    group_alignment=-1,
                    min_width=RAIL_WIDTH,
                    bgcolor=Role.BAR,
                    indicator_color=Role.SELECTED_BG,
                    on_change=chosen,
                    selected_label_text_style=style("label_small", Role.TEXT),
                    unselected_label_text_style=style("label_small", Role.DIM),
                    destinations=[
                        ft.NavigationRailDestination(
                            icon=_destination_icon(app, place, selected=False),
                            selected_icon=_destination_icon(app, place, selected=True),
                            label=t(f"tab.{place.name}"),
                            padding=ft.Padding.symmetric(vertical=6),
                        )
                        for place in places
                    ],
                ),
                ft.Container(height=RAIL_WIDTH, width=RAIL_WIDTH),
            ],
            spacing=0,
            horizontal_alignment=STRETCH,
        ),
        width=RAIL_WIDTH,
        bgcolor=Role.BAR,
        border=ft.Border(right=ft.BorderSide(1, Role.LINE)),
        padding=ft.Padding.only(top=16),
    )


def _wide(app: App, pane: ft.Control, detail: ft.Control | None) -> ft.Control:
    parts: list[ft.Control] = [_rail(app)]
    if detail is None:
        parts.append(ft.Container(pane, width=min(DETAIL_WIDTH, app.metrics.width - RAIL_WIDTH)))
    else:
        parts.append(
            ft.Container(pane, width=LIST_WIDTH, border=ft.Border(right=ft.BorderSide(1, Role.LINE)))
        )
        parts.append(
            ft.Column(
                [
                    ft.Container(
                        detail,
                        padding=ft.Padding.only(left=32, right=32, top=12, bottom=20),
                        width=min(DETAIL_WIDTH, max(320, app.metrics.width - RAIL_WIDTH - LIST_WIDTH)),
                    )
                ],
                scroll=ft.ScrollMode.AUTO,
                expand=True,
            )
        )
    return ft.Row(parts, spacing=0, expand=True, vertical_alignment=STRETCH)


def _under_sheet(pane: ft.Control, sheet: ft.Control) -> ft.Control:
    """A sheet inside the middle, since the strip under it must stay free."""
    veil = ft.Colors.with_opacity(0.55, ft.Colors.SCRIM)
    return ft.Stack(
        [
            ft.Container(
                ft.Semantics(exclude_semantics=True, content=pane), left=0, right=0, top=0, bottom=0
            ),
            ft.Container(bgcolor=veil, on_click=lambda _: None, left=0, right=0, top=0, bottom=0),
            ft.Container(
                ft.Column([sheet], scroll=ft.ScrollMode.AUTO, tight=True, horizontal_alignment=STRETCH),
                left=0,
                right=0,
                bottom=0,
                bgcolor=Role.CARD,
                border_radius=ft.BorderRadius.only(top_left=24, top_right=24),
                padding=ft.Padding.only(left=16, top=24, right=16, bottom=20),
            ),
        ],
        expand=True,
    )


def _with_probe(app: App, content: ft.Control) -> ft.Control:
    """Flet does not tell the text scale: a letter of known size does. It lies in a stack, or it would move the page."""
    letter = ft.Container(
        ft.Text("M", style=ft.TextStyle(size=20, height=1, color=ft.Colors.TRANSPARENT), semantics_label=""),
        width=0.5,
        size_change_interval=0,
        on_size_change=lambda e: app.measured(scale=round(e.height / 20, 2)),
    )
    # What is measured can't itself be placed: Flutter wraps it, and only a stack's own child may have a place.
    probe = ft.Container(letter, left=0, top=0)
    return ft.Stack([ft.Container(content, left=0, right=0, top=0, bottom=0), probe], expand=True)
