"""What a run or a comparison comes to, as objects that show themselves in a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Optional


@dataclass(frozen=True)
class Observation:
    """What one program did on one side."""

    implementation: str
    stdout: Optional[str]
    stderr: Optional[str]
    #: `finished`, `raised`, `exited`, or another way to end.
    outcome: Optional[str]
    #: The exception with its traceback, line by line.
    details: list[str] = field(default_factory=list)

    def _repr_html_(self) -> str:
        parts = [f"<b>{html.escape(self.implementation)}</b>: {html.escape(self.outcome or 'unknown')}"]
        for text in (self.stdout, self.stderr, "\n".join(self.details)):
            if text:
                parts.append(f"<pre>{html.escape(text)}</pre>")
        return "".join(parts)


@dataclass(frozen=True)
class StageVerdict:
    """Whether a stage agrees."""

    stage: str
    #: `agree`, `diverge`, `unsupported`, `poisoned` or `cut`.
    verdict: str
    reason: Optional[str] = None


@dataclass(frozen=True)
class Divergence:
    """The first stage that differs, and how."""

    stage: str
    signature: str
    difference: str
    #: How the program ended in the reference and in the subject.
    outcomes: tuple[str, str]
    #: In how many of how many fresh pairs of processes it came back.
    came_back: tuple[int, int]


@dataclass(frozen=True)
class SubjectComparison:
    """One subject against the reference."""

    reference: str
    subject: str
    stages: list[StageVerdict]
    divergence: Optional[Divergence]

    @property
    def agrees(self) -> bool:
        return self.divergence is None

    def __str__(self) -> str:
        head = f"{self.subject} against {self.reference}: "
        if self.divergence is None:
            return head + "agree"
        return f"{head}{self.divergence.stage} differs\n{self.divergence.difference}"

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<td title='{html.escape(stage.reason or '', quote=True)}'>{html.escape(stage.stage)}: "
            f"{html.escape(stage.verdict)}</td>"
            for stage in self.stages
        )
        text = f"<b>{html.escape(self.subject)}</b> against {html.escape(self.reference)}<table><tr>{cells}</tr></table>"
        if self.divergence is not None:
            text += f"<pre>{html.escape(self.divergence.difference)}</pre>"
        return text


@dataclass(frozen=True)
class Comparison:
    """Every subject against the reference."""

    subjects: list[SubjectComparison]

    @property
    def agrees(self) -> bool:
        return all(subject.agrees for subject in self.subjects)

    def __str__(self) -> str:
        return "\n".join(map(str, self.subjects))

    def _repr_html_(self) -> str:
        return "".join(subject._repr_html_() for subject in self.subjects)
