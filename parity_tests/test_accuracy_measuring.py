"""What `make accuracy` measures of functions: bits untouched, all numbers, faults found."""

import ml_dtypes
import numpy as np
import pytest

from parity_tests.accuracy import elementwise
from parity_tests.accuracy.bits import BY_FRAMEWORK
from parity_tests.accuracy.jobs import SAMPLE, Elementwise, jobs
from parity_tests.accuracy.judging import ULPS, judge
from parity_tests.accuracy.oracle import CONCEPTS, evaluated, reference
from parity_tests.parties import HALVES, five
from shared.bounds import Departure, Ulps, Where
from shared.comparison import gamma
from shared.evidence import FAIL, KNOWN, PASS
from shared.floats import BFLOAT16, FLOAT16, FLOAT32
from shared.tallies import INFINITY, NAN, NORMAL, SUBNORMAL, ZERO

TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32}
TORCH = HALVES[1]
PARTIES = [party.name for party in five()]
every_half = pytest.mark.parametrize("half", HALVES, ids=lambda half: half.framework.NAME)


def job(concept="tanh", format=FLOAT16, binades=None, count=None):
    binades = range(format.binades) if binades is None else binades
    return Elementwise(concept, format.name, "eager", binades, count or format.length)


@every_half
@pytest.mark.parametrize("dtype", TYPES)
def test_a_function_is_handed_the_bits_and_its_bits_come_back(half, dtype):
    measure = BY_FRAMEWORK[half.framework.NAME](half.framework, half.activations.identity, dtype,
                                                (), "eager")  # fmt: skip
    bits = np.arange(2**16, dtype=np.uint16)
    if dtype == "float32":
        bits = np.arange(0, 2**32, 2**16 + 1, dtype=np.uint32)
    h, g_x = measure(bits)
    np.testing.assert_array_equal(h, bits)
    assert set(g_x.tolist()) == {int(np.ones(1, TYPES[dtype]).view(bits.dtype)[0])}


@every_half
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_half_precision_is_not_widened_on_the_way(half, dtype):
    seen = []

    def watched(x):
        seen.append(str(x.dtype))
        return x + x

    measure = BY_FRAMEWORK[half.framework.NAME](half.framework, watched, dtype, (), "eager")
    h, _ = measure(np.array([0x3F80], np.uint16))
    assert all(dtype in name and f"b{dtype}" not in name for name in seen) and seen
    assert h.dtype == np.uint16


@pytest.mark.parametrize("format", [FLOAT16, BFLOAT16], ids=lambda f: f.name)
def test_all_numbers_of_a_half_precision_are_counted_for_every_party(format):
    rows = elementwise.run(job(format=format))
    for party in PARTIES:
        for tensor in ("h", "g_x"):
            found = [r for r in rows if (r["party"], r["tensor"]) == (party, tensor)]
            of_class = {name: sum(r["numbers"] for r in found if r["class"] == name)
                        for name in (NAN, INFINITY, ZERO, SUBNORMAL)}  # fmt: skip
            assert sum(r["numbers"] for r in found) == 2**16
            inner = 2 * (format.length - 1)
            assert of_class == {NAN: inner, INFINITY: 2, ZERO: 2, SUBNORMAL: inner}


@pytest.mark.parametrize("concept", CONCEPTS)
def test_ours_keeps_its_conventions_at_zero_infinity_and_nan(concept):
    ends = [b for b in range(64) if b % 32 in (0, 31)]
    rows = [r for b in ends for r in elementwise.run(job(concept, binades=range(b, b + 1)))]
    own = [r for r in rows if not r["party"].endswith("built-in")]
    assert {r["verdict"] for r in own} == {PASS} and not any(r["strange"] for r in own)
    assert {r["class"] for r in own} == {ZERO, SUBNORMAL, INFINITY, NAN}


def test_a_built_in_with_other_conventions_is_known_for_them():
    rows = elementwise.run(job("relu", binades=range(31, 32)))
    (other,) = [r for r in rows if r["strange"]]
    assert (other["party"], other["tensor"], other["class"]) == ("torch built-in", "g_x", NAN)
    assert (other["verdict"], other["why"]) == (KNOWN, "NaN passes g on")


def test_a_tally_is_what_one_number_after_the_other_gives():
    binade = FLOAT16.binades // 2 + 13  # −0.5 to −0.25
    rows = elementwise.run(job("sigmoid", binades=range(binade, binade + 1)))
    (row,) = [r for r in rows if (r["party"], r["tensor"], r["class"]) == ("torch", "h", NORMAL)]
    bits = FLOAT16.block(binade)
    function = BY_FRAMEWORK["torch"](
        TORCH.framework, TORCH.activations.sigmoid, "float16", (), "eager"
    )
    worst, total = (0.0, None), 0.0
    for here, found in zip(bits, function(bits)[0].view(np.float16), strict=True):
        h = float(reference("sigmoid", FLOAT16.numbers(np.array([here])))[0][0])
        error = abs(float(found) - h) / float(np.spacing(np.float16(0.4)))
        worst, total = max(worst, (error, -int(here))), total + error
    assert (row["worst"], row["at"], row["numbers"]) == (worst[0], -worst[1], 1024)
    # two orders of adding 1024 numbers
    assert abs(row["total"] - total) <= gamma(2 * 1024, "float64") * total


def test_a_binade_may_be_measured_in_blocks(monkeypatch):
    def found():
        rows = elementwise.run(job("sigmoid", binades=range(28, 34)))
        return sorted([(*r.values(),) for r in ({**r, "total": 0} for r in rows)])

    whole = found()
    monkeypatch.setattr(elementwise, "BLOCK", 300)  # the last of them is shorter
    assert found() == whole and len(whole) > 40


@pytest.mark.parametrize("party", PARTIES)
def test_a_party_that_is_eight_units_off_in_one_binade_is_found_there(party, monkeypatch):
    measured = elementwise._measure

    def bent(name, *asked):
        def measure(bits):
            h, g_x = measured(name, *asked)(bits)
            off = (bits // FLOAT16.length == 15) & (bits % FLOAT16.length == 700)
            return (h + 8 * off.astype(h.dtype) if name == party else h), g_x

        return measure

    monkeypatch.setattr(elementwise, "_measure", bent)
    rows = elementwise.run(job("relu"))
    off = [r for r in rows if r["worst"]]
    assert [(r["party"], r["tensor"], r["binade"]) for r in off] == [(party, "h", 15)]
    assert (off[0]["worst"], off[0]["at"], off[0]["verdict"]) == (8.0, 15 * 1024 + 700, FAIL)


def bits(x):
    return int(np.array([x], np.float32).view(np.uint32)[0])


def row(**changed):
    at = bits(1.5)
    common = {"concept": "tanh", "tensor": "h", "dtype": "float32", "mode": "eager",
              "class": NORMAL, "worst": 0.5, "at": at, "strange": 0, "strange_at": at}  # fmt: skip
    return {**common, **changed}


def departure(bound, **more):
    return Departure("tanh", "h", bound, "a kernel is off", **more)


@pytest.mark.parametrize(
    "changed, departures, verdict",
    [
        ({"worst": ULPS}, (), PASS),
        ({"worst": ULPS + 0.1}, (), FAIL),
        ({"worst": ULPS + 0.1}, (departure(Ulps(5)),), KNOWN),
        ({"worst": 5.1}, (departure(Ulps(5)),), FAIL),
        ({"worst": 4.5}, (departure(Ulps(5), modes=("compiled",)),), FAIL),
        ({"worst": 4.5}, (departure(Ulps(5), dtypes=("float64",)),), FAIL),
        ({"worst": 1e7, "class": SUBNORMAL}, (), PASS),
        ({"strange": 1}, (), FAIL),
        ({"strange": 1}, (departure(Ulps(9)),), FAIL),
        ({"strange": 1}, (departure(Where(lambda x: x == 1.5)),), KNOWN),
        ({"strange": 1}, (departure(Where(lambda x: x == 2.5)),), FAIL),
        (
            {"strange": 1, "worst": 9.0, "at": bits(2.5)},
            (departure(Where(lambda x: x == 1.5)),),
            FAIL,
        ),
        ({"strange": 1, "worst": 9.0, "strange_at": bits(2.5)}, (departure(Ulps(9)),), FAIL),
    ],
)
def test_more_than_four_units_are_known_only_where_a_departure_allows_them(
    changed, departures, verdict
):
    judged = judge(row(**changed), departures)
    assert judged.verdict == verdict
    assert bool(judged.why) == (verdict == KNOWN) or changed.get("strange")


def test_a_root_of_a_gradient_may_cancel_and_a_place_beside_it_may_not():
    def at(x):
        return row(concept="silu", tensor="g_x", worst=100.0, at=bits(x))

    assert judge(at(-1.2785), ()).verdict == KNOWN and judge(at(-1.4), ()).verdict == FAIL


def test_what_flushing_costs_is_known_and_no_more():
    # where x e^x is normal and e^x is not
    x = -87.5
    gap = float(FLOAT32.gap(evaluated("silu", "h", x).values)[0])
    cost = abs(x) * FLOAT32.tiny / gap
    assert judge(row(concept="silu", at=bits(x), worst=cost), ()).verdict == KNOWN
    assert judge(row(concept="silu", at=bits(x), worst=cost + 5), ()).verdict == FAIL


def test_the_jobs_cover_all_numbers_or_a_sample_of_every_binade():
    for quick in (False, True):
        for name in CONCEPTS:
            for format in (FLOAT32, FLOAT16, BFLOAT16):
                found = [j for j in jobs(name, quick) if j.dtype == format.name]
                covered = [binade for j in found for binade in j.binades]
                each = min(SAMPLE, format.length) if quick else format.length
                assert covered == list(range(format.binades))
                assert {j.count for j in found} == {each}
    assert len({j.key for j in jobs() + jobs(quick=True)}) == len({*jobs(), *jobs(quick=True)})


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(KeyError, match=r"'rulu'; known are: activations, sums, .*relu.*linear"):
        jobs("rulu")
