"""Show one capture on a virtual display: real program, real keys and mouse, real upload to the demo server.

This is what `sh packaging/dev.sh run` does where there is no display.
"""

from __future__ import annotations

import argparse
import io
import re
import shutil
import signal
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import sample_desktop  # noqa: E402
from PIL import Image  # noqa: E402

from app.core.geometry import Point, Rect  # noqa: E402
from tests.desktop.running import READY, skip_welcome  # noqa: E402
from tests.desktop.session import PROGRAMS, DesktopSession, desktop_session  # noqa: E402

PROGRAM = [sys.executable, "-m", "app", "--demo"]
REGION = Rect(700, 190, 360, 240)


def main(arguments: list[str]) -> int:
    """0 when the link came and its picture has exactly the pixels that were on the screen."""
    target = _picture_path(arguments)
    # So that the virtual display is taken down as well when this is told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    print("There is no display (DISPLAY and WAYLAND_DISPLAY are not set), so this runs on a virtual one.", flush=True)
    has = {name: shutil.which(program) is not None for name, program in PROGRAMS.items()}
    with desktop_session(tray=has["tray"], keyring=has["keyring"], notifications=has["notifications"]) as session:
        try:
            capture(session, target)
        except (AssertionError, TimeoutError, OSError) as problem:
            session.screenshot().save(target)
            print(f"It did not work: {problem}\nThe screen as it is now: {target}", file=sys.stderr)
            return 1
    return 0


def capture(session: DesktopSession, target: Path) -> None:
    """Start the program, press the key, drag, and follow the link. Raises AssertionError, TimeoutError or OSError."""
    sample_desktop.show(session)
    # The window of the first start would stand in the picture.
    skip_welcome(session)
    program = session.spawn(PROGRAM, env={"PYTHONPATH": str(ROOT)})
    program.wait_for_output(READY, 30)
    print(program.stdout.strip(), flush=True)
    before = session.screenshot(REGION)

    print("Pressing Ctrl+Shift+4 and dragging…", flush=True)
    session.xdotool("key", "ctrl+shift+4")
    session.wait_for(lambda: overlay_is_shown(session), what="the overlay did not come")
    session.drag(Point(REGION.x, REGION.y), Point(REGION.right - 1, REGION.bottom - 1), steps=8)
    link = session.wait_for(lambda: _link(session.clipboard_text()), 30, what="no link came to the clipboard")
    picture = fetch_image(link)
    session.screenshot().save(target)

    assert picture.format == "PNG", f"{link} is {picture.format}"
    assert picture.size == before.size, f"{link} is {picture.size}, but {before.size} was chosen"
    assert picture.convert("RGB").tobytes() == before.tobytes(), f"{link} differs from what was on the screen"
    print(f"The link on the clipboard: {link}")
    print(f"It holds a PNG of {REGION.width} × {REGION.height} pixels, equal to the screen's.")
    print(f"A picture of the screen: {target}")
    code = program.stop(10)
    assert code == 0, f"the program ended with {code}: {program.stderr}"


def fetch_image(link: str) -> Image.Image:
    """The picture behind a link; a viewer page names it as its preview image."""
    data, kind = _get(link)
    if kind == "text/html":
        named = re.search(r'property="og:image"\s+content="([^"]+)"', data.decode())
        assert named, f"{link} is a page without a picture"
        data, kind = _get(named[1])
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def _get(url: str) -> tuple[bytes, str]:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read(), answer.headers.get_content_type()


def _link(text: str) -> str:
    return text if text.startswith("http://127.0.0.1:") else ""


def overlay_is_shown(session: DesktopSession) -> bool:
    """True while something lies over the whole monitor, above what the window manager manages."""
    return any(not window.is_managed and window.rect_px in session.monitors for window in session.windows())


def _picture_path(arguments: list[str]) -> Path:
    parser = argparse.ArgumentParser(
        prog="sh packaging/dev.sh run", description="Show one capture on a virtual screen."
    )
    parser.add_argument(
        "picture",
        nargs="?",
        type=Path,
        default=ROOT / "imglink-run.png",
        help="the PNG file that a picture of the screen is written to (%(default)s)",
    )
    path: Path = parser.parse_args(arguments).picture.resolve()
    if path.suffix.lower() != ".png":
        parser.error(f"{path.name} is no name of a PNG file: let it end in .png")
    return path


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
