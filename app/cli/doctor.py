"""`imglink doctor`: what works on this desktop, and the one thing to do about the rest."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from app.cli.exit_codes import ExitCode
from app.cli.output import print_json, print_line
from app.services.doctor import Finding


def report(arguments: argparse.Namespace, findings: Sequence[Finding]) -> ExitCode:
    """Print the findings; FAILED when a part does not work."""
    if arguments.json:
        print_json(
            [
                {
                    "part": finding.part,
                    "name": finding.probe.name,
                    "ok": finding.probe.available,
                    "reason": finding.probe.reason,
                    "remedy": finding.probe.remedy,
                }
                for finding in findings
            ]
        )
    else:
        width = max((len(finding.part) for finding in findings), default=0)
        for finding in findings:
            probe = finding.probe
            mark = "ok  " if probe.available else "FAIL"
            print_line(" ".join(part for part in (mark, f"{finding.part:<{width}} ", probe.name, probe.reason) if part))
            if probe.remedy:
                print_line(f"     → {probe.remedy}")
    return ExitCode.DONE if all(finding.probe.available for finding in findings) else ExitCode.FAILED
