"""The harness of the timings: its self-checks fire on planted mistakes, and rows are what they say.

No absolute time is asserted: what is planted is wrong by design, on whatever machine.
"""

import json
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from parity_tests.timing_cases import HALVES, TANH, devices, each_device, prepared
from parity_tests.timings import (
    checks,
    functions,
    limits,
    measuring,
    rounds,
    rows,
    start,
    worker,
)
from parity_tests.timings.measuring import Settings, measure
from parity_tests.timings.processes import WorkerError, Workers, environment
from parity_tests.timings.store import Store
from parity_tests.timings.work import BOTH, FORWARD, Cost, Entry, Subject
from shared.evidence import ABSENT, FAIL, KNOWN, PASS
from shared.timings import Timing

SHORT = Settings(rounds=3, seconds=0.05, processes=1, sizes=("medium",))


@pytest.fixture(params=HALVES, ids=lambda half: half.name)
def half(request):
    return request.param


def entry_of(half, mode="eager", work=BOTH, **changes):
    """One entry of tanh, changed."""
    found = [e for e in prepared(half).entries if (e.mode, e.work) == (mode, work)]
    return replace(found[0], **changes)


def complaint_of(entry, **options):
    (found,) = rounds.run([entry], 3, seed=0, **options)
    return checks.of_readings(found)


# what is planted


def test_dropped_work_is_complained_of(half):
    entry = entry_of(half)
    result = entry.call()
    assert complaint_of(entry) == ""
    empty = [np.zeros(result[0].shape, np.float32), *result[1]]
    for planted in (lambda: empty, lambda: result[0], lambda: (result[0], [])):
        assert complaint_of(replace(entry, call=planted)).startswith("work dropped")


def test_a_pass_by_itself_may_round_otherwise_but_within_its_bound(half):
    entry = entry_of(half, work=FORWARD)
    h = half.framework.array(entry.call()[0])
    for times, expected in ((1 + 2.0**-23, ""), (1 + 2.0**-10, "work dropped")):
        planted = (h * np.float32(times), [])
        complaint, _, _ = complaint_of(replace(entry, call=lambda p=planted: p)).partition(":")
        assert complaint == expected


def test_a_cost_below_the_limit_is_complained_of():
    assert checks.of_limit(1e-3, "copy", 1e-3) == ""
    assert checks.of_limit(1e-6, "dispatch", 1e-3) == ""
    assert (
        checks.of_limit(4e-4, "sgemm", 1e-3) == "work optimised away: 0.4 of what sgemm alone costs"
    )


def timing(**given):
    blank = Timing("losses", "c", FORWARD, "tiny", "", 100, "torch", "eager", "float32", "cpu", 1)
    return replace(blank, **given)


def test_a_cost_that_does_not_grow_with_the_work_is_complained_of():
    small = steady(1e-3, limit="dispatch", limit_cost=1e-4)
    large = {"elements": 6400, "limit": "copy", "limit_cost": 2e-3}
    said = checks.of_growth(small, steady(1.1e-3, **large))
    assert said == "work optimised away: 64 times the elements cost 1.10 times as much"
    assert checks.of_growth(small, steady(3e-3, **large)) == ""
    # noise may have made the one look cheap, or the other dear
    assert checks.of_growth(small, replace(steady(1.1e-3, **large), high=2.1e-3)) == ""
    # next to the overhead of the smaller one, what is added cannot be seen
    assert checks.of_growth(small, steady(1e-3, **large | {"limit_cost": 3e-4})) == ""
    assert checks.of_growth(small, steady(1e-3, **large | {"limit": "dispatch"})) == ""


def steady(median, **given):
    return timing(median=median, low=median, high=median, **given)


@pytest.mark.parametrize("mode", ["graph", "compiled"])
def test_a_function_that_is_captured_at_every_call_is_complained_of(half, mode):
    if reason := half.framework.unavailable(mode):
        pytest.skip(reason)
    x = half.framework.tensor(np.ones(3, np.float32))

    def anew():
        return half.framework.prepared(lambda x: x * 2, [x], None, mode)()

    planted = entry_of(half, call=anew, expected=None)
    assert complaint_of(planted).startswith("captured anew")
    assert complaint_of(replace(planted, once=True)) == ""
    assert complaint_of(entry_of(half, mode=half.modes[-1])) == ""


class Deferred:
    """A device that computes behind the program's back; its clock waits for it, or does not."""

    SECONDS = 0.01

    def __init__(self, waits):
        self.waits, self.working = waits, None

    def call(self):
        self.working = threading.Thread(target=time.sleep, args=(self.SECONDS,))
        self.working.start()

    def clock(self, device="cpu"):
        if self.waits:
            self.array(None)
        return time.perf_counter()

    def array(self, value):
        if self.working:
            self.working.join()
        return np.zeros(1)

    def captures(self):
        return 0


@pytest.mark.parametrize("waits", [True, False])
def test_a_clock_that_does_not_wait_for_the_device_is_complained_of(waits):
    device = Deferred(waits)
    half = SimpleNamespace(framework=device)
    found = rounds.Readings()
    entry = Entry(half, "party", "eager", FORWARD, device.call, Cost())
    for _ in range(3):
        rounds._read(entry, 1, found, None)
    said = checks.of_readings(found)
    assert said.startswith("clock not synchronised") != waits
    assert (said == "") == waits


@each_device
def test_frameworks_are_waited_for(half, device):
    for entry in functions.prepare(
        Subject("activations", "tanh", "medium"), [half], device
    ).entries:
        assert complaint_of(entry) == "", entry.identity


def wrong(half, monkeypatch):
    """The half's tanh with a gradient that is twice too large."""
    module = half.module("activations")
    plain = module.tanh.__wrapped__

    @half.framework.differentiable(lambda g, h, x: 2 * g * (1 - h * h))
    def tanh(x):
        return plain(x)

    monkeypatch.setattr(module, "tanh", tanh)


def test_what_computes_something_else_fails_and_has_no_number(half, monkeypatch):
    wrong(half, monkeypatch)
    subject, here = TANH, limits.Limits({100: 1.0}, 1.0, {})
    job = {"rounds": 3, "seconds": 0.01, "device": "cpu"}
    line = worker.time_subject(subject, [half], here, job, seed=0)
    line |= {"frameworks": [half.name], "process": 0, "device": "cpu"}
    found = {(r.party, r.work, r.mode): r for r in rows.timings([line], threads=1)}
    row = found[half.name, BOTH, "eager"]
    assert row.verdict == FAIL and np.isnan(row.median) and np.isnan(row.to_builtin)
    assert row.complaint == "does not compute the same: no number"
    forward = found[half.name, FORWARD, "eager"]
    assert forward.verdict == PASS and forward.median > 0 and forward.to_builtin > 0
    # of a machine that copies a hundred bytes in a second it would be too good to be true
    assert forward.complaint.startswith("work optimised away")
    assert found[f"{half.name} built-in", BOTH, "eager"].verdict == KNOWN


def test_what_raises_is_said_and_has_no_number(half, monkeypatch):
    def broken(x):
        raise ZeroDivisionError("planted\nand more")

    monkeypatch.setattr(half.module("activations"), "relu", broken)
    entries = prepared(half, Subject("activations", "relu", "tiny")).entries
    said = [e.complaint for e in entries if e.party == half.name]
    assert said and all("could not be run" in complaint for complaint in said)
    assert "could not be run: ZeroDivisionError: planted" in said


# the whole of it


def test_a_run_that_was_cut_short_goes_on_and_other_settings_start_anew(tmp_path, monkeypatch):
    store, done, said = tmp_path / "timings.jsonl", [], []

    def stop(*told):
        done.append(told)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure("hard_tanh", SHORT, store, stop, said.append)
    with store.open("a") as file:
        file.write('{"family": "activations", "conc')  # killed in the middle of a line
    found = measure("hard_tanh", SHORT, store, lambda *told: done.append(told), said.append)
    # the first run kept the devices and two subjects; one is left of three
    assert said == [f"Going on from 3 readings kept in {store}."]
    assert [told[:2] for told in done] == [(1, 3), (2, 3), (1, 1)]
    assert all(seconds >= 0 for *_, seconds in done) and done[-1][2] == 0
    assert_whole(found)
    measure("hard_tanh", SHORT, store, say=said.append)
    assert len(store.read_text().splitlines()) == 5
    Store(store, {**SHORT.described(), "rounds": 9})
    assert len(store.read_text().splitlines()) == 1


def assert_whole(found):
    """The rows of one activation, by both frameworks, ours and built-in, in every mode."""
    *timed, no_gpu = found if devices() == ["cpu"] else (*found, None)
    assert no_gpu is None or (no_gpu.device, no_gpu.verdict) == ("gpu", ABSENT)
    names = {f"{h.name}{label}" for h in HALVES for label in ("", " built-in")}
    modes = {m for h in HALVES for m in h.modes if not h.framework.unavailable(m)}
    present = [row for row in timed if row.verdict != ABSENT and row.device == "cpu"]
    assert {row.party for row in present} == names and {row.mode for row in present} == modes
    for row in present:
        assert row.verdict == PASS and row.complaint == "" and row.rounds == SHORT.rounds
        assert 0 < row.low <= row.median <= row.high and row.limit and row.limit_cost > 0
        assert (row.to_builtin > 0) == (not row.party.endswith("built-in"))
        in_both = row.party.startswith("TensorFlow") and row.mode != "graph"
        assert (row.to_torch > 0) == in_both


def test_an_unknown_name_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(KeyError, match="called 'nonsense'; known are: activations, identity"):
        measure("nonsense", SHORT, tmp_path / "timings.jsonl")


def test_the_mark_of_the_code_and_the_versions_belong_to_the_settings(monkeypatch, tmp_path):
    described = SHORT.described()
    assert {"code", "tensorflow", "keras", "torch", "numpy", "threads", "rounds"} <= {*described}
    assert json.loads(json.dumps(described)) == described
    (tmp_path / "shared").mkdir()
    monkeypatch.setattr(measuring, "ROOT", tmp_path)
    before = measuring._digest()
    (tmp_path / "shared" / "new.py").write_text("1")
    assert measuring._digest() != before


def test_threads_are_pinned_and_never_bound(monkeypatch):
    monkeypatch.setenv("OMP_PROC_BIND", "true")
    one, two = environment(1), environment(2)
    assert one["OMP_NUM_THREADS"] == one["TF_NUM_INTRAOP_THREADS"] == "1"
    assert two["OMP_NUM_THREADS"] == "2" and two["OMP_WAIT_POLICY"] == "PASSIVE"
    assert "OMP_PROC_BIND" not in one and one["TF_NUM_INTEROP_THREADS"] == "1"


def test_a_worker_that_fails_is_an_error_with_what_it_said():
    with pytest.raises(WorkerError, match=r"status 1(?s:.*)KeyError"):
        list(Workers(1).lines({"frameworks": ["JAX"]}))


def test_a_process_of_its_own_is_timed_and_weighed(half):
    (weighed,) = (s for s in start.fresh() if s.concept == start.MEMORY)
    found = start.read_fresh(weighed, half, True, "eager")
    ((told,), unit) = found["readings"], found["unit"]
    assert unit == "B" and told["seconds"][0] > 2**20
    job = {"fresh": ["start", start.IMPORT, ""], "own": False, "mode": "eager"}
    (line,) = Workers(1).lines({**job, "framework": half.name})
    assert line["unit"] == "s" and line["readings"][0]["seconds"][0] > 0
    assert line["readings"][0]["party"] == f"{half.name} built-in"
