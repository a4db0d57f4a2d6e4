"""What was measured is kept job by job, whole or not at all, and only for runs with the same."""

import sqlite3
import subprocess
import sys

import pytest

from reports import accuracy_store
from reports.accuracy_store import OtherMeasurementsError, Store, sources

WITH = {"torch": "2.13", "kernels": "AVX2"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "accuracy.sqlite"


def test_rows_come_back_bit_for_bit_and_in_the_order_asked_for(path):
    one, other = [{"worst": 0.1 + 0.2, "at": 2**32 - 1}], [{"worst": float("inf")}, {"why": "−"}]
    with Store(path, WITH) as store:
        store.keep("b", other, seconds=2.0)
        store.keep("a", one, seconds=0.5)
    with Store(path, WITH) as store:
        assert store.done == {"a", "b"}
        assert store.rows(["a", "b"]) == [*one, *other] and store.rows(["b"]) == other
        assert store.seconds(["a", "b"]) == 2.5


def test_a_job_that_fails_half_way_leaves_nothing(path):
    def rows():
        yield {"worst": 1.0}
        raise KeyboardInterrupt

    with Store(path, WITH) as store:
        store.keep("first", [{}], seconds=1.0)
        with pytest.raises(KeyboardInterrupt):
            store.keep("second", rows(), seconds=1.0)
        with pytest.raises(sqlite3.IntegrityError):
            store.keep("first", [{"twice": 1}], seconds=1.0)
    with Store(path, WITH) as store:
        assert store.done == {"first"} and store.rows(["first"]) == [{}]


@pytest.mark.parametrize(
    "now, said",
    [
        ({**WITH, "torch": "2.14"}, "torch: 2.13, now 2.14"),
        ({**WITH, "sources": "abc"}, "sources: None, now abc"),
        ({"torch": "2.13"}, "kernels: AVX2, now None"),
    ],
)
def test_measurements_with_anything_else_are_refused_and_left_alone(path, now, said):
    with Store(path, WITH) as store:
        store.keep("a", [], seconds=1.0)
    with pytest.raises(OtherMeasurementsError, match=f"{said}.*FRESH=1"):
        Store(path, now)
    with Store(path, WITH) as store:
        assert store.done == {"a"}


KILLED = """
import os, signal
from reports.accuracy_store import Store
store = Store({path!r}, {made_with!r})
store.keep("whole", [{{"worst": 1.0}}], seconds=1.0)
store._file.execute("insert into jobs values ('torn', '[]', 1.0)")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_had_not_finished_is_not_there(path):
    script = KILLED.format(path=str(path), made_with=WITH)
    status = subprocess.run([sys.executable, "-c", script], cwd=accuracy_store.ROOT).returncode
    assert status == -9
    with Store(path, WITH) as store:
        assert store.done == {"whole"}


def test_a_formula_that_changes_changes_the_digest(tmp_path):
    for folder in accuracy_store.SOURCES:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("1 / (1 + e)\n")
    digests = [sources(tmp_path)]
    for folder in accuracy_store.SOURCES:
        (tmp_path / folder / "a.py").write_text("1 / (2 + e)\n")
        digests.append(sources(tmp_path))
    (tmp_path / "shared" / "a.py").rename(tmp_path / "shared" / "b.py")
    digests.append(sources(tmp_path))
    (tmp_path / "elsewhere.py").write_text("unread\n")
    assert len({*digests}) == len(digests) and sources(tmp_path) == digests[-1]


def test_what_it_is_made_with_names_versions_processor_kernels_and_sources():
    found = accuracy_store.made_with("torch AVX2")
    assert {"python", "tensorflow", "torch", "numpy", "processor", "kernels", "sources"} <= {*found}
    assert found["sources"] == sources() and found["kernels"] == "torch AVX2"
