"""How links are written, with a preview that follows every key."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt

from app.core.imglink import Image, ImageId
from app.core.links import LinkForm, check_template, format_link
from app.settings import Settings
from app.ui.settings_window.fields import TextField
from app.ui.settings_window.page import Group, Page, Row
from app.ui.widgets import label

_FILE_NAME = "holiday.png"


class LinksPage(Page):
    """Form, template, preview."""

    def __init__(self) -> None:
        super().__init__(self.tr("Links"))
        self.add_settings("links.form", "links.template")
        self._form, self._template = LinkForm.VIEWER, ""
        self._server = "https://imglink.cc"
        self._preview = label(wrap=True)
        self._preview.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._preview.setAccessibleName(self.tr("Preview"))
        row = Row(self.tr("Preview"), "")
        row.below.addWidget(self._preview)
        self.add(Group([row]))
        template = self.fields["links.template"]
        if isinstance(template, TextField):
            template.edited.connect(self._edited)

    @property
    def preview(self) -> str:
        """What would be copied."""
        return self._preview.text()

    def set_settings(self, settings: Settings, overrides: Mapping[str, str]) -> None:
        """Show these values and their preview."""
        super().set_settings(settings, overrides)
        self._form, self._template = settings.links.form, settings.links.template
        self._server = settings.account.base_url
        self._show(self._template)

    def _edited(self, template: str) -> None:
        if check_template(template) is None:
            self._show(template)

    def _show(self, template: str) -> None:
        sample = Image(
            id=ImageId("_RxgFRvwh9"),
            url=f"{self._server}/cdn/_RxgFRvwh9.png",
            viewer=f"{self._server}/i/_RxgFRvwh9",
            thumbnail=f"{self._server}/cdn/_RxgFRvwh9.thumb.webp",
            width=1920,
            height=1080,
        )
        self._preview.setText(format_link(sample, self._form, file_name=_FILE_NAME, template=template))
