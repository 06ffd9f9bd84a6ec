"""Twinheap from Python: runs a program in CPython and in other implementations, and tells what differs.

>>> import twinheap
>>> twinheap.observe("print(6 * 7)").stdout
'42\\n'
>>> twinheap.compare("print(6 * 7)", subjects=["vm"]).agrees
True
"""

from ._run import TwinheapError, compare, observe
from ._results import Comparison, Divergence, Observation, StageVerdict, SubjectComparison

__all__ = [
    "Comparison",
    "Divergence",
    "Observation",
    "StageVerdict",
    "SubjectComparison",
    "TwinheapError",
    "compare",
    "observe",
]
