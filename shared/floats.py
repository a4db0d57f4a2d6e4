"""Every number of a floating-point format, by its bits: its binades, its gaps, its whole range.

The bits of a number are a sign, an exponent and a fraction. Those that share sign and exponent are
a binade: a run of neighbours with one gap between them. Exponent 0 holds ±0 and the subnormal
numbers, the last exponent ±∞ and the NaNs. So a format is a row of binades, all of one length, and
walking through them meets each of its numbers once.

Source: IEEE 754-2019, section 3.4 (binary interchange formats); bfloat16 is the upper half of
float32.
"""

from dataclasses import dataclass

import numpy as np

_SEED = 13
_EXPONENT = np.uint64(0x7FF0000000000000)  # of a float64, in its bits


@dataclass(frozen=True)
class Format:
    """A sign, `exponent` bits and `fraction` bits, under the name both frameworks give it.

    >>> BFLOAT16.binades, BFLOAT16.length, FLOAT32.tiny == 2**-126
    (512, 128, True)
    """

    name: str
    exponent: int
    fraction: int

    @property
    def storage(self) -> np.dtype:
        """The unsigned integer that holds one number's bits."""
        return np.dtype(f"u{(1 + self.exponent + self.fraction) // 8}")

    @property
    def binades(self) -> int:
        """How many there are: one for each sign and exponent."""
        return 2 ** (1 + self.exponent)

    @property
    def length(self) -> int:
        """How many numbers a binade holds."""
        return 2**self.fraction

    @property
    def tiny(self) -> float:
        """The smallest normal number."""
        return 2.0 ** (2 - 2 ** (self.exponent - 1))

    @property
    def roundoff(self) -> float:
        """u, the largest relative error of one rounding to a normal number."""
        return 0.5 / self.length

    @property
    def smallest(self) -> float:
        """The smallest number above 0: the gap between subnormal numbers."""
        return self.tiny / self.length

    def exponent_of(self, binade: int) -> int:
        """e of a binade's numbers, ±2^e to ±2^(e+1); that of `tiny` for the subnormal ones."""
        return max(binade % 2**self.exponent, 1) - 2 ** (self.exponent - 1) + 1

    def block(self, binade: int, start: int = 0, stop: int | None = None) -> np.ndarray:
        """The bits of a binade's numbers, or of those in places start to stop."""
        places = np.arange(start, self.length if stop is None else stop)
        return (binade * self.length + places).astype(self.storage)

    def sample(self, binade: int, count: int) -> np.ndarray:
        """The bits of `count` numbers of a binade, or of all where it has no more.

        They are its first, its last, and one of each of the equal stretches between, at random.
        """
        if count >= self.length:
            return self.block(binade)
        stretches = np.linspace(0, self.length, count + 1)
        shares = np.random.default_rng([_SEED, binade]).random(count)
        places = stretches[:-1] + shares * np.diff(stretches)
        places[[0, -1]] = 0, self.length - 1
        return (binade * self.length + places.astype(np.int64)).astype(self.storage)

    def numbers(self, bits: np.ndarray) -> np.ndarray:
        """The numbers with these bits, in float64, which holds each of them exactly.

        >>> FLOAT16.numbers(np.array([0x3C00, 0x0001, 0xFC00], np.uint16)).tolist()
        [1.0, 5.960464477539063e-08, -inf]
        """
        bits = np.asarray(bits, self.storage)
        if self.exponent == 8:  # a float32, or the upper part of one
            wide = bits if self.fraction == 23 else bits.astype(np.uint32) << (23 - self.fraction)
            kind = np.float32
        else:
            wide, kind = bits, np.float16
        with np.errstate(invalid="ignore"):  # of signalling NaNs
            return wide.view(kind).astype(np.float64)

    def gap(self, values: np.ndarray) -> np.ndarray:
        """One unit in the last place at these float64 values, itself a power of two.

        Below `tiny` it is the gap between subnormal numbers; at ∞ and NaN it means nothing.

        >>> float(FLOAT32.gap(np.array(1.5))) == 2**-23
        True
        """
        powers = (np.asarray(values, np.float64).view(np.uint64) & _EXPONENT).view(np.float64)
        return np.maximum(powers, self.tiny) / self.length

    @property
    def quiet(self) -> int:
        """The bit of a NaN that says it is a quiet one; the payload lies below it."""
        return self.length // 2


FLOAT32 = Format("float32", 8, 23)
FLOAT16 = Format("float16", 5, 10)
BFLOAT16 = Format("bfloat16", 8, 7)
FORMATS = {format.name: format for format in (FLOAT32, FLOAT16, BFLOAT16)}
