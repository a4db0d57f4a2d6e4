"""Every difference of the catalogue is there by default, and gone where it is aligned."""

import re
from collections import Counter
from functools import cache
from importlib import metadata
from pathlib import Path

import keras
import numpy as np
import pytest
import torch

from parity_tests import differences
from parity_tests.differences.entry import ALIGNED, CRASH, DEFAULTS, NONE, SILENT_WRONG, difference
from parity_tests.differences.measuring import MODEL, measure
from parity_tests.differences.outcomes import Raised, as_found, gap, outcome, plain
from parity_tests.differences.printing import _Program, check, program
from parity_tests.fresh import Interpreter
from tf_impl.builtins import losses as tf_losses
from torch_impl.builtins import losses as torch_losses

ENTRIES = differences.catalogue()
CHECKED = [entry for entry in ENTRIES if {*ALIGNED} & {*entry.functions}]
INSTALLED = Path(keras.__file__).parents[1]
SOURCE = re.compile(r"((?:keras|tensorflow|torch|torchgen)/[\w./-]+\.(?:py|pyi|yaml)):L(\d+)")
VERSIONS = ", ".join(f"{p} {metadata.version(p)}" for p in ("keras", "tensorflow", "torch"))

measured = cache(measure)


def of(entries):
    return pytest.mark.parametrize("entry", entries, ids=lambda entry: entry.id)


@of(ENTRIES)
def test_each_differs_by_default_and_not_once_aligned(entry):
    found = measured(entry)
    assert not found.complaints, f"{entry.id}, {VERSIONS}: {'; '.join(found.complaints)}"


@of(ENTRIES)
def test_each_runs_as_it_is_printed(entry):
    found = measured(entry)
    for name in entry.functions:
        given = {"__name__": "__main__"}
        with as_found():
            try:
                exec(compile(program(entry, name), entry.id, "exec"), given)
            except Exception as error:
                # its words may count the layers that were made before
                assert found.outcomes[name].kind == type(error).__name__, brief(error)
            else:
                assert gap(plain(given["result"]), found.outcomes[name]).within(entry.ulp)


@pytest.fixture(scope="module")
def fresh():
    with Interpreter() as interpreter:
        yield interpreter


@of(CHECKED)
def test_each_check_passes_in_a_fresh_interpreter(entry, fresh, tmp_path):
    found = measured(entry)
    for direction in found.checked:
        path = tmp_path / f"{direction}.py"
        path.write_text(check(found, direction), encoding="utf-8")
        assert not (error := fresh.run(path)), f"{entry.id}, {direction}: {error}"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("assert 1 == 2, 'no'", "AssertionError: no"),
        ("import sys; sys.modules['shared.x'] = sys", "imports shared"),
        ("import os; os.abort()", "ended by signal"),
        ("raise SystemExit(1)", "SystemExit: 1"),
        ("print(1)", ""),
    ],
)
def test_a_fresh_interpreter_says_how_a_program_ends(text, error, fresh, tmp_path):
    (tmp_path / "program.py").write_text(text, encoding="utf-8")
    assert fresh.run(tmp_path / "program.py")[: len(error) or None] == error


def test_no_program_sees_what_another_one_set(fresh, tmp_path):
    (tmp_path / "one.py").write_text("import keras; keras.config.set_floatx('float64')")
    (tmp_path / "two.py").write_text("import keras; assert keras.config.floatx() == 'float32'")
    assert not fresh.run(tmp_path / "one.py") and not fresh.run(tmp_path / "two.py")


@of(CHECKED)
def test_each_check_fails_with_the_default_in_its_place(entry):
    found = measured(entry)
    for direction in found.checked:
        text = check(found, direction)
        other = next(name for name in DEFAULTS if name != MODEL[direction])
        spoilt = text.replace(f"result = {direction}(", f"result = {other}(")
        default = program(entry, other).partition("result = ")[0]
        with as_found(), pytest.raises(Exception):  # noqa: B017
            exec(compile(default + "\n" + spoilt, entry.id, "exec"), {"__name__": "__main__"})


def brief(error):
    return " ".join(str(error).split())


@of(ENTRIES)
def test_each_names_lines_that_say_something(entry):
    for source in entry.sources:
        place = SOURCE.fullmatch(source)
        assert place, f"{entry.id}: {source} is no line of an installed package"
        lines = (INSTALLED / place[1]).read_text(encoding="utf-8").splitlines()
        said = "".join(lines[int(place[2]) - 1 : int(place[2])])
        assert any(map(str.isalnum, said)), f"{entry.id}: at {source} stands nothing"


def test_there_are_many_and_no_name_twice():
    assert max(Counter(entry.id for entry in ENTRIES).values()) == 1
    assert sum(entry.diverges for entry in ENTRIES) >= 250


def test_a_helper_is_printed_under_the_name_that_the_entry_gives_it():
    (entry,) = (e for e in ENTRIES if e.id == "convolution/conv-padding-number")
    assert "\ndef tensorflow_conv2d(x, " in program(entry, "keras_as_torch")


def test_what_gives_two_names_their_values_is_printed_once():
    (entry,) = (e for e in ENTRIES if e.id == "adamax_and_nadam/adamax-epsilon")
    assert program(entry, "in_torch").count("\nBETA_1, BETA_2 = ") == 1


def test_two_helpers_of_one_name_are_refused():
    written = _Program()
    written.resolve("REDUCE", tf_losses)
    with pytest.raises(ValueError, match=r"REDUCE would be of tf_impl.* and of torch_impl"):
        written.resolve("REDUCE", torch_losses)


def test_an_unknown_area_is_refused_with_the_names_of_the_known():
    with pytest.raises(KeyError, match="no area is called colours: there are activations"):
        differences.catalogue("colours")


SAID = dict(item="a number", keras="1", torch="2", hits="nobody", recipe="add 1", sources="x")


def entry(severity=SILENT_WRONG, keras=lambda: 1.0, torch=lambda: 2.0, **more):
    """An entry of two numbers, aligned by default."""
    aligned = {"torch_as_keras": keras, "keras_as_torch": torch}
    functions = {"in_keras": keras, "in_torch": torch, **aligned, **more.pop("functions", {})}
    return difference(severity=severity, **SAID, **more)(type("Number", (), functions))


def raises():
    raise ValueError("no")


def test_a_true_entry_is_verified():
    assert measure(entry()).verified
    assert measure(entry(NONE, torch=lambda: 1.0)).verified
    assert measure(entry(CRASH, torch=raises)).verified


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (lambda: entry(torch=lambda: 1.0 + 1e-13), "by default they no longer differ"),
        (lambda: entry(NONE), "by default they differ: 1"),
        (lambda: entry(torch=raises), "Keras gives 1, torch ValueError"),
        (lambda: entry(CRASH), "a crash is where one raises"),
        (lambda: entry(functions={"torch_as_keras": lambda: 1.0 + 1e-11}), "torch as in Keras is"),
        (lambda: entry(functions={"keras_as_torch": lambda: 1.0}), "Keras as in torch is not"),
        (lambda: entry(functions={"torch_as_keras": raises}), "1 against ValueError apart"),
    ],
)
def test_an_entry_that_says_what_is_not_so_is_not_verified(made, complaint):
    found = measure(made())
    assert not found.verified and complaint in "; ".join(found.complaints)


def test_float32_is_judged_by_units_in_the_last_place():
    one, next_one = np.float32(1), np.nextafter(np.float32(1), np.float32(2))
    assert not gap(plain(one), plain(next_one)).within(None)
    assert gap(plain(one), plain(next_one)).within(1) and not gap(plain(one), plain(2.0)).within(1)


def test_what_compiling_switches_off_is_on_while_an_entry_is_measured():
    torch.compile(lambda x: 2 * x, backend="eager")(torch.ones(2))
    with as_found():
        assert torch.distributions.Distribution._validate_args
        with pytest.raises(ValueError, match="concentration"):
            torch.distributions.Gamma(torch.tensor(0.0), torch.tensor(1.0))


def test_equal_infinities_and_nans_are_no_difference():
    left, right = np.array([np.inf, np.nan, 1.0]), np.array([np.inf, np.nan, 1.5])
    assert str(gap(left, right)) == "0.5" and str(gap(left, left)) == "0"


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (np.zeros(2), np.zeros(3), "shape (2,) against (3,)"),
        (np.zeros(2), None, "[0, 0] against None"),
        (np.array([1.0, np.nan]), np.ones(2), "nan against 1"),
        (np.array(np.inf), np.array(-np.inf), "inf against -inf"),
        ("int32", "int64", "int32 against int64"),
        ([np.ones(1)], [np.ones(1), np.ones(1)], "([1]) against ([1], [1])"),
        (Raised("ValueError", "no"), np.ones(()), "ValueError against 1"),
        ([np.ones(1), "a"], [np.ones(1), "b"], "a against b"),
    ],
)
def test_what_cannot_be_subtracted_is_apart(left, right, words):
    found = gap(left, right)
    assert str(found) == words and not found.within(None) and not found.within(1e9)


def test_what_is_no_number_agrees_with_itself():
    for value in (None, "a", [np.array([np.nan, np.inf]), None], Raised("ValueError", "no")):
        assert gap(value, value).within(None)


def test_settings_and_seeds_are_put_back():
    def sets():
        keras.config.set_floatx("float64")
        torch.set_default_dtype(torch.float64)
        return torch.rand(()), keras.random.uniform(())

    first = outcome(sets, {})
    assert gap(first, outcome(sets, {})).within(None)
    assert keras.config.floatx() == "float32" and torch.get_default_dtype() == torch.float32


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"severity": "bad"}, "severity is one of"),
        ({"stage": "never"}, "stage is one of"),
        ({"functions": {"in_torch": lambda z: z}}, r"no value for the parameters \['z'\]"),
        ({"sources": ()}, "name in sources"),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(more, complaint):
    functions = {"in_keras": raises, "in_torch": raises, **more.pop("functions", {})}
    said = SAID | {"severity": SILENT_WRONG, "unaligned": "no"} | more
    with pytest.raises(ValueError, match=f"difference number: .*{complaint}"):
        difference(**said)(type("Number", (), functions))


def test_an_entry_gives_both_directions_or_says_why_not():
    with pytest.raises(ValueError, match="say in unaligned why"):
        difference(severity=SILENT_WRONG, **SAID)(
            type("Number", (), {"in_keras": raises, "in_torch": raises})
        )
