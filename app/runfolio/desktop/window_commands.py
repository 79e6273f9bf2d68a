"""The commands of the window itself; each view adds its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from runfolio.desktop.commands import Command
from runfolio.desktop.inspector_sections import FILES_TABS, SECTIONS
from runfolio.desktop.kinds.names import KIND_TITLES
from runfolio.desktop.theme import ThemeMode
from runfolio.desktop.views.registry import INSPECTOR, VIEWS
from runfolio.desktop.window import MainWindow
from runfolio.settings import Value
from runfolio.settings import save as save_settings

if TYPE_CHECKING:
    from runfolio.desktop.views.files import FilesView

_COLUMNS = "Columns and groups"
MENU = (
    "palette.open",
    "help.pages",
    "help.keys",
    "",
    "layouts.teach",
    "layouts.list",
    "metrics.align",
    "",
    "theme.light",
    "theme.dark",
    "theme.system",
    "",
    "window.settings",
    "window.quit",
)
"""What the button at the bottom of the rail offers."""


def add_window_commands(window: MainWindow) -> None:
    """Make the window's commands known."""
    commands = window.context.commands
    for row in VIEWS:
        title = f"Show {row.title.lower() if row.id == 'problems' else row.title}"
        commands.add(
            Command(f"view.{row.id}", title, partial(window.show_view, row.id), (row.shortcut,), "Workspaces", row.icon)
        )
    for kind, title in KIND_TITLES.items():
        call = partial(_explore, window, kind)
        commands.add(Command(f"explore.{kind}", f"Explore: {title.lower()}", call, (), "Explore", "chart-scatter"))
        call = partial(_add_chart, window, kind)
        added = f"Add to the charts: {title.lower()}"
        commands.add(Command(f"charts.add-{kind}", added, call, (), "Charts", "chart-scatter"))
    commands.add(
        Command(
            "explore.send",
            "Send the chart of Explore to Charts",
            lambda: _send_to_charts(window),
            ("Ctrl+Shift+E",),
            "Explore",
            "layout-grid",
        ),
        Command(
            "compare.groups",
            "Compare groups of runs",
            lambda: _compare_groups(window),
            ("Ctrl+Shift+G",),
            "Workspaces",
            "square-stack",
        ),
        Command("palette.open", "Command palette…", lambda: _open_palette(window), ("Ctrl+K",), icon="command"),
        Command("help.keys", "Keyboard shortcuts", lambda: _open_keys(window), ("F1",), icon="keyboard"),
        Command("help.pages", "Help", lambda: _open_help(window), ("Shift+F1",), icon="info"),
        Command("library.add", "Add a folder…", window.folders.ask_for_folder, ("Ctrl+O",), "Library", "folder-plus"),
        Command(
            "library.sample",
            "Open the sample",
            window.folders.open_sample,
            (),
            "Library",
            "flask-conical",
            lambda: bool(window.folders.sample_folders()),
        ),
        Command("library.look", "Look for new runs", lambda: window.indexing.look(), ("F5",), "Library", "refresh-cw"),
        Command(
            "library.deep",
            "Read every folder again",
            lambda: window.indexing.look(deep=True),
            ("Shift+F5",),
            "Library",
            "refresh-cw",
        ),
        Command(
            "library.watch", "Watch the library, or stop it", lambda: _toggle_watch(window), (), "Library", "circle-dot"
        ),
        Command(
            "library.cancel",
            "Cancel indexing",
            window.indexing.cancel,
            (),
            "Library",
            "x",
            lambda: window.indexing.busy,
        ),
        Command("layouts.teach", "Teach a layout…", lambda: _teach_layout(window), (), "Library", "table-2"),
        Command("layouts.list", "Layouts…", lambda: _open_layouts(window), (), "Library", "square-stack"),
        Command(
            "columns.choose",
            "Choose columns…",
            window.bar.open_columns,
            ("Ctrl+Shift+C",),
            _COLUMNS,
            "columns-3",
        ),
        Command("groups.choose", "Group runs…", window.bar.open_groups, ("Ctrl+G",), _COLUMNS, "group"),
        Command("views.save", "Save this view…", window.folders.own_views.ask_to_save, ("Ctrl+S",), "Library", "star"),
        Command("filter.focus", "Go to the filter", window.filter_bar.focus, ("/", "Ctrl+F"), "Runs", "search"),
        Command("filter.clear", "Clear the filter", window.filter_bar.clear, (), "Runs", "x"),
        Command("edit.undo", "Undo", lambda: _undo(window), ("Ctrl+Z",), icon="undo-2"),
        Command("edit.redo", "Redo", lambda: _redo(window), ("Ctrl+Shift+Z", "Ctrl+Y")),
        Command(
            "window.inspector",
            "Show or hide the inspector",
            window.toggle_inspector,
            ("Ctrl+I",),
            "Workspaces",
            "panel-right",
        ),
        Command(
            "window.library",
            "Show or hide the library",
            window.toggle_library,
            ("Ctrl+B",),
            "Workspaces",
            "panel-left",
        ),
        Command("window.show-current", "Show the current run", window.show_current_run, (), "Workspaces", "circle-dot"),
        Command("window.settings", "Settings…", lambda: _open_settings(window), ("Ctrl+,",), icon="settings"),
        Command("window.quit", "Quit", lambda: _close(window), ("Ctrl+Q",)),
    )
    for mode, icon in ((ThemeMode.LIGHT, "sun"), (ThemeMode.DARK, "moon"), (ThemeMode.SYSTEM, "monitor")):
        title = {"system": "Theme of the system"}.get(mode.value, f"{mode.value.capitalize()} theme")
        commands.add(
            Command(f"theme.{mode.value}", title, partial(choose, window, "window.theme", mode.value), icon=icon)
        )
    for place, (id, title) in enumerate(SECTIONS, 1):
        name = f"Inspector: {title.lower()}"
        commands.add(
            Command(
                f"inspector.{id}",
                name,
                partial(_show_section, window, id),
                (f"Alt+{place}",),
                "Inspector",
                "panel-right",
            )
        )
    commands.add(
        Command(
            "files.find",
            "Find in the file",
            lambda: _files(window).focus_search(),
            ("Ctrl+Alt+F",),
            "Files",
            "search",
        ),
        Command("files.again", "List the files again", lambda: _files(window).list_again(), (), "Files", "refresh-cw"),
        *(
            Command(f"files.{id}", title, partial(_show_files_tab, window, place), (), "Files", icon)
            for place, (id, title, icon) in enumerate(FILES_TABS)
        ),
    )
    window.context.state.file_asked.connect(lambda shown: _files(window).open_file(shown))
    window.rail.offer_menu(commands, MENU)


def choose(window: MainWindow, key: str, value: Value) -> None:
    """Put a setting in force and keep it."""
    context = window.context
    context.settings.set(key, value)
    if key == "window.theme":
        context.theme.set_mode(ThemeMode(str(value)))
    elif key == "window.times":
        window.update_times()
    elif key == "library.watch":
        window.watching.set_on(on=bool(value))
    chosen = context.settings.chosen()
    context.jobs.background(lambda: save_settings(chosen))


def _show_section(window: MainWindow, id: str) -> None:
    from runfolio.desktop.views.inspector import InspectorView

    was_open = not window.inspector_dock.isHidden()
    window.inspector_dock.show()
    view = window.views.widget_of(INSPECTOR.id)
    if isinstance(view, InspectorView):
        view.show_section(id, is_step=was_open)


def _files(window: MainWindow) -> FilesView:
    from runfolio.desktop.views.files import FilesView

    window.show_view("files")
    view = window.views.widget_of("files")
    if not isinstance(view, FilesView):
        raise TypeError("The view called files is another one")
    return view


def _show_files_tab(window: MainWindow, place: int) -> None:
    was_there = window.views.currentWidget() is window.views.widget_of("files")
    _files(window).show_tab(place, is_step=was_there)


def _close(window: MainWindow) -> None:
    window.close()


def _toggle_watch(window: MainWindow) -> None:
    on = not window.watching.on
    choose(window, "library.watch", on)
    window.context.say.info(
        "The library is watched." if on else "The library is no longer watched; F5 looks for new runs."
    )


def _undo(window: MainWindow) -> None:
    label = window.context.state.undo.undo()
    window.context.say.info("Nothing to undo." if label is None else f"Undone: {label}")


def _redo(window: MainWindow) -> None:
    label = window.context.state.undo.redo()
    window.context.say.info("Nothing to redo." if label is None else f"Done again: {label}")


def _compare_groups(window: MainWindow) -> None:
    from runfolio.desktop.views.compare import GROUPS, CompareView

    window.show_view("compare")
    view = window.views.widget_of("compare")
    if isinstance(view, CompareView):
        view.set_mode(GROUPS)


def _explore(window: MainWindow, kind: str) -> None:
    from runfolio.desktop.views.explore import ExploreView

    window.show_view("explore")
    view = window.views.widget_of("explore")
    if isinstance(view, ExploreView):
        view.show_kind(kind)


def _add_chart(window: MainWindow, kind: str) -> None:
    from runfolio.desktop.views.charts import ChartsView

    charts = window.views.widget_of("charts")
    if isinstance(charts, ChartsView):
        charts.hand.add_chart(kind)


def _send_to_charts(window: MainWindow) -> None:
    from runfolio.desktop.views.charts import ChartsView
    from runfolio.desktop.views.explore import ExploreView

    explore, charts = (window.views.widget_of(id) for id in ("explore", "charts"))
    if isinstance(explore, ExploreView) and isinstance(charts, ChartsView):
        charts.hand.add_chart(explore.panel.kind, explore.panel.drawn_by)


def _open_palette(window: MainWindow) -> None:
    from runfolio.desktop.palette import Palette

    Palette(window.context, window).open_over()


def _open_keys(window: MainWindow) -> None:
    from runfolio.desktop.cheat_sheet import CheatSheet

    CheatSheet(window.context.commands, window).open()


def _open_help(window: MainWindow) -> None:
    from runfolio.desktop.help_viewer import HelpViewer

    HelpViewer(window.context, window).show()


def _teach_layout(window: MainWindow) -> None:
    from runfolio.desktop.layout_dialog import LayoutDialog

    LayoutDialog(window.context, parent=window).open()


def _open_layouts(window: MainWindow) -> None:
    from runfolio.desktop.layout_list import LayoutList

    LayoutList(window.context, window).open()


def _open_settings(window: MainWindow) -> None:
    from runfolio.desktop.settings_dialog import SettingsDialog

    SettingsDialog(window.context, lambda key, value: choose(window, key, value), window).open()
