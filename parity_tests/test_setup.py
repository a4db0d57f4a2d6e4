"""`make` sets itself up once, from pinned packages, and says in a sentence when it cannot.

Python, venv and pip are played by a shell script, so that nothing here is downloaded or slow.
"""

import os
import shutil
import signal
import subprocess
import time
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
TARGETS = [
    "setup", "parity", "report", "report-diff", "accuracy", "differences", "train", "test",
    "faults", "figures", "sample", "keep", "clean",
]  # fmt: skip
# What a make that runs these tests hands down, and would change the make under test.
INHERITED = ["MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEFILES", "PYTHON", "EXTRAS", "ONLY", "QUICK"]
FAKE_PYTHON = """#!/bin/sh
case "$*" in
    *version_info*) echo "${FAKE_VERSION-3.12.4}" ;;
    *ensurepip*) exit "${FAKE_ENSUREPIP-0}" ;;
    *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *"pip install"*) echo "$*" >>pip-calls; echo "Collecting a"; eval "${FAKE_PIP-}" ;;
esac
"""


@pytest.fixture
def tree(tmp_path):
    """Return a copy of what set-up needs, with a stand-in for every Python it may find."""
    for name in ["Makefile", "pyproject.toml", "constraints.txt", "tools/setup.sh"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for name in ["python3", "python3.11", "python3.12", "python3.13"]:
        (tmp_path / "bin" / name).write_text(FAKE_PYTHON)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def start_make(tree, *arguments, **fakes):
    environment = {name: value for name, value in os.environ.items() if name not in INHERITED}
    environment |= {"PATH": f"{tree / 'bin'}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C"}
    return subprocess.Popen(
        ["make", *arguments],
        cwd=tree,
        env=environment | fakes,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run_make(tree, *arguments, **fakes):
    """Return make's exit status, its output and its errors, less make's own last word."""
    with start_make(tree, *arguments, **fakes) as process:
        output, errors = process.communicate(timeout=60)
    said = [line for line in errors.splitlines() if not line.startswith("make: ***")]
    return process.returncode, output, said


def pip_calls(tree):
    calls = tree / "pip-calls"
    return calls.read_text().splitlines() if calls.exists() else []


def stamps(tree):
    return sorted(path.name for path in (tree / ".venv").glob(".installed-*"))


def test_make_alone_lists_every_target(tree):
    status, output, _ = run_make(tree)
    listed = [line.split(maxsplit=2) for line in output.splitlines() if line.startswith("make ")]
    assert status == 0
    assert [name for _, name, _ in listed] == TARGETS
    assert all(len(line) <= 100 for line in output.splitlines())
    assert pip_calls(tree) == []


@pytest.mark.parametrize(
    "fakes, sentence",
    [
        (
            {"FAKE_VERSION": "3.10.13"},
            "Python 3.11, 3.12 or 3.13 is needed, but python3 is 3.10.13: "
            "install one of them or name it with PYTHON=/path/to/python.",
        ),
        (
            {"FAKE_VERSION": "3.14.0", "PYTHON": "python3.13"},
            "Python 3.11, 3.12 or 3.13 is needed, but python3.13 is 3.14.0: "
            "install one of them or name it with PYTHON=/path/to/python.",
        ),
        (
            {"FAKE_ENSUREPIP": "1"},
            "python3 (3.12.4) lacks the venv or ensurepip module: install it (Debian and Ubuntu: "
            "apt install python3-venv) or name another Python with PYTHON=/path/to/python.",
        ),
    ],
)
def test_a_python_that_will_not_do_is_one_sentence(tree, fakes, sentence):
    status, output, said = run_make(tree, "test", **fakes)
    assert (status, output, said) == (2, "", [sentence])
    assert not (tree / ".venv").exists()


def test_the_first_python_that_will_do_is_taken(tree):
    (tree / "bin" / "old").write_text("#!/bin/sh\necho 3.10.13\n")
    (tree / "bin" / "old").chmod(0o755)
    status, output, _ = run_make(tree, "setup", "PYTHON=old")
    assert status == 0
    assert "Making .venv with python3 (3.12.4)\n" in output


def test_an_extra_that_is_unknown_is_one_sentence(tree):
    status, _, said = run_make(tree, "setup", "EXTRAS=tpu")
    assert (status, said) == (2, ["EXTRAS=tpu is unknown: the only extra is gpu."])


def test_packages_are_installed_once_and_again_when_a_pin_changes(tree):
    assert run_make(tree, "setup")[0] == 0
    assert stamps(tree) == [".installed-base"]
    assert "Nothing to be done" in run_make(tree, "-n", "setup")[1]
    assert run_make(tree, "setup")[0] == 0
    assert len(pip_calls(tree)) == 1
    os.utime(tree / "constraints.txt", (time.time() + 10,) * 2)
    assert run_make(tree, "setup")[0] == 0
    assert len(pip_calls(tree)) == 2


def test_pip_is_held_to_the_pins_and_its_output_kept_in_the_log(tree):
    status, output, said = run_make(tree, "setup", "EXTRAS=gpu")
    assert (status, said, stamps(tree)) == (0, [], [".installed-gpu"])
    assert "--constraint constraints.txt --editable .[dev,gpu]" in pip_calls(tree)[0]
    assert "Installing: 1 packages" in output and "Collecting a" not in output
    assert (tree / ".venv" / "install.log").read_text() == "Collecting a\n"


def test_a_failed_installation_shows_the_end_of_the_log_and_is_begun_again(tree):
    status, _, said = run_make(tree, "setup", FAKE_PIP="echo no such package; exit 1")
    assert (status, stamps(tree)) == (2, [])
    assert said[-2:] == [
        "no such package",
        "The installation failed; above is the end of .venv/install.log.",
    ]
    assert run_make(tree, "setup")[0] == 0
    assert stamps(tree) == [".installed-base"]


def test_an_interrupted_installation_is_begun_again(tree):
    with start_make(tree, "setup", FAKE_PIP="exec sleep 30") as process:
        deadline = time.monotonic() + 30
        while not pip_calls(tree) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode != 0
    assert stamps(tree) == []
    assert run_make(tree, "setup")[0] == 0
    assert len(pip_calls(tree)) == 2


@pytest.mark.parametrize(
    "arguments, command",
    [
        (["parity"], "python -m reports.parity \n"),
        (["parity", "ONLY=softmax"], "python -m reports.parity --only 'softmax'\n"),
        (["report"], "python -m reports.performance \n"),
        (
            ["report", "ONLY=adam", "QUICK=1"],
            "python -m reports.performance --only 'adam' --quick\n",
        ),
        (["differences", "ONLY=pooling"], "python -m reports.differences --only 'pooling'\n"),
        (["accuracy"], "python -m reports.accuracy \n"),
        (
            ["accuracy", "ONLY=tanh", "QUICK=1", "MODE=graph", "FRESH=1"],
            "python -m reports.accuracy --only 'tanh' --quick --mode graph --fresh\n",
        ),
        (["faults", "ONLY=losses.py"], "python -m parity_tests.faults --only 'losses.py'\n"),
        (["faults", "ALL=1"], "python -m parity_tests.faults --all\n"),
        (["figures"], "python -m reports.figures\n"),
    ],
)
def test_each_target_installs_first_and_passes_on_what_was_asked(tree, arguments, command):
    first, second = run_make(tree, "-n", *arguments)[1].splitlines(keepends=True)
    assert "tools/setup.sh '.venv/.installed-base'" in first
    assert second == f".venv/bin/{command}"


def test_two_reports_are_compared_and_one_alone_is_one_sentence(tree):
    assert run_make(tree, "setup")[0] == 0
    output = run_make(tree, "-n", "report-diff", "A=old report.csv", "B=new.csv")[1]
    command = ".venv/bin/python -m reports.performance_diff 'old report.csv' 'new.csv'"
    assert output.splitlines()[-1] == command
    status, output, said = run_make(tree, "report-diff", "A=old.csv")
    sentence = "Name two reports: make report-diff A=old.csv B=new.csv"
    assert (status, output, said) == (2, "", [sentence])


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.lower().split("==") for line in lines if "==" in line)


def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


@pytest.mark.parametrize("text", declared())
def test_every_declared_package_is_pinned_and_installed_at_its_pin(text):
    requirement = Requirement(text)
    pinned = Version(pins()[requirement.name])
    assert pinned in requirement.specifier
    # A build for the processor alone adds a local part, as in 2.13.0+cpu.
    assert Version(metadata.version(requirement.name)).public == str(pinned)
