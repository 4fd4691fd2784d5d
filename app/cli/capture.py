"""`imglink capture`: take the picture; save, upload and copy as asked."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from app.cli.desk import StoreDesk
from app.cli.exit_codes import ExitCode
from app.cli.output import Result, print_json
from app.cli.streams import print_line, say
from app.cli.upload import chosen_options, finish, with_targets
from app.core.imglink import UploadOptions
from app.core.workflow import CaptureMode, CaptureTask, Workflow
from app.services.capture import Captured, CaptureRequest, PartlyDone


async def capture(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """Do it. When the picture cannot be saved, it is uploaded all the same, and the other way round."""
    # Before the picture is taken: an album or profile that is not there must not cost one.
    options = await with_targets(arguments, desk, chosen_options(arguments, desk.options))
    request = capture_request(arguments, options, desk.folder)
    code = ExitCode.DONE
    assert desk.captures is not None, "bootstrap builds it for this command"
    try:
        captured = await desk.captures.run(request)
    except PartlyDone as problem:
        say(str(problem))
        captured, code = problem.captured, ExitCode.FAILED
    rect_px = captured.frame.rect_px
    if request.geometry_px not in (None, rect_px):
        say(f"Only a part of that region is on the screen: {rect_px} was taken.")
    saved = None if captured.saved_path is None else _as_named(captured.saved_path, desk, arguments)
    if captured.upload is not None:
        return await finish(arguments, desk, [saved], [captured.upload], is_capture=True) or code
    if arguments.json:
        print_json([_saved_as_json(saved, captured)])
    elif saved is not None:
        print_line(saved)
    return code


def capture_request(arguments: argparse.Namespace, options: UploadOptions, folder: Path = Path()) -> CaptureRequest:
    """What the arguments ask for."""
    tasks = frozenset() if arguments.no_upload else frozenset({CaptureTask.UPLOAD})
    return CaptureRequest(
        Workflow(
            "cli",
            "Command line",
            CaptureMode(arguments.mode),
            after_capture=tasks,
            after_upload=frozenset(),
            options=options,
        ),
        monitor_number=arguments.number,
        geometry_px=arguments.geometry,
        include_cursor=arguments.cursor,
        window_decorations=arguments.decorations,
        fixed_size_px=arguments.size,
        delay_s=arguments.delay,
        is_alone=True,
        save_to=None if arguments.save is None else folder / arguments.save,
    )


def _as_named(path: Path, desk: StoreDesk, arguments: argparse.Namespace) -> str:
    """Relative again, where the person named it so."""
    return os.fspath(path if arguments.save.is_absolute() else path.relative_to(desk.folder))


def _saved_as_json(saved: str | None, captured: Captured) -> dict[str, object]:
    rect_px, image_format = captured.frame.rect_px, captured.image_format
    return Result(saved, "saved").as_json() | {
        "width": rect_px.width,
        "height": rect_px.height,
        "size": None if captured.saved_path is None else captured.saved_path.stat().st_size,
        "mime": image_format.mime,
    }
