"""How a person binds a key to a command in the desktop's own settings, where no program can do it for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from shlex import join, quote

from app.core.shortcuts import Modifier, Shortcut
from app.system.session import Session

COMMANDS = {
    "region": "imglink capture region --copy",
    "screen": "imglink capture screen --copy",
    "window": "imglink capture window --copy",
    "last": "imglink capture last --copy",
    "same-window": "imglink capture same-window --copy",
    "fixed": "imglink capture fixed --copy",
}
"""Workflow → the command that does the same. What is missing has no command."""


@dataclass(frozen=True, slots=True)
class BindingHelp:
    """What to tell the person: where, and what to put there."""

    where: str
    """One sentence, such as “Add this to ~/.config/sway/config, then reload sway.”"""
    lines: str
    """To be copied as it is."""


def binding_help(
    session: Session, shortcuts: Mapping[str, Shortcut], program: Sequence[str] = ("imglink",)
) -> BindingHelp:
    """The lines for this session's desktop, for those of these shortcuts (workflow → key) that a command can do.

    `program` is how the desktop calls us.
    """
    wanted = [
        ((*program, *COMMANDS[name].split()[1:]), shortcut) for name, shortcut in shortcuts.items() if name in COMMANDS
    ]
    for name in (session.compositor.lower(), *session.desktops):
        if name in _HELPS:
            return _HELPS[name](wanted)
    return _plain("Bind these commands to keys in the settings of your desktop.", wanted)


_Wanted = Sequence[tuple[Sequence[str], Shortcut]]
"""The words of a command, and its key."""


def _sway(wanted: _Wanted) -> BindingHelp:
    lines = [f"bindsym {_joined(shortcut, _SWAY, '+')} exec {join(command)}" for command, shortcut in wanted]
    return BindingHelp("Add this to ~/.config/sway/config, then reload sway.", "\n".join(lines))


def _hyprland(wanted: _Wanted) -> BindingHelp:
    lines = [
        f"bind = {_modifiers(shortcut, _HYPRLAND, ' ')}, {_keysym(shortcut)}, exec, {join(command)}"
        for command, shortcut in wanted
    ]
    command, shortcut = wanted[0] if wanted else (("imglink",), Shortcut(Modifier.CTRL, "4"))
    keys = " + ".join([*_named(shortcut, _HYPRLAND), _keysym(shortcut)])
    lua = f"hl.bind({_in_quotes(keys)}, hl.dsp.exec_cmd({_in_quotes(join(command))}))"
    return BindingHelp(
        f"Add this to ~/.config/hypr/hyprland.conf. Where there is a hyprland.lua, it is written like this: {lua}",
        "\n".join(lines),
    )


def _labwc(wanted: _Wanted) -> BindingHelp:
    from html import escape

    lines = [
        f'<keybind key="{_joined(shortcut, _LABWC, "-")}">'
        f'<action name="Execute" command="{escape(join(command))}"/></keybind>'
        for command, shortcut in wanted
    ]
    return BindingHelp(
        "Add this inside <keyboard> in ~/.config/labwc/rc.xml, then reconfigure labwc.", "\n".join(lines)
    )


def _niri(wanted: _Wanted) -> BindingHelp:
    lines = []
    for command, shortcut in wanted:
        words = " ".join(map(_in_quotes, command))
        lines.append(f"    {_joined(shortcut, _NIRI, '+')} {{ spawn {words}; }}")
    return BindingHelp("Add this inside binds { … } in ~/.config/niri/config.kdl.", "\n".join(lines))


def _gnome(wanted: _Wanted) -> BindingHelp:
    schema = "org.gnome.settings-daemon.plugins.media-keys"
    folder = "/org/gnome/settings-daemon/plugins/media-keys/custom-keybindings/imglink{number}/"
    paths = [folder.format(number=number) for number in range(len(wanted))]
    lines = []
    for path, (command, shortcut) in zip(paths, wanted, strict=True):
        accelerator = "".join(f"<{name}>" for name in _named(shortcut, _GNOME)) + _keysym(shortcut)
        name = f"ImgLink: {' '.join(command[-3:])}"
        for key, value in (("name", name), ("command", join(command)), ("binding", accelerator)):
            # What has quotes of its own must be a text as gsettings writes it; all else it takes as it is.
            text = _in_quotes(value) if set(value) & set("'\"\\") else value
            lines.append(f"gsettings set {schema}.custom-keybinding:{path} {key} {quote(text)}")
    listed = ", ".join(f"'{path}'" for path in paths)
    # Those that the person has already stay in the list.
    lines.append(
        f'gsettings set {schema} custom-keybindings "$(gsettings get {schema} custom-keybindings | '
        f'sed "s|^@as ||; s|]$|, {listed}]|; s|^\\[, |[|")"'
    )
    return BindingHelp(
        "Run this once in a terminal, or add the commands in Settings, under Keyboard, Custom Shortcuts.",
        "\n".join(lines),
    )


def _kde(wanted: _Wanted) -> BindingHelp:
    return BindingHelp(
        "In System Settings, under Keyboard, Shortcuts, choose Add New, Command or Script (Plasma 5: Shortcuts, Add "
        "Command), paste the line below its key, and give it that key.",
        "\n".join(f"# {shortcut}\n{join(command)}" for command, shortcut in wanted),
    )


def _plain(where: str, wanted: _Wanted) -> BindingHelp:
    return BindingHelp(where, "\n".join(f"{shortcut}: {join(command)}" for command, shortcut in wanted))


def _in_quotes(text: str) -> str:
    """As KDL and GVariant have texts."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_HELPS: Mapping[str, Callable[[_Wanted], BindingHelp]] = {
    "sway": _sway,
    "swayfx": _sway,
    "hyprland": _hyprland,
    "niri": _niri,
    "labwc": _labwc,
    "gnome": _gnome,
    "kde": _kde,
}

_ORDER = (Modifier.CTRL, Modifier.ALT, Modifier.SHIFT, Modifier.SUPER)
_SWAY = ("Ctrl", "Mod1", "Shift", "Mod4")
_HYPRLAND = ("CTRL", "ALT", "SHIFT", "SUPER")
_NIRI = ("Ctrl", "Alt", "Shift", "Super")
_LABWC = ("C", "A", "S", "W")
_GNOME = ("Control", "Alt", "Shift", "Super")
_KEYSYMS = {"PageUp": "Page_Up", "PageDown": "Page_Down", "Space": "space", "Backspace": "BackSpace", "Plus": "plus"}
_PUNCTUATION = {
    "-": "minus",
    "=": "equal",
    ",": "comma",
    ".": "period",
    "/": "slash",
    "\\": "backslash",
    ";": "semicolon",
    "'": "apostrophe",
    "`": "grave",
    "[": "bracketleft",
    "]": "bracketright",
    "#": "numbersign",
}


def _named(shortcut: Shortcut, names: Sequence[str]) -> list[str]:
    return [name for flag, name in zip(_ORDER, names, strict=True) if flag in shortcut.modifiers]


def _modifiers(shortcut: Shortcut, names: Sequence[str], separator: str) -> str:
    return separator.join(_named(shortcut, names))


def _joined(shortcut: Shortcut, names: Sequence[str], separator: str) -> str:
    return separator.join([*_named(shortcut, names), _keysym(shortcut)])


def _keysym(shortcut: Shortcut) -> str:
    """The key as XKB names it, without modifiers."""
    key = _KEYSYMS.get(shortcut.key) or _PUNCTUATION.get(shortcut.key) or shortcut.key
    return key.lower() if len(key) == 1 else key
