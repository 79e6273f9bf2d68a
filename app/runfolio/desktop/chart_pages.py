"""What can be done with panels and pages: each gives the settings that are wanted then, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runfolio.desktop.chart_settings import ChartSettings, is_by_hand, key_by_hand
from runfolio.desktop.panel_pages import LONGEST_NAME, MOST_PAGES, Page, Torn
from runfolio.desktop.panel_settings import MOST_COLUMNS, MOST_ROWS, MOST_TOGETHER, Size

# --- panels -----------------------------------------------------------------------------------------------------------


def free_key(settings: ChartSettings) -> str:
    """The key of the next panel that is made by hand."""
    taken = {key for page in all_pages(settings) for key in page.panels or ()} | {key for key, _ in settings.panels}
    return next(key for number in range(1, len(taken) + 2) if (key := key_by_hand(number)) not in taken)


def with_new_panel(settings: ChartSettings, metrics: Sequence[str]) -> ChartSettings:
    """A panel more, of one metric or of several; `settings.metrics` says which there are."""
    chosen, shown = tuple(dict.fromkeys(metrics))[:MOST_TOGETHER], settings.metrics or ()
    if len(chosen) == 1 and chosen[0] not in shown:
        return replace(settings, metrics=(*shown, chosen[0]), large=None)
    key = free_key(settings)
    settings = settings.with_panel(key, replace(settings.panel(key), metrics=chosen))
    return replace(settings, metrics=(*shown, key), large=None)


def with_metrics(settings: ChartSettings, key: str, metrics: Sequence[str]) -> ChartSettings:
    """Other metrics in a panel."""
    chosen = tuple(dict.fromkeys(metrics))[:MOST_TOGETHER]
    if chosen == (key,):
        chosen = ()
    return settings.with_panel(key, replace(settings.panel(key), metrics=chosen, y_range=None))


def duplicated(settings: ChartSettings, key: str) -> ChartSettings:
    """The same panel once more, behind it."""
    fresh, shown = free_key(settings), list(settings.metrics or ())
    own = replace(settings.panel(key), metrics=settings.metrics_of(key))
    shown.insert(shown.index(key) + 1 if key in shown else len(shown), fresh)
    return replace(settings.with_panel(fresh, own), metrics=tuple(shown), large=None)


def sized(settings: ChartSettings, key: str, size: Size) -> ChartSettings:
    """Another size of a panel, as far as the grid goes."""
    wide, high = max(1, min(size[0], settings.columns, MOST_COLUMNS)), max(1, min(size[1], MOST_ROWS))
    return settings.with_panel(key, replace(settings.panel(key), size=(wide, high)))


# --- pages ------------------------------------------------------------------------------------------------------------


def all_pages(settings: ChartSettings) -> tuple[Page, ...]:
    """The pages, each with what it holds."""
    own = replace(settings.pages[settings.page], panels=settings.metrics, large=settings.large)
    return (*settings.pages[: settings.page], own, *settings.pages[settings.page + 1 :])


def _put(settings: ChartSettings, pages: Sequence[Page], page: int) -> ChartSettings:
    shown = pages[page]
    # What a page on show holds is told once, so that equal settings are equal.
    pages = [*pages[:page], Page(shown.name), *pages[page + 1 :]]
    return replace(settings, pages=tuple(pages), page=page, metrics=shown.panels, large=shown.large)


def on_page(settings: ChartSettings, page: int) -> ChartSettings:
    """Another page on show."""
    pages = all_pages(settings)
    return _put(settings, pages, page % len(pages))


def with_new_page(settings: ChartSettings, name: str = "") -> ChartSettings:
    """An empty page behind the one on show, and that on show."""
    pages = [*all_pages(settings)]
    if len(pages) >= MOST_PAGES:
        return settings
    names = {page.name for page in pages}
    free = next(text for n in range(len(pages) + 1, 2 * len(pages) + 3) if (text := f"Page {n}") not in names)
    pages.insert(settings.page + 1, Page(name[:LONGEST_NAME] or free, ()))
    return _put(settings, pages, settings.page + 1)


def renamed(settings: ChartSettings, page: int, name: str) -> ChartSettings:
    """Another name for a page; an empty one changes nothing."""
    if not (name := name.strip()[:LONGEST_NAME]):
        return settings
    pages = [*all_pages(settings)]
    pages[page] = replace(pages[page], name=name)
    return _put(settings, pages, settings.page)


def without_page(settings: ChartSettings, page: int) -> ChartSettings:
    """One page less; the last one stays."""
    pages = [*all_pages(settings)]
    if len(pages) == 1:
        return settings
    del pages[page]
    shown = settings.page - (page < settings.page)
    return without_orphans(_put(settings, pages, min(shown, len(pages) - 1)))


def moved_page(settings: ChartSettings, page: int, place: int) -> ChartSettings:
    """A page elsewhere among the others."""
    pages, shown = [*all_pages(settings)], settings.page
    order = [*range(len(pages))]
    order.insert(place, order.pop(page))
    return _put(settings, [pages[at] for at in order], order.index(shown))


def moved_to_page(settings: ChartSettings, key: str, page: int, follows: Sequence[str] = ()) -> ChartSettings:
    """A panel on another page; both pages have panels of their own from then on.

    `settings.metrics` says which panels the page on show has, `follows` those of a page that follows the selected runs.
    """
    pages = [*all_pages(settings)]
    if page == settings.page:
        return settings
    other, own = pages[page], pages[settings.page]
    there = tuple(follows) if other.panels is None else other.panels
    pages[page] = replace(other, panels=(*(k for k in there if k != key), key))
    pages[settings.page] = replace(own, panels=tuple(k for k in own.panels or () if k != key))
    return _put(settings, pages, settings.page)


def without_orphans(settings: ChartSettings) -> ChartSettings:
    """Without what is set for panels that were made by hand and are on no page any more."""
    kept = {key for page in all_pages(settings) for key in page.panels or ()}
    torn = tuple(t for t in settings.torn if any(key in kept or not is_by_hand(key) for key in t.panels))
    panels = tuple((key, panel) for key, panel in settings.panels if key in kept or not is_by_hand(key))
    return replace(settings, panels=panels, torn=torn)


# --- windows ----------------------------------------------------------------------------------------------------------


def torn_off(settings: ChartSettings, keys: Sequence[str], name: str) -> ChartSettings:
    """Panels in a window of their own."""
    numbers = {torn.number for torn in settings.torn}
    number = next(n for n in range(1, len(numbers) + 2) if n not in numbers)
    kept = put_back(settings, *keys).torn
    return replace(settings, torn=(*kept, Torn(number, name[:LONGEST_NAME], tuple(keys))), large=None)


def put_back(settings: ChartSettings, *keys: str) -> ChartSettings:
    """Panels in no window of their own any more, where they were in one."""
    less = [replace(torn, panels=tuple(key for key in torn.panels if key not in keys)) for torn in settings.torn]
    return replace(settings, torn=tuple(torn for torn in less if torn.panels))


def brought_back(settings: ChartSettings, number: int) -> ChartSettings:
    """A window's panels in the grid again, where they were."""
    return replace(settings, torn=tuple(torn for torn in settings.torn if torn.number != number))
