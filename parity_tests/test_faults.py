"""The fault planter reports what the checks see, names what they miss, leaves nothing behind."""

import inspect
import sys
from importlib import import_module
from pathlib import Path

import pytest

from parity_tests.faults.__main__ import main
from parity_tests.faults.campaign import plan
from parity_tests.faults.equivalents import Equivalent
from parity_tests.faults.judging import judge
from parity_tests.faults.operators import unchanged
from parity_tests.faults.planting import planted
from parity_tests.probes import failed

LOOP = """\
def count(n):
    steps = 0
    while steps < n:
        steps += 1
    return steps


def first(values):
    return values[0]
"""

SIGN = """\
def absolute(x):
    return x if x > 0 else _opposite(x)


def _opposite(x):
    return -x
"""

CHECKS = """\
import builtins
import os
from itertools import repeat
from pathlib import Path

from planted_here import loop, sign


def check_loop(names):
    return [step("count"), step("first")]


def check_sign(names):
    assert set(names) <= {"absolute"}, names
    return [step("absolute", -3), step("absolute", 2)]


def step(function, *arguments):
    return f"planted_here.checks:see_{function}", arguments


def see_count():
    return [] if loop.count(3) == 3 else ["count(3)"]


def see_first():
    return [] if loop.first([7]) == 7 else ["first([7])"]


def see_absolute(x):
    return [] if sign.absolute(x) == abs(x) else [f"absolute({x})"]


def blind(names):
    return []


def broken(names):
    return [step("red")]


def see_red():
    return ["always red"]


def deadly(names):
    return [step("death")]


def see_death():
    return os._exit(3) if sign.absolute(-3) == -3 else []


def endless(names):
    return [step("endlessness")]


def see_endlessness():
    return sum(repeat(0)) if sign.absolute(-3) == -3 else []


def staining(names):
    return [step("stain")]


def see_stain():
    builtins.STAINED = getattr(builtins, "STAINED", []) or see_absolute(-3) or see_absolute(2)
    return builtins.STAINED


def log(names):
    return [step("absolute", -3), step("log", "a"), step("log", "b")]


def see_log(name):
    with Path(__file__).with_name("log").open("a") as log:
        print(name, file=log)
    return []
"""

LOOP_PATH, SIGN_PATH = "planted_here/loop.py", "planted_here/sign.py"
SURVIVOR = (SIGN_PATH, "absolute", "return x if x > 0 else _opposite(x)")


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of two files and their checks, which may be imported."""
    package = tmp_path / "planted_here"
    package.mkdir()
    texts = {"__init__": "", "loop": LOOP, "sign": SIGN, "checks": CHECKS}
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("planted_here")]:
        del sys.modules[name]


@pytest.fixture
def run(project, capsys):
    """Runs the command on one file of the project: (exit status, what it printed)."""

    def run(path, check, *equivalents, limit="1"):
        arguments = ["--jobs", "1", "--limit", limit, "--only", path]
        files = {LOOP_PATH: "", SIGN_PATH: ""} | {path: f"planted_here.checks:{check}"}
        status = main(arguments, project, files, equivalents)
        return status, " ".join(capsys.readouterr().out.split())

    return run


def fault_in(batch, after):
    return next(fault for fault in batch.faults if fault.after == after)


def test_planting_changes_one_module_and_takes_the_change_back(project):
    sign = import_module("planted_here.sign")
    before = dict(sys.modules)
    with planted("planted_here.sign", "def absolute(x):\n    return 5\n", ["planted_here"]):
        changed = import_module("planted_here.checks").sign
        assert changed.absolute(-3) == 5
        assert changed.__file__ == sign.__file__
        assert "return 5" in inspect.getsource(changed.absolute)
    assert sys.modules == before
    assert import_module("planted_here.sign") is sign and sign.absolute(-3) == 3


def test_an_error_takes_the_change_back_too(project):
    sign, finders = import_module("planted_here.sign"), list(sys.meta_path)
    with (
        pytest.raises(ZeroDivisionError),
        planted("planted_here.sign", "1 / 0", ["planted_here"]),
    ):
        import_module("planted_here.sign")
    assert sys.modules["planted_here.sign"] is sign and sys.meta_path == finders


def test_examples_that_are_named_by_their_file_are_those_of_the_planted_one():
    path = inspect.getsourcefile(import_module("shared.checkpoints"))
    source = Path(path).read_text(encoding="utf-8")
    for text, red in ((source, False), (source.replace("os.replace(new, folder)", "pass"), True)):
        with planted("shared.checkpoints", text, ["shared"]):
            assert bool(failed(("shared/checkpoints.py",))) == red
            # and whoever imports it afterwards is given the planted one
            replace = import_module("shared.checkpoints").replacing
            assert ("pass" in inspect.getsource(replace)) == red


@pytest.mark.parametrize(
    ("after", "verdict", "detail"),
    [
        ("while steps > n:", "red", "count(3)"),
        ("return values[1]", "crash", "IndexError: list index out of range"),
        ("steps -= 1", "hang", "no answer in 0.5 s"),
        ("steps = 1", "survived", ""),
    ],
)
def test_verdicts(project, after, verdict, detail):
    (batch,) = plan(project, {LOOP_PATH: "planted_here.checks:check_loop"}, limit=0.5)
    outcome = judge(batch, fault_in(batch, after))
    assert (outcome.verdict, outcome.detail) == (verdict, detail)
    assert judge(batch, unchanged(LOOP, "count")).verdict == "survived"


def test_every_survivor_is_named_and_fails_the_command(run):
    status, printed = run(LOOP_PATH, "check_loop")
    assert status == 1
    assert "Survived: planted_here/loop.py:2, count (factor) - steps = 0 + steps = 1" in printed
    assert "planted_here/loop.py 7 6 0 1 85.7 %" in printed


def equivalent(after):
    return Equivalent(*SURVIVOR, after, "zero is its own opposite, and one is not checked")


SURVIVORS = [equivalent(f"return x if {c} else _opposite(x)") for c in ("x >= 0", "x > 1")]


def test_listed_survivors_are_counted_apart_and_pass(run):
    status, printed = run(SIGN_PATH, "check_sign", *SURVIVORS)
    assert status == 0 and "Survived" not in printed
    assert "total 5 3 2 0 100.0 %" in printed


@pytest.mark.parametrize(
    ("after", "complaint"),
    [
        ("return x", "there is no such fault any more"),
        ("return x if x < 0 else _opposite(x)", "the checks catch it in line 2 (red: absolute(-3)"),
    ],
)
def test_a_stale_entry_fails_the_command(run, after, complaint):
    status, printed = run(SIGN_PATH, "check_sign", *SURVIVORS, equivalent(after))
    assert status == 1
    assert f"Stale equivalent: {SIGN_PATH} absolute" in printed and complaint in printed


def test_checks_that_see_nothing_fail_the_command(run):
    status, printed = run(SIGN_PATH, "blind")
    assert status == 1 and "total 5 0 0 5 0.0 %" in printed


def test_later_steps_run_once_on_the_unchanged_file_and_for_what_earlier_ones_missed(run, project):
    status, printed = run(SIGN_PATH, "log")
    assert status == 1 and "total 5 3 0 2" in printed
    assert sorted((project / "planted_here" / "log").read_text().split()) == [*"aaabbb"]


@pytest.mark.parametrize(
    ("check", "reason"),
    [("broken", "red: always red"), ("missing", "has no attribute 'missing'")],
)
def test_nothing_is_planted_while_the_unchanged_file_is_red(run, check, reason):
    status, printed = run(SIGN_PATH, check)
    assert status == 1 and "Nothing was planted" in printed and reason in printed
    assert "total" not in printed


@pytest.mark.parametrize("check", ["deadly", "endless"])
def test_a_fault_that_ends_its_process_is_named_and_the_others_are_judged(run, check):
    status, printed = run(SIGN_PATH, check, limit="0.1")
    assert status == 1
    assert printed.count("Not judged") == printed.count("its process died") == 3
    assert f"Not judged: {SIGN_PATH}:6, _opposite (sign)" in printed
    assert "total 5 0 0 2 0.0 %" in printed


def test_traces_of_one_fault_are_not_taken_for_another_being_caught(run):
    status, printed = run(SIGN_PATH, "staining", *SURVIVORS)
    assert status == 0 and "total 5 3 2 0 100.0 %" in printed


def test_without_a_file_named_some_of_each_are_planted_evenly(project, monkeypatch, capsys):
    monkeypatch.setattr("parity_tests.faults.__main__.SAMPLE", 4)
    files = dict.fromkeys((LOOP_PATH, SIGN_PATH), "planted_here.checks:blind")
    gone = equivalent("return x")  # no such fault, planted or not
    entries = [*SURVIVORS, gone]

    def printed(*more):
        assert main(["--jobs", "1", "--limit", "1", *more], project, files, entries) == 1
        return " ".join(capsys.readouterr().out.split())

    some, everything = printed(), printed("--all")
    assert "5 of 12 faults to plant, evenly chosen; --all plants every one." in some
    assert "planted_here/loop.py 3" in some and "planted_here/sign.py 2" in some
    assert "total 12" in everything and "evenly" not in everything
    assert some.count("Stale equivalent") == everything.count("Stale equivalent") == 1


def test_an_unknown_file_is_refused_with_the_names_of_the_known(project, capsys):
    with pytest.raises(SystemExit):
        main(["--only", "other.py"], project, {SIGN_PATH: "planted_here.checks:blind"})
    assert f"no check covers other.py; covered are {SIGN_PATH}" in capsys.readouterr().err
