"""Long sums: the exact value is exact, every party is measured against it, and a fault is seen."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from parity_tests.accuracy import sums
from parity_tests.accuracy.jobs import SIZES, Sum, jobs
from parity_tests.parties import HALVES
from shared.exact import EXACT, LOSSES
from shared.floats import FLOAT32

mp = mpmath.mp.clone()
mp.dps = 50
FROM_TERMS = 2.0**-26  # ULP of float32: twice what terms of four float64 units each come to


def fractions(values):
    return [Fraction(float(v)) for v in np.ravel(values)]


@pytest.mark.parametrize("name", ["sum", "sum of both signs", "linear", "l2_penalty"])
@pytest.mark.parametrize("n", [10, 10_000])
def test_sums_of_products_are_rounded_once(name, n):
    tensors = sums._draw(name, n, seed=3)
    if name == "linear":
        pairs = zip(fractions(tensors["x"]), fractions(tensors["kernel"]), strict=True)
        exact = sum(a * b for a, b in pairs) + Fraction(float(tensors["bias"][0]))
    else:
        terms = fractions(*tensors.values())
        exact = sum(t * t for t in terms) if name == "l2_penalty" else sum(terms)
    assert float(np.squeeze(EXACT[name](*tensors.values()))) == float(exact)


def softmax(x):
    e = [mp.exp(v) for v in x.ravel()]
    return np.array([v / mp.fsum(e) for v in e])


def logistic(x):
    return 1 / (1 + mp.exp(-x))


def log_loss(y, p):
    return -y * mp.log(p) - (1 - y) * mp.log(1 - p)


BY_HAND = {
    "softmax": softmax,
    "log_softmax": lambda x: np.array([mp.log(v) for v in softmax(x)]),
    "squared_error": lambda y, p: (
        mp.fsum((mp.mpf(a) - b) ** 2 for a, b in zip(y, p, strict=True)) / len(y)
    ),
    "binary_cross_entropy": lambda y, p: mp.fsum(map(log_loss, y, p)) / len(y),
    "binary_cross_entropy_with_logits": (
        lambda y, x: mp.fsum(log_loss(a, logistic(b)) for a, b in zip(y, x, strict=True)) / len(y)
    ),
    "softmax_cross_entropy": (
        lambda y, x: (
            -mp.fsum(mp.log(softmax(r)[int(k)]) for k, r in zip(y, x, strict=True)) / len(y)
        )
    ),
}
BY_HAND["mean_squared_error"] = BY_HAND["squared_error"]


@pytest.mark.parametrize("name", ["softmax", "log_softmax", *LOSSES])
@pytest.mark.parametrize("n", [10, 1000])
def test_what_is_summed_of_other_terms_is_off_by_a_hundred_millionth_of_a_unit(name, n):
    inputs = list(sums._draw(name, n, seed=3).values())
    flat = [v.ravel() if v.shape[-1:] == (1,) or name.endswith("softmax") else v for v in inputs]
    as_mp = [np.vectorize(mp.mpf, otypes=[object])(v) for v in flat]
    exact = np.atleast_1d(np.array(BY_HAND[name](*as_mp)))
    found = np.ravel(EXACT[name](*inputs))
    off = [abs(mp.mpf(float(f)) - e) for f, e in zip(found, exact, strict=True)]
    assert (np.array(off, float) <= FROM_TERMS * FLOAT32.gap(found)).all()


@pytest.mark.parametrize("name", EXACT)
def test_every_party_is_measured_and_keeps_its_bound(name):
    rows = sums.run(Sum(name, 1000, 2, "eager"))
    primitive = name.startswith("sum")
    names = [half.framework.NAME for half in HALVES]
    assert {row["party"] for row in rows} == {
        *(f"{half} built-in" for half in names), *([] if primitive else names)
    }  # fmt: skip
    for row in rows:
        assert 0 < row["used"] <= 1 and 0 <= row["mean"] <= row["worst"], row


@pytest.mark.parametrize("name", ["sum", "mean_squared_error", "softmax"])
@pytest.mark.parametrize("share", [1e-3, np.nan])
def test_a_party_that_loses_a_share_of_the_sum_is_seen(name, share, monkeypatch):
    result = sums._result

    def bent(party, *asked):
        return result(party, *asked) * (1 - share if party == "torch built-in" else 1)

    monkeypatch.setattr(sums, "_result", bent)
    used = {row["party"]: row["used"] for row in sums.run(Sum(name, 10, 1, "eager"))}
    assert used.pop("torch built-in") > 1 and max(used.values()) <= 1


def test_sizes_run_from_ten_to_a_million():
    assert SIZES[0] == 10 and SIZES[-1] == 10**6
    assert {(j.name, j.numbers) for j in jobs("sums")} == {(n, s) for n in EXACT for s in SIZES}
    assert [j.name for j in jobs("linear")] == ["linear"] * len(SIZES)
