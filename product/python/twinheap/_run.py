"""Calls the command `twinheap` and reads its answers."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from typing import Optional

from ._results import Comparison, Divergence, Observation, StageVerdict, SubjectComparison

_HOME = pathlib.Path(__file__).with_name("home")
_AGREES, _DIFFERS = 0, 1


class TwinheapError(RuntimeError):
    """The harness itself could not do what it was asked; its own words say why."""


def _command() -> str:
    named = os.environ.get("TWINHEAP")
    candidates = [named] if named else [
        os.path.join(sysconfig.get_path("scripts"), "twinheap"),
        os.path.join(os.path.dirname(sys.executable), "twinheap"),
        shutil.which("twinheap"),
    ]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    raise TwinheapError(f"the command twinheap was not found; these were looked at: {candidates}")


def _ask(words: Sequence[str], source: str, allowed: Sequence[int]) -> dict:
    environment = dict(os.environ)
    if _HOME.is_dir():
        environment.setdefault("TWINHEAP_HOME", str(_HOME))
    run = subprocess.run(
        [_command(), *words, "-"],
        input=source.encode(),
        capture_output=True,
        env=environment,
        check=False,
    )
    if run.returncode not in allowed:
        raise TwinheapError(run.stderr.decode(errors="replace").strip() or f"twinheap ended with {run.returncode}")
    return json.loads(run.stdout)


def _reference(python: Optional[str]) -> list[str]:
    return ["--python", python] if python else []


def observe(source: str, subject: str = "cpython", *, python: Optional[str] = None) -> Observation:
    """Runs a program on one side: `cpython`, `vm`, a series such as `3.12`, or a command as `pypy=pypy3 {file}`."""
    answer = _ask(["observe", "--subject", subject, *_reference(python)], source, [_AGREES])
    return Observation(
        implementation=answer["implementation"],
        stdout=answer["stdout"],
        stderr=answer["stderr"],
        outcome=answer["outcome"],
        details=answer["details"] or [],
    )


def compare(source: str, subjects: Sequence[str] = ("vm",), *, python: Optional[str] = None) -> Comparison:
    """Runs a program in the reference and in each subject, and tells what differs, stage by stage."""
    return Comparison([_compare_one(source, subject, python) for subject in subjects])


def _compare_one(source: str, subject: str, python: Optional[str]) -> SubjectComparison:
    answer = _ask(["diff", "--json", "--subject", subject, *_reference(python)], source, [_AGREES, _DIFFERS])
    stages = [StageVerdict(name, told["verdict"], told["reason"]) for name, told in answer["stages"].items()]
    first = answer["divergence"]
    divergence = first and Divergence(
        stage=first["stage"],
        signature=first["signature"],
        difference=first["difference"],
        outcomes=tuple(first["outcomes"]),
        came_back=tuple(first["came_back"]),
    )
    return SubjectComparison(answer["oracle"], answer["subject"], stages, divergence)
