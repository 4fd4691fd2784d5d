"""`imglink doctor`: what works on this desktop, and the one thing to do about the rest."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping, Sequence

from app.cli.exit_codes import ExitCode
from app.cli.output import print_json
from app.cli.streams import print_line
from app.services.doctor import Finding

_OK, _NOTE, _MISSING = "ok", "note", "MISSING"
_WIDTH = 100


def report(findings: Sequence[Finding], *, optional: Collection[str], as_json: bool) -> ExitCode:
    """Print the findings; FAILED when a part that is not `optional` does not work."""
    if as_json:
        print_json([_as_json(finding, optional) for finding in findings])
    else:
        _print(findings, optional)
    is_well = all(finding.probe.available or finding.part in optional for finding in findings)
    return ExitCode.DONE if is_well else ExitCode.FAILED


def _as_json(finding: Finding, optional: Collection[str]) -> Mapping[str, object]:
    probe = finding.probe
    return {
        "part": finding.part,
        "name": probe.name,
        "ok": probe.available,
        "optional": finding.part in optional,
        "reason": probe.reason or None,
        "remedy": probe.remedy or None,
    }


def _print(findings: Sequence[Finding], optional: Collection[str]) -> None:
    width = max((len(finding.part) for finding in findings), default=0)
    indent = " " * (len(_MISSING) + 2 + width + 2)
    marks = [_mark(finding, optional) for finding in findings]
    for finding, mark in zip(findings, marks, strict=True):
        probe = finding.probe
        print_line(f"{mark:<{len(_MISSING)}}  {finding.part:<{width}}  {probe.name}")
        for text, first in ((probe.reason, ""), (probe.remedy, "→ ")):
            for line in textwrap.wrap(first + text, _WIDTH - len(indent)) if text else ():
                print_line(indent + line)
    missing, notes = marks.count(_MISSING), marks.count(_NOTE)
    print_line("")
    if missing:
        print_line(f"{missing} of {len(findings)} parts do not work here; an arrow (→) says what to do about it.")
    elif notes:
        print_line("All that is needed works; an arrow (→) says what could be better.")
    else:
        print_line("Everything works.")


def _mark(finding: Finding, optional: Collection[str]) -> str:
    if not finding.probe.available:
        return _NOTE if finding.part in optional else _MISSING
    return _NOTE if finding.probe.remedy else _OK
