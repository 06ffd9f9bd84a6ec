"""Builds the wheel: first what the installed command works with is laid into the package, then maturin packs it.

The folder `twinheap/home` gets the reference VM and `twinpy`, the observers, the programs and the expectations. An observer
is built for every series of which an interpreter is found; `TWINHEAP_SERIES=3.11,3.12` chooses. Run as a script, it
only lays the folder out, so that `maturin build` can be called by itself.
"""

import os
import pathlib
import shutil
import subprocess

try:
    import maturin
except ImportError:  # as a script, without the build's own environment
    maturin = None

ROOT = pathlib.Path(__file__).resolve().parents[3]
HOME = ROOT / "product" / "python" / "twinheap" / "home"
EVERY_SERIES = "3.9,3.10,3.11,3.12,3.13,3.14"
HOME_SERIES = "3.11"


def cargo(arguments, **variables):
    """Runs `cargo build --release` in the checkout."""
    command = ["cargo", "build", "--release", "--quiet", *arguments]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=True)


def target():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()


def put(source, destination):
    """Copies a binary, without what only a debugger needs."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, destination)
    subprocess.run(["strip", str(destination)], check=True)


def has_interpreter(series):
    finder = [str(ROOT / ".cargo" / "find-python"), "-I", "-c", "pass"]
    variables = {"TWINHEAP_PYTHON_SERIES": series, "PYO3_BUILD_EXTENSION_MODULE": "1"}
    return subprocess.run(finder, env={**os.environ, **variables}, capture_output=True).returncode == 0


def lay_out():
    """Builds everything and lays it into the package."""
    shutil.rmtree(HOME, ignore_errors=True)
    cargo(["-p", "twinheap-reference", "-p", "twinheap-python"])
    for name in ("twinheap-reference", "twinpy"):
        put(target() / "release" / name, HOME / "bin" / name)
    wanted = os.environ.get("TWINHEAP_SERIES", EVERY_SERIES).split(",")
    found = [series for series in wanted if has_interpreter(series)]
    if HOME_SERIES not in found:
        raise SystemExit(f"the wheel needs CPython {HOME_SERIES}; .cargo/find-python says what it looked at")
    for series in found:
        folder = target() / f"observer-{series}"
        arguments = ["-p", "twinheap-cpython", "--lib", "--target-dir", str(folder)]
        cargo(
            arguments,
            PYO3_BUILD_EXTENSION_MODULE="1",
            PYO3_PYTHON=str(ROOT / ".cargo" / "find-python"),
            TWINHEAP_PYTHON_SERIES=series,
        )
        observer = HOME / "observers" / f"_twinheap_observer-{series}.so"
        put(folder / "release" / "libtwinheap_cpython.so", observer)
    for name in ("chapters", "regressions"):
        shutil.copytree(ROOT / "corpus" / name, HOME / "corpus" / name)
    shutil.copy(ROOT / "reports" / "expectations.toml", HOME / "expectations.toml")


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    lay_out()
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory, config_settings=None):
    return maturin.build_sdist(sdist_directory, config_settings)


def get_requires_for_build_wheel(config_settings=None):
    return []


def get_requires_for_build_sdist(config_settings=None):
    return []


if __name__ == "__main__":
    lay_out()
