"""Each kind of fault is planted where it can matter, exactly as listed here, and nowhere else."""

from pathlib import Path

import pytest

from parity_tests.faults import rewrites
from parity_tests.faults.operators import faults
from parity_tests.faults.touched import touched

# Source, kind of fault, and every statement that this kind makes of it.
CASES = [
    ("y = a > b", "comparison", ["y = a >= b", "y = a < b"]),
    ("y = a >= b", "comparison", ["y = a > b", "y = a <= b"]),
    ("y = a < b", "comparison", ["y = a <= b", "y = a > b"]),
    ("y = a <= b", "comparison", ["y = a < b", "y = a >= b"]),
    ("y = a == b", "comparison", ["y = a != b"]),
    ("y = a < b < c", "comparison",
     ["y = a <= b < c", "y = a > b < c", "y = a < b <= c", "y = a < b > c"]),
    ("f(a + b)", "arithmetic", ["f(a - b)"]),
    ("f(a / b)", "arithmetic", ["f(a * b)"]),
    ("f(a ** 2)", "arithmetic", ["f(a ** 3)"]),
    ("f(a ** n)", "arithmetic", ["f(a ** (n + 1))"]),
    ("t += s", "arithmetic", ["t -= s"]),
    ("f((a,) + b, 'a' + b)", "arithmetic", []),
    ("y = -a", "sign", ["y = a"]),
    ("y = a * b", "sign", ["y = -(a * b)"]),
    ("def f():\n    return (a @ b, c)", "sign", ["return (-(a @ b), c)"]),
    ("f(a * b)", "sign", []),
    ("f(a + b)", "dropped term", ["f(a)", "f(b)"]),
    ("f(a - b)", "dropped term", ["f(a)"]),
    ("f(a * b)", "dropped term", ["f(a)", "f(b)"]),
    ("f(axis=-1)", "index", ["f(axis=0)"]),
    ("y = x[1:]", "index", ["y = x[2:]"]),
    ("y = x[-1]", "index", ["y = x[0]", "y = x[-2]"]),
    ("f(0, 1, 8)", "factor", ["f(1, 1, 8)", "f(0, 2, 8)", "f(0, 1, 9)"]),
    ("f(0.5, 1e-08)", "factor", ["f(0.5005, 1e-08)", "f(0.5, 1.001e-08)"]),
    ("f(0.0)", "factor", ["f(1.0)"]),
    ("@by(2)\ndef f(): pass", "factor", ["by(3)"]),
    ("def f(a, b=-1): pass", "default", ["def f(a, b=1):", "def f(a, b=0):", "def f(a, b=-2):"]),
    ("def f(*, c=True): pass", "default", ["def f(*, c=False):"]),
    ("tf.where(a, b, c)", "swapped branch", ["tf.where(a, c, b)"]),
    ("y = a if c else b", "swapped branch", ["y = b if c else a"]),
    ("if a: f()", "swapped branch", ["if not a:"]),
    ("if not a: f()", "swapped branch", ["if a:"]),
    ("if a is None: f()", "swapped branch", ["if a is not None:"]),
    ("tf.maximum(a, b)", "swapped function", ["tf.minimum(a, b)"]),
    ("x.max()", "swapped function", ["x.min()"]),
    ("max(a, b)", "swapped function", ["min(a, b)"]),
    ("np.argmax(a)", "swapped function", ["np.argmin(a)"]),
    ("tf.reduce_sum(a)", "swapped function", ["tf.reduce_mean(a)"]),
    ("x.sum(); sum(x)", "swapped function", ["x.mean()"]),
    ("tf.exp(a)", "swapped function", ["tf.exp(a) - 1"]),
    ("f(tf.abs(a), x.abs(), abs(b))", "swapped function",
     ["f(a, x.abs(), abs(b))", "f(tf.abs(a), x, abs(b))", "f(tf.abs(a), x.abs(), b)"]),
    ("x.sum(keepdim=True)", "flipped flag", ["x.sum(keepdim=False)"]),
    ("zip(a, b, strict=True)", "flipped flag", []),
    ("f(a)", "dropped statement", ["pass"]),
    ("self.a = b", "dropped statement", ["pass"]),
    ("a = b", "dropped statement", []),
]  # fmt: skip

UNTOUCHED = [
    "'''-1 and 1 + 1.'''",
    "import a",
    "__all__ = ['a' * 2]",
    "def f(a: x[1]) -> y[-1]:\n    b: z[0] = a",
    "raise ValueError(f(1, a + b))",
    "y = f'{a + 1}' + 'b'",
    "@dataclass(frozen=True)\nclass A:\n    pass",
    "if TYPE_CHECKING:\n    f(1)",
    "if __name__ == '__main__':\n    f(1)",
]


@pytest.mark.parametrize(("source", "operator", "expected"), CASES)
def test_each_kind_of_fault_makes_exactly_these_changes(source, operator, expected):
    assert [fault.after for fault in faults(source) if fault.operator == operator] == expected


@pytest.mark.parametrize("source", UNTOUCHED)
def test_what_decides_no_result_is_left_as_it_is(source):
    assert faults(source) == []


def test_a_fault_says_where_it_is():
    source = "class A:\n    def build(self):\n        def inner():\n            return -1\n"
    assert {(f.line, f.function, f.before) for f in faults(source)} == {
        (4, "A.build.inner", "return -1")
    }


def test_a_long_line_is_cut_to_what_differs():
    (fault,) = (f for f in faults(f"f({'a, ' * 40}b > c, {'d, ' * 40})") if ">=" in f.after)
    assert fault.before.startswith("... a, a,") and "b > c, d," in fault.before
    assert max(len(fault.before), len(fault.after)) < 90


def test_no_two_faults_make_the_same_module_and_all_of_them_compile():
    sources = [fault.source for fault in faults(Path(rewrites.__file__).read_text())]
    assert len(set(sources)) == len(sources) == 67
    assert all(compile(source, "module", "exec") for source in sources)


def test_touched_names_follow_private_helpers_and_decorators():
    source = "def g(): 1\n@by(g)\ndef f(): _h()\ndef _h(): 1\nT = {'f': f}\ndef named(): T"
    assert touched(source, "g.inner") == ["g", "f", "named"]
    assert touched(source, "_h") == ["f", "named"]
    assert touched(source, "") == []
