"""Colours, type and measures of the app, for light and dark.

Roles of our own lie in Flutter's unused "fixed" slots, so that the client flips them itself when the theme changes:
use the names in `Role`. Inside a component theme only hex values may stand, since Flet resolves colour names there
against the stock scheme; and every style of the text theme needs a colour, or it paints black in the dark.
"""

import flet as ft

TEXT_FONT = "Trygg Next"
FIGURE_FONT = "Trygg Tall"
"""The same letters with figures of even width, for clock times and countdowns."""

_LIGHT = {
    "primary": "#1B4272",
    "on_primary": "#FFFFFF",
    "primary_container": "#D8E5F7",
    "on_primary_container": "#0B2748",
    "secondary": "#44505C",
    "on_secondary": "#FFFFFF",
    "secondary_container": "#E3E8EE",
    "on_secondary_container": "#1A232C",
    "tertiary": "#00565E",
    "on_tertiary": "#FFFFFF",
    "tertiary_container": "#CDEEF0",
    "on_tertiary_container": "#003238",
    "error": "#86195C",
    "on_error": "#FFFFFF",
    "error_container": "#F9E0EE",
    "on_error_container": "#4D0632",
    "surface": "#F5F6F8",
    "on_surface": "#13171C",
    "on_surface_variant": "#3F4852",
    "outline": "#68727D",
    "outline_variant": "#C4CBD3",
    "surface_container_lowest": "#FFFFFF",
    "surface_container_low": "#EFF1F4",
    "surface_container": "#E9ECF0",
    "surface_container_high": "#E2E6EB",
    "surface_container_highest": "#DADFE6",
    "surface_dim": "#D3D8DF",
    "surface_bright": "#FBFCFD",
    "inverse_surface": "#1E242B",
    "on_inverse_surface": "#F5F6F8",
    "inverse_primary": "#A8C8F4",
    "shadow": "#000000",
    "scrim": "#000000",
    "surface_tint": "#F5F6F8",
    # Our own roles in the unused slots, in the order of `Role`.
    "primary_fixed": "#DDF2E3",
    "on_primary_fixed": "#0A4222",
    "primary_fixed_dim": "#1D7A44",
    "secondary_fixed": "#FFEFBF",
    "on_secondary_fixed": "#453000",
    "secondary_fixed_dim": "#8A6000",
    "tertiary_fixed": "#FBE2E1",
    "on_tertiary_fixed": "#6A0913",
    "tertiary_fixed_dim": "#9C1D29",
    "on_primary_fixed_variant": "#AF0C1D",
    "on_secondary_fixed_variant": "#AF0C1D",
}
_DARK = {
    "primary": "#A8C8F4", "on_primary": "#0A2342", "primary_container": "#1F3B60", "on_primary_container": "#DCE9FB",
    "secondary": "#BAC5D1", "on_secondary": "#1D262F", "secondary_container": "#303A45",
    "on_secondary_container": "#E0E7EF", "tertiary": "#86D3DA", "on_tertiary": "#00363B",
    "tertiary_container": "#0B4248", "on_tertiary_container": "#CDEEF0", "error": "#F2A9D2", "on_error": "#4D0632",
    "error_container": "#5E1442", "on_error_container": "#FBDDED", "surface": "#0F1317", "on_surface": "#EDF0F3",
    "on_surface_variant": "#C1C9D2", "outline": "#8C96A1", "outline_variant": "#3A434D",
    "surface_container_lowest": "#161B21", "surface_container_low": "#1A2027", "surface_container": "#1F262D",
    "surface_container_high": "#272F37", "surface_container_highest": "#313A44", "surface_dim": "#0B0E12",
    "surface_bright": "#343D47", "inverse_surface": "#EDF0F3", "on_inverse_surface": "#13171C",
    "inverse_primary": "#1B4272", "shadow": "#000000", "scrim": "#000000", "surface_tint": "#0F1317",
    "primary_fixed": "#123221", "on_primary_fixed": "#B9ECCB", "primary_fixed_dim": "#4DB378",
    "secondary_fixed": "#3A2C06", "on_secondary_fixed": "#FFE39A", "secondary_fixed_dim": "#C99A2B",
    "tertiary_fixed": "#3F1517", "on_tertiary_fixed": "#FFC9C8", "tertiary_fixed_dim": "#E0787C",
    "on_primary_fixed_variant": "#FF7A80", "on_secondary_fixed_variant": "#AF0C1D",
}  # fmt: skip

TYPE: dict[str, tuple[int, int, int]] = {
    "display_large": (48, 52, 700),
    "headline_medium": (28, 34, 700),
    "headline_small": (24, 29, 700),
    "title_large": (22, 28, 700),
    "title_medium": (18, 24, 600),
    "body_large": (18, 26, 400),
    "body_medium": (16, 22, 400),
    "body_small": (15, 20, 400),
    "label_large": (18, 22, 700),
    "label_medium": (15, 20, 600),
    "label_small": (14, 18, 600),
}
"""Size and line height in px at 100 % text, and weight."""

_WEIGHTS = {400: ft.FontWeight.W_400, 600: ft.FontWeight.W_600, 700: ft.FontWeight.W_700}

WIDE = 840
"""From this width, px, there is a rail and two panes. The page's media query for the alarm strip says the same."""
LOW = 700
"""Below this height, px, the frame is lower."""


class Role:
    """Colours by what they are used for."""

    PRIMARY = ft.Colors.PRIMARY
    ON_PRIMARY = ft.Colors.ON_PRIMARY
    SELECTED_BG = ft.Colors.PRIMARY_CONTAINER
    ON_SELECTED = ft.Colors.ON_PRIMARY_CONTAINER
    PAGE = ft.Colors.SURFACE
    TEXT = ft.Colors.ON_SURFACE
    DIM = ft.Colors.ON_SURFACE_VARIANT
    CARD = ft.Colors.SURFACE_CONTAINER_LOWEST
    BAR = ft.Colors.SURFACE_CONTAINER_LOW
    QUIET = ft.Colors.SURFACE_CONTAINER_HIGH
    TRACK = ft.Colors.SURFACE_CONTAINER_HIGHEST
    EDGE = ft.Colors.OUTLINE
    LINE = ft.Colors.OUTLINE_VARIANT
    ERROR = ft.Colors.ERROR
    ERROR_BG = ft.Colors.ERROR_CONTAINER
    ON_ERROR_BG = ft.Colors.ON_ERROR_CONTAINER
    GREEN_BG = ft.Colors.PRIMARY_FIXED
    ON_GREEN = ft.Colors.ON_PRIMARY_FIXED
    GREEN_LINE = ft.Colors.PRIMARY_FIXED_DIM
    YELLOW_BG = ft.Colors.SECONDARY_FIXED
    ON_YELLOW = ft.Colors.ON_SECONDARY_FIXED
    YELLOW_LINE = ft.Colors.SECONDARY_FIXED_DIM
    RED_BG = ft.Colors.TERTIARY_FIXED
    ON_RED = ft.Colors.ON_TERTIARY_FIXED
    RED_LINE = ft.Colors.TERTIARY_FIXED_DIM
    ALARM = ft.Colors.ON_SECONDARY_FIXED_VARIANT
    ALARM_EDGE = ft.Colors.ON_PRIMARY_FIXED_VARIANT
    ON_ALARM = ft.Colors.WHITE
    DRILL = ft.Colors.TERTIARY
    ON_DRILL = ft.Colors.ON_TERTIARY
    ALONE_BG = ft.Colors.INVERSE_SURFACE
    """Behind what says that nobody is told: the strongest box that is not red."""
    ON_ALONE = ft.Colors.ON_INVERSE_SURFACE


def style(name: str, color: str | None = None, *, figures: bool = False) -> ft.TextStyle:
    """The text style of that name in `TYPE`; letter spacing is set, since Material's own survives otherwise."""
    size, line, weight = TYPE[name]
    return ft.TextStyle(
        size=size,
        height=line / size,
        weight=_WEIGHTS[weight],
        letter_spacing=-0.48 if name == "display_large" else 0,
        font_family=FIGURE_FONT if figures else TEXT_FONT,
        color=color,
    )


def theme(*, dark: bool) -> ft.Theme:
    """The Material theme of one mode."""
    colors = _DARK if dark else _LIGHT
    still = ft.PageTransitionTheme.NONE
    return ft.Theme(
        color_scheme=ft.ColorScheme(**colors),
        font_family=TEXT_FONT,
        scaffold_bgcolor=colors["surface"],
        visual_density=ft.VisualDensity.STANDARD,
        text_theme=ft.TextTheme(**{name: style(name, colors["on_surface"]) for name in TYPE}),
        page_transitions=ft.PageTransitionsTheme(
            android=still, ios=still, linux=still, macos=still, windows=still
        ),
        navigation_bar_theme=ft.NavigationBarTheme(
            label_text_style={
                ft.ControlState.SELECTED: style("label_small", colors["on_surface"]),
                ft.ControlState.DEFAULT: style("label_small", colors["on_surface_variant"]),
            }
        ),
    )
