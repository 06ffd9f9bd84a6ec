"""The package as a user has it: run these with the wheel installed."""

import sys

import pytest
import twinheap

pytest_plugins = ["pytester"]


def test_an_observation_tells_output_and_outcome():
    seen = twinheap.observe("print(6 * 7)")
    assert seen.implementation.startswith("CPython 3.11")
    assert (seen.stdout, seen.outcome) == ("42\n", "finished")
    assert "42" in seen._repr_html_()


def test_an_exception_is_told():
    seen = twinheap.observe("1 / 0")
    assert seen.outcome == "raised"
    assert any("ZeroDivisionError" in line for line in seen.details)


def test_a_program_agrees_on_every_stage():
    result = twinheap.compare("x = [1, 2]\nprint(x)", subjects=["vm"])
    assert result.agrees, str(result)
    assert {stage.verdict for stage in result.subjects[0].stages} == {"agree"}


def test_a_difference_is_told(tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text(
        f"#!{sys.executable}\n"
        "import builtins, runpy, sys\n"
        "builtins.abs = lambda number: -1\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    wrong.chmod(0o755)
    result = twinheap.compare("print(abs(5))", subjects=[f"wrong={wrong} {{file}}"])
    assert not result.agrees
    assert result.subjects[0].divergence.stage == "output"
    assert "-1" in result._repr_html_()


def test_trouble_is_an_exception():
    with pytest.raises(twinheap.TwinheapError):
        twinheap.observe("pass", python="/does/not/exist")


def test_a_corpus_becomes_tests(pytester):
    corpus = pytester.mkdir("corpus")
    (corpus / "one.py").write_text("print(1)\n")
    (corpus / "two.py").write_text("print([2])\n")
    result = pytester.runpytest("--twinheap-corpus", str(corpus))
    result.assert_outcomes(passed=2)
