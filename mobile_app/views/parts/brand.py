"""The mark and the name, as on the first and the locked screen."""

import flet as ft

from mobile_app.views import metrics
from mobile_app.views.messages import t
from mobile_app.views.parts.text import text

MARK = "icons/icon-192.png"


def brand() -> ft.Control:
    """Mark and wordmark."""
    size = metrics.current().icon(40)
    return ft.MergeSemantics(
        ft.Row(
            [
                ft.Image(src=MARK, width=size, height=size, border_radius=10, exclude_from_semantics=True),
                text(t("app.name"), "headline_small", expand=True),
            ],
            spacing=12,
        )
    )
