"""The pytest plugin: the fixture `twinheap_compare`, and `--twinheap-corpus DIR`, whose programs become tests."""

from __future__ import annotations

import pathlib

import pytest

from ._run import compare


def pytest_addoption(parser):
    group = parser.getgroup("twinheap")
    group.addoption(
        "--twinheap-corpus",
        metavar="DIR",
        action="append",
        default=[],
        help="collect every .py file beneath DIR as a program that must agree",
    )
    group.addoption(
        "--twinheap-subject",
        metavar="SUBJECT",
        action="append",
        default=[],
        help="who is compared with CPython: vm, a series such as 3.12, or 'name=command {file}' [default: vm]",
    )


def _subjects(config):
    return config.getoption("--twinheap-subject") or ["vm"]


@pytest.fixture
def twinheap_compare(request):
    """A function that compares a program, and fails the test where it differs."""

    def check(source, subjects=None, **options):
        __tracebackhide__ = True
        result = compare(source, subjects or _subjects(request.config), **options)
        if not result.agrees:
            pytest.fail(str(result), pytrace=False)
        return result

    return check


class Program(pytest.Item):
    """A program of the corpus."""

    def runtest(self):
        result = compare(self.path.read_text(encoding="utf-8"), _subjects(self.config))
        if not result.agrees:
            pytest.fail(str(result), pytrace=False)

    def reportinfo(self):
        return self.path, None, f"twinheap: {self.name}"


class ProgramFile(pytest.File):
    """The file of a program."""

    def collect(self):
        yield Program.from_parent(self, name=self.path.stem)


def pytest_collect_file(file_path: pathlib.Path, parent):
    if file_path.suffix != ".py":
        return None
    for folder in parent.config.getoption("--twinheap-corpus"):
        if pathlib.Path(folder).resolve() in file_path.resolve().parents:
            return ProgramFile.from_parent(parent, path=file_path)
    return None


def pytest_configure(config):
    folders = config.getoption("--twinheap-corpus")
    config.args.extend(folder for folder in folders if folder not in config.args)
