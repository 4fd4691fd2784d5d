"""`imglink doctor`: what works on this desktop, and the one thing to do about the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.cli.exit_codes import ExitCode
from app.cli.output import print_json
from app.cli.streams import print_line
from app.core.doctor import Part
from app.services.doctor import Finding, Mark, report_lines


def report(findings: Sequence[Finding], *, optional: Collection[Part], as_json: bool) -> ExitCode:
    """Print the findings; FAILED when a part that is not `optional` does not work."""
    if as_json:
        print_json([_as_json(finding, optional) for finding in findings])
    else:
        _print(findings, optional)
    is_well = all(finding.mark(optional) is not Mark.MISSING for finding in findings)
    return ExitCode.DONE if is_well else ExitCode.FAILED


def _as_json(finding: Finding, optional: Collection[Part]) -> Mapping[str, object]:
    probe = finding.probe
    return {
        "part": finding.part.value,
        "name": probe.name,
        "ok": probe.available,
        "optional": finding.part in optional,
        "reason": probe.reason or None,
        "remedy": probe.remedy or None,
    }


def _print(findings: Sequence[Finding], optional: Collection[Part]) -> None:
    for line in report_lines(findings, optional):
        print_line(line)
    marks = [finding.mark(optional) for finding in findings]
    missing, notes = marks.count(Mark.MISSING), marks.count(Mark.NOTE)
    print_line("")
    if missing:
        print_line(f"{missing} of {len(findings)} parts do not work here; an arrow (→) says what to do about it.")
    elif notes:
        print_line("All that is needed works; an arrow (→) says what could be better.")
    else:
        print_line("Everything works.")
