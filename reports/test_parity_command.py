"""`make parity` as a command: exit status, unknown names, a worker that dies."""

import os

import pytest

from reports import parity
from shared.evidence import FAIL, PASS, Row

ROW = Row("activations", "relu", "", "value", "h", "drawn", "torch", "reference", "float32",
          "eager", "cpu", "(2,)", index="[0]")  # fmt: skip


def plan(only):
    return ["a job"], ["cpu"], "torch AVX2"


def passes(job):
    return [ROW]


def fails(job):
    return [Row(**{**ROW.as_dict(), "verdict": FAIL, "used": 2.0})]


def dies(job):
    os._exit(1)


def is_stopped(job):
    raise KeyboardInterrupt


def unchanged(rows, only):
    return rows


@pytest.fixture
def command(monkeypatch, tmp_path):
    """Runs the command with stand-ins for what the workers do."""

    def run(work):
        for name, stand_in in (("_plan", plan), ("_run", work), ("_conclude", unchanged)):
            monkeypatch.setattr(parity, name, stand_in)
        return parity.main(["--output", str(tmp_path)])

    return run


@pytest.mark.parametrize("work, status", [(passes, 0), (fails, 1)])
def test_the_exit_status_says_whether_anything_failed(command, tmp_path, work, status):
    assert command(work) == status
    assert {path.name for path in tmp_path.iterdir()} == {"parity.csv", "parity.md", "parity.html"}
    assert "kernels: torch AVX2" in (tmp_path / "parity.md").read_text()
    assert (PASS if status == 0 else FAIL) in (tmp_path / "parity.csv").read_text()


@pytest.mark.parametrize(
    "work, status, said", [(dies, 3, "worker process died"), (is_stopped, 130, "Stopped.")]
)
def test_what_is_not_finished_leaves_the_last_report_alone(
    command, tmp_path, capsys, work, status, said
):
    assert command(passes) == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert command(work) == status
    assert said in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


def test_an_unknown_name_lists_the_known_ones(capsys):
    assert parity.main(["--only", "rulu"]) == 2
    message = capsys.readouterr().err
    assert "'rulu'" in message and "activations" in message and "logistic_regression" in message
