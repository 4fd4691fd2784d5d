"""The settings window: a list of pages, a search field, and the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.doctor import Part
from app.core.ports import BindResult
from app.services.doctor import Report
from app.settings import Settings
from app.system.compositor_keys import BindingHelp
from app.ui import icons, theme
from app.ui.account_view import AccountView
from app.ui.mac import bring_to_front
from app.ui.settings_window.account_page import AccountPage
from app.ui.settings_window.advanced_page import AdvancedPage
from app.ui.settings_window.doctor_page import DoctorPage
from app.ui.settings_window.fields import TextField
from app.ui.settings_window.hotkeys_page import HotkeysPage
from app.ui.settings_window.links_page import LinksPage
from app.ui.settings_window.page import Page
from app.ui.settings_window.recorder import ReadKey
from app.ui.settings_window.storage_page import StoragePage
from app.ui.widgets import NoticeBar, label, make_clearable

_SIDEBAR_WIDTH = 190


class PageId(Enum):
    """The pages; the value is the drawing in the list."""

    ACCOUNT = "person"
    CAPTURE = "camera"
    AFTER_CAPTURE = "folder"
    UPLOAD = "upload"
    LINKS = "link"
    HOTKEYS = "keyboard"
    STORAGE = "storage"
    APPEARANCE = "appearance"
    ADVANCED = "advanced"
    DOCTOR = "doctor"


class SettingsWindow(QWidget):
    """Shows settings and says what should change; it stores nothing itself."""

    change_requested = Signal(str, dict)
    """A section's name and its new values, for `SettingsFile.update`; answered by `set_settings` or `show_problem`."""
    key_entered = Signal(str)
    """An API key: a secret, to be checked and stored, not logged."""
    check_key_requested = Signal()
    remove_key_requested = Signal()
    clear_previews_requested = Signal()
    """Answered by `show_previews_cleared`, or not at all."""
    sign_in_requested = Signal()
    sign_out_requested = Signal()
    autostart_requested = Signal(bool)
    """Answered by `set_autostart`."""
    examination_requested = Signal()
    """Answered by `show_report`."""
    system_settings_requested = Signal(str)
    """An address that opens a page of the system's own settings."""
    copy_requested = Signal(str, object)
    """A text, and what is told whether other programs can read it."""
    recording_changed = Signal(bool)
    """While True, the application lets go of its global keys."""

    def __init__(self, *, read_key: ReadKey | None = None, screenshots_folder: str = "") -> None:
        super().__init__()
        self.setWindowTitle(self.tr("ImgLink settings"))
        self.setWindowIcon(icons.app_icon())
        self.setMinimumSize(640, 420)
        self._makers: dict[PageId, Callable[[], Page]] = {
            PageId.ACCOUNT: self._account_page,
            PageId.CAPTURE: self._capture_page,
            PageId.AFTER_CAPTURE: lambda: self._after_capture_page(screenshots_folder),
            PageId.UPLOAD: self._upload_page,
            PageId.LINKS: LinksPage,
            PageId.HOTKEYS: lambda: self._hotkeys_page(read_key),
            PageId.STORAGE: self._storage_page,
            PageId.APPEARANCE: self._appearance_page,
            PageId.ADVANCED: self._advanced_page,
            PageId.DOCTOR: self._doctor_page,
        }
        self._pages: dict[PageId, Page] = {}
        self._settings, self._overrides = Settings(), dict[str, str]()
        self._account = AccountView()
        self._results: Mapping[str, BindResult] = {}
        self._unavailable = ""
        self._binding_help: BindingHelp | None = None
        # All pages at once would hold the interface up: one in each turn of the event loop.
        self._making = QTimer(self, interval=0)
        self._making.timeout.connect(self._make_next)
        self._is_autostarted = False
        self._search = QLineEdit()
        self._list = QListWidget()
        self._stack = QStackedWidget()
        self._nothing = label(self.tr("No setting has these words."), tone="muted")
        self._notices = QVBoxLayout()
        self._notice_area = QWidget()
        self._build()
        self.open_page(PageId.ACCOUNT)

    def sizeHint(self) -> QSize:
        """Room for most pages without scrolling."""
        return QSize(820, 600)

    def set_settings(self, settings: Settings, overrides: Mapping[str, str]) -> None:
        """Show these values; `overrides` as in SettingsFile."""
        self._settings, self._overrides = settings, dict(overrides)
        for page in self._pages.values():
            self._show_settings(page)

    def show_problem(self, key: str, text: str) -> None:
        """Say below a setting what is wrong with it, or at the top when it has no row."""
        if not any(self.page(page_id).show_problem(key, text) for page_id in PageId):
            self.add_notices([text])

    def add_notices(self, texts: Sequence[str]) -> None:
        """Say something about all the settings, above the page."""
        for text in texts:
            bar = NoticeBar()
            bar.set_text(text)
            bar.dismissed.connect(lambda dismissed=bar: self._dismiss(dismissed))
            self._notices.addWidget(bar)
        self._notice_area.setVisible(self._notices.count() > 0)

    def set_account(self, account: AccountView) -> None:
        """Show this account."""
        self._account = account
        page = self._pages.get(PageId.ACCOUNT)
        if isinstance(page, AccountPage):
            page.set_account(account)

    def set_hotkey_results(self, results: Mapping[str, BindResult]) -> None:
        """Say beside each key why it could not be bound."""
        self._results = results
        page = self._pages.get(PageId.HOTKEYS)
        if isinstance(page, HotkeysPage):
            page.set_results(results)

    def set_hotkeys_unavailable(self, reason: str) -> None:
        """Say that this desktop has no global keys; nothing when it has."""
        self._unavailable = reason
        page = self._pages.get(PageId.HOTKEYS)
        if isinstance(page, HotkeysPage):
            page.set_unavailable(reason)

    def set_binding_help(self, help_text: BindingHelp | None) -> None:
        """Say what to put into the desktop's own settings for the keys; nothing when they are bound from here."""
        self._binding_help = help_text
        page = self._pages.get(PageId.HOTKEYS)
        if isinstance(page, HotkeysPage):
            page.binding_help.set_help(help_text)

    def set_autostart(self, is_on: bool) -> None:
        """Show whether the program starts with the session."""
        self._is_autostarted = is_on
        page = self._pages.get(PageId.ADVANCED)
        if isinstance(page, AdvancedPage):
            page.set_autostart(is_on)

    def show_report(self, report: Report) -> None:
        """Show what the doctor found."""
        page = self._pages.get(PageId.DOCTOR)
        if isinstance(page, DoctorPage):
            page.show_report(report)

    def present_doctor(self, part: Part | None) -> None:
        """Come to the front with what the doctor says, of this part if there is one."""
        self.present(PageId.DOCTOR)
        page = self.page(PageId.DOCTOR)
        if isinstance(page, DoctorPage) and part is not None:
            page.lead_to(part)

    def show_previews_cleared(self) -> None:
        """Say that the previews are gone."""
        page = self._pages.get(PageId.STORAGE)
        if isinstance(page, StoragePage):
            page.show_cleared()

    def page(self, page_id: PageId) -> Page:
        """One page, made when it is first wanted."""
        if page_id not in self._pages:
            page = self._pages[page_id] = self._makers[page_id]()
            page.change_requested.connect(self.change_requested)
            self._show_settings(page)
            self._stack.addWidget(page)
        return self._pages[page_id]

    def open_page(self, page_id: PageId) -> None:
        """Show one page; Account is ready to take a key."""
        self._list.setCurrentRow(list(PageId).index(page_id))

    def present(self, page_id: PageId | None = None) -> None:
        """Come to the front."""
        if page_id is not None:
            self._search.clear()
            self.open_page(page_id)
        self.show()
        bring_to_front(self)
        page = self._stack.currentWidget()
        if isinstance(page, AccountPage) and (page_id is not None or page.wants_key):
            page.focus_key()
        self._making.start()

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_list"):
            self._paint_icons()

    def _show_settings(self, page: Page) -> None:
        page.set_settings(self._settings, self._overrides)

    def _make_next(self) -> None:
        missing = [page_id for page_id in PageId if page_id not in self._pages]
        if missing:
            self.page(missing[0])
        else:
            self._making.stop()

    def _account_page(self) -> Page:
        page = AccountPage()
        page.set_account(self._account)
        page.key_entered.connect(self.key_entered)
        page.check_key_requested.connect(self.check_key_requested)
        page.remove_key_requested.connect(self.remove_key_requested)
        page.sign_in_requested.connect(self.sign_in_requested)
        page.sign_out_requested.connect(self.sign_out_requested)
        return page

    def _hotkeys_page(self, read_key: ReadKey | None) -> Page:
        page = HotkeysPage(read_key)
        page.recording_changed.connect(self.recording_changed)
        page.doctor_requested.connect(lambda: self.present_doctor(Part.SHORTCUTS))
        page.set_results(self._results)
        page.set_unavailable(self._unavailable)
        page.binding_help.set_help(self._binding_help)
        page.binding_help.copy_requested.connect(self.copy_requested)
        return page

    def _storage_page(self) -> Page:
        page = StoragePage()
        page.clear_previews_requested.connect(self.clear_previews_requested)
        return page

    def _capture_page(self) -> Page:
        page = Page(self._title(PageId.CAPTURE))
        page.add_settings("capture.region_done_on_release", "capture.include_cursor", "capture.delay_s")
        page.add_settings("capture.window_decorations", "capture.fixed_size")
        page.add_settings("capture.image_format", "capture.jpeg_quality")
        return page

    def _after_capture_page(self, screenshots_folder: str) -> Page:
        page = Page(self._title(PageId.AFTER_CAPTURE))
        page.add_settings("after_capture.save_to_folder", "after_capture.folder", "after_capture.name_pattern")
        page.add_settings("after_capture.copy_image")
        folder = page.fields["after_capture.folder"]
        if isinstance(folder, TextField):
            folder.set_placeholder(screenshots_folder)
        return page

    def _upload_page(self) -> Page:
        page = Page(self._title(PageId.UPLOAD))
        page.add_settings("upload.visibility", "upload.nsfw", "upload.anonymous")
        page.add_settings("upload.strip_metadata", "upload.neutral_names", title=self.tr("Privacy"))
        page.add_settings("upload.concurrency", "upload.ask_duplicates")
        return page

    def _appearance_page(self) -> Page:
        page = Page(self._title(PageId.APPEARANCE))
        page.add_settings("appearance.theme")
        page.add_settings("notifications.desktop", "notifications.card", title=self.tr("After an upload"))
        return page

    def _doctor_page(self) -> Page:
        page = DoctorPage()
        page.examination_requested.connect(self.examination_requested)
        page.system_settings_requested.connect(self.system_settings_requested)
        page.copy_requested.connect(self.copy_requested)
        return page

    def _advanced_page(self) -> Page:
        page = AdvancedPage()
        page.autostart_requested.connect(self.autostart_requested)
        page.set_autostart(self._is_autostarted)
        return page

    def _build(self) -> None:
        self._search.setPlaceholderText(self.tr("Search"))
        self._search.setAccessibleName(self.tr("Search the settings"))
        make_clearable(self._search)
        self._search.textChanged.connect(self._find)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self).activated.connect(self._search.setFocus)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self._escape)
        self._list.setProperty("look", "sidebar")
        self._list.setAccessibleName(self.tr("Pages"))
        self._list.setIconSize(QSize(18, 18))
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for page_id in PageId:
            item = QListWidgetItem(self._title(page_id))
            item.setSizeHint(QSize(0, self._list.fontMetrics().height() + 2 * theme.SPACE_M))
            self._list.addItem(item)
        self._paint_icons()
        self._list.currentRowChanged.connect(self._row_changed)
        side = QVBoxLayout()
        side.setContentsMargins(theme.SPACE_M, theme.SPACE_L, theme.SPACE_M, theme.SPACE_M)
        side.setSpacing(theme.SPACE_M)
        side.addWidget(self._search)
        side.addWidget(self._list, 1)
        sidebar = QWidget()
        sidebar.setObjectName("sidebar")
        sidebar.setLayout(side)
        sidebar.setFixedWidth(_SIDEBAR_WIDTH)
        self._notices.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_XL, 0)
        self._notice_area.setLayout(self._notices)
        self._notice_area.hide()
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.hide()
        main = QVBoxLayout()
        main.setSpacing(0)
        main.addWidget(self._notice_area)
        main.addWidget(self._nothing, 1)
        main.addWidget(self._stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(sidebar)
        row.addLayout(main, 1)

    def _title(self, page_id: PageId) -> str:
        return {
            PageId.ACCOUNT: self.tr("Account"),
            PageId.CAPTURE: self.tr("Capture"),
            PageId.AFTER_CAPTURE: self.tr("After capture"),
            PageId.UPLOAD: self.tr("Upload"),
            PageId.LINKS: self.tr("Links"),
            PageId.HOTKEYS: self.tr("Hotkeys"),
            PageId.STORAGE: self.tr("History & storage"),
            PageId.APPEARANCE: self.tr("Appearance"),
            PageId.ADVANCED: self.tr("Advanced"),
            PageId.DOCTOR: self.tr("Doctor"),
        }[page_id]

    def _row_changed(self, row: int) -> None:
        self._stack.setCurrentWidget(self.page(list(PageId)[row]))

    def _paint_icons(self) -> None:
        tokens = theme.current_tokens()
        for index, page_id in enumerate(PageId):
            icon = icons.symbolic_icon(page_id.value, QColor(tokens.muted), QColor(tokens.disabled), 18)
            self._list.item(index).setIcon(icon)

    def _find(self, query: str) -> None:
        words = query.strip()
        first: int | None = None
        for index, page in enumerate(self.page(page_id) for page_id in PageId):
            by_title = bool(words) and words.casefold() in page.title.casefold()
            found = page.search("" if by_title else words) or by_title or not words
            self._list.item(index).setHidden(not found)
            first = index if found and first is None else first
        self._nothing.setVisible(first is None)
        self._stack.setVisible(first is not None)
        if first is not None and self._list.currentItem().isHidden():
            self._list.setCurrentRow(first)

    def _dismiss(self, bar: NoticeBar) -> None:
        self._notices.removeWidget(bar)
        bar.deleteLater()
        self._notice_area.setVisible(self._notices.count() > 0)

    def _escape(self) -> None:
        if self._search.text():
            self._search.clear()
        else:
            self.close()
