"""`siga-ocr doctor`: the self-test of an installed station."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from siga_ocr.cli import console
from siga_ocr.errors import ExitCode


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: ok, and a list of findings with name, value and fault.")] = False,
) -> None:
    """Say what is installed, what is missing, and whether crops that ship read as they must. Exits with 1 if anything is wrong."""
    from siga_ocr.doctor import examine

    findings = []
    for one in examine():
        findings.append(one)
        if not as_json:
            console.put(f"{'WRONG' if one.fault else 'ok'}\t{one.name}\t{one.value}" + (f"\t{one.fault}" if one.fault else ""))
    wrong = sum(bool(one.fault) for one in findings)
    if as_json:
        console.put(json.dumps({"ok": not wrong, "findings": [asdict(one) for one in findings]}, indent=2))
    elif wrong:
        console.say(f"{wrong} of {len(findings)} things are wrong.")
    raise typer.Exit(ExitCode.NOT_ALL if wrong else ExitCode.OK)
