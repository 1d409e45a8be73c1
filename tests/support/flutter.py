"""Driving the Flutter canvas through its semantics tree.

Flutter paints to a canvas and, once asked, lays a tree of `flt-semantics` elements over it. Locators by role and label
find those; a tap has to be a real touch at the centre of the box, since Playwright's own click waits for a stacking
that the tree does not have. Everything here works under the app's own CSP: `wait_for_function` needs eval, so
conditions are asked with `evaluate` instead.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any

from playwright.sync_api import Error, FloatRect, Locator, Page

POLL_MS = 50
FIELD_SECONDS = 10.0
PAINTED_MARK = "app-painted"

_IS_PAINTED = "name => performance.getEntriesByName(name).length > 0"
_HAS_TREE = "() => document.querySelector('flt-semantics-host flt-semantics') !== null"
# The button is one pixel beside the screen, so it can only be pressed by an event. Flutter looks at the event's place.
_PRESS_PLACEHOLDER = """() => {
  const button = document.querySelector('flt-semantics-placeholder');
  if (button === null) return false;
  const box = button.getBoundingClientRect();
  button.dispatchEvent(new MouseEvent('click', {
    bubbles: true, clientX: box.left + box.width / 2, clientY: box.top + box.height / 2,
  }));
  return true;
}"""


def wait_evaluate(
    page: Page, expression: str, argument: Any = None, *, what: str = "", seconds: float = 10.0
) -> Any:
    """Ask the page until the expression is true and return its value. A navigation in between is no error."""
    end = time.monotonic() + seconds
    answer: Any = None
    while True:
        try:
            answer = page.evaluate(expression, argument)
        except Error as error:
            if page.is_closed() or (
                "navigat" not in error.message and "context was destroyed" not in error.message
            ):
                raise
        if answer:
            return answer
        if time.monotonic() >= end:
            raise AssertionError(f"waited {seconds:g} s for {what or expression}; last answer: {answer!r}")
        page.wait_for_timeout(POLL_MS)


def wait_painted(page: Page, *, seconds: float = 90.0) -> None:
    """Wait until the app has drawn its first frame (User Timing mark `app-painted`)."""
    wait_evaluate(page, _IS_PAINTED, PAINTED_MARK, what="the app's first frame", seconds=seconds)


def enable_semantics(page: Page, *, seconds: float = 20.0) -> None:
    """Make sure that the semantics tree is there; the shell usually has asked for it already."""
    end = time.monotonic() + seconds
    while not page.evaluate(_HAS_TREE):
        if time.monotonic() >= end:
            raise AssertionError(f"no semantics tree after {seconds:g} s")
        page.evaluate(_PRESS_PLACEHOLDER)
        page.wait_for_timeout(POLL_MS)


def by_role(page: Page, role: Any, name: str, *, exact: bool = False) -> Locator:
    """The first semantics node of that role and accessible name."""
    return page.get_by_role(role, name=name, exact=exact).first


def tap(page: Page, role: Any, name: str, *, exact: bool = False, seconds: float = 15.0) -> None:
    """Touch a control at its centre, scrolled into view first."""
    tap_at(page, by_role(page, role, name, exact=exact), seconds=seconds)


def tap_at(page: Page, target: Locator, *, seconds: float = 15.0) -> None:
    """Touch the centre of whatever a locator finds, scrolled into view first."""
    box = _settled_box(page, target, seconds)
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def type_into(page: Page, label: str, text: str, *, seconds: float = 15.0) -> None:
    """Touch the field of that label, replace what it holds with the keyboard, and wait until it holds the text."""
    field = page.get_by_label(label).and_(page.locator("input, textarea")).first
    tap_at(page, field, seconds=seconds)
    wait_evaluate(
        page,
        "() => ['INPUT', 'TEXTAREA'].includes(document.activeElement?.tagName)",
        what=f"the focus in {label!r}",
    )
    # Flutter connects its keyboard some time after the focus; a letter typed before that is lost. People type slower.
    end = time.monotonic() + FIELD_SECONDS
    while True:
        _empty(page, field, label)
        page.keyboard.type(text)
        if _holds(page, field, text):
            return
        if time.monotonic() >= end:
            raise AssertionError(f"the field {label!r} holds {field.input_value()!r}, not {text!r}")


def _holds(page: Page, field: Locator, text: str) -> bool:
    """Whether a field comes to hold a text, and has stopped changing."""
    last = None
    while (value := field.input_value()) != last:
        last = value
        page.wait_for_timeout(POLL_MS)
    return value == text


def wait_text(page: Page, text: str, *, exact: bool = False, seconds: float = 15.0) -> Locator:
    """Wait until a text is in the tree, as content or as an accessible name, and return its node."""
    node = page.get_by_text(text, exact=exact).or_(page.get_by_label(text, exact=exact)).first
    node.wait_for(state="attached", timeout=seconds * 1000)
    return node


def wait_no_text(page: Page, text: str, *, exact: bool = False, seconds: float = 15.0) -> None:
    """Wait until a text is gone from the tree."""
    node = page.get_by_text(text, exact=exact).or_(page.get_by_label(text, exact=exact)).first
    node.wait_for(state="detached", timeout=seconds * 1000)


def _empty(page: Page, field: Locator, label: str) -> None:
    # Flutter puts the caret where the finger was some time after the touch, over any selection: so until it is empty.
    end = time.monotonic() + FIELD_SECONDS
    while field.input_value():
        if time.monotonic() >= end:
            raise AssertionError(f"the field {label!r} can't be emptied; it holds {field.input_value()!r}")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.press("Delete")
        page.wait_for_timeout(POLL_MS)


def _settled_box(page: Page, target: Locator, seconds: float) -> FloatRect:
    """The box once it has stood still over two looks with its centre on the screen."""
    end = time.monotonic() + seconds
    target.wait_for(state="attached", timeout=seconds * 1000)
    last: FloatRect | None = None
    while True:
        box = target.bounding_box()
        if box is not None and box == last and _centre_on_screen(page, box):
            return box
        if box is not None and not _centre_on_screen(page, box):
            _scroll_towards(page, target, box)
        if time.monotonic() >= end:
            raise AssertionError(
                f"{target} did not come to rest on the screen within {seconds:g} s; last box: {box}"
            )
        last = box
        page.wait_for_timeout(POLL_MS)


def _screen(page: Page) -> tuple[float, float]:
    width, height = page.evaluate("() => [innerWidth, innerHeight]")
    return float(width), float(height)


def _centre_on_screen(page: Page, box: FloatRect) -> bool:
    width, height = _screen(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    return 0 < x < width and 0 < y < height


def _scroll_towards(page: Page, target: Locator, box: FloatRect) -> None:
    """Scroll by DOM where the tree can, else with the wheel over the canvas, at most half a screen at a time."""
    # A node that is just being replaced by its next version can't be scrolled to: the wheel works all the same.
    with contextlib.suppress(Error):
        target.scroll_into_view_if_needed(timeout=500)
    if target.bounding_box() != box:
        return
    width, height = _screen(page)
    page.mouse.move(width / 2, height / 2)
    page.mouse.wheel(0, max(-height / 2, min(height / 2, box["y"] - height / 2)))
