"""Spectra: Fourier transforms and windows."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import CRASH, LAYERS, SILENT_WRONG, SLOW_DRIFT, difference

TITLE = "Signals and spectra"
STAGE = LAYERS


@difference(
    item="short-time Fourier transform of tf.signal and of torch",
    keras="tf.signal.stft: no padding, a Hann window, (frames, frequencies)",
    torch="torch.stft: half a frame reflected at both ends, no window, (frequencies, frames)",
    severity=SILENT_WRONG,
    hits="spectrograms: another number of frames, smeared by leakage",
    recipe="torch: window=torch.hann_window(n), center=False, and transpose; Keras: pad by "
    "reflection, window_fn=None",
    sources=("tensorflow/python/ops/signal/spectral_ops.py:L36", "torch/functional.py:L507"),
)
class ShortTimeFourier:
    x = np.random.default_rng(1).standard_normal(16)

    def in_keras(x):
        return tf.signal.stft(x, frame_length=8, frame_step=4)

    def in_torch(x):
        return torch.stft(torch.tensor(x), n_fft=8, hop_length=4, return_complex=True)

    def torch_as_keras(x):
        window = torch.hann_window(8, dtype=torch.float64)
        options = {"window": window, "center": False, "return_complex": True}
        return torch.stft(torch.tensor(x), n_fft=8, hop_length=4, **options).T

    def keras_as_torch(x):
        padded = tf.pad(x, [[4, 4]], mode="REFLECT")
        return tf.transpose(tf.signal.stft(padded, frame_length=8, frame_step=4, window_fn=None))


@difference(
    item="a Hann window of odd length",
    keras="tf.signal.hann_window: symmetric, though periodic=True: only even lengths are periodic",
    torch="periodic, as it says",
    severity=SILENT_WRONG,
    hits="spectrograms with frames of odd length; the Hamming window parts alike",
    recipe="torch: periodic=False; Keras: a symmetric window of one more, and drop the last",
    sources=("tensorflow/python/ops/signal/window_ops.py:L236", "torch/_torch_docs.py:L12707"),
)
class HannOddLength:
    def in_keras():
        return tf.signal.hann_window(5, dtype=tf.float64)

    def in_torch():
        return torch.hann_window(5, dtype=torch.float64)

    def torch_as_keras():
        return torch.hann_window(5, periodic=False, dtype=torch.float64)

    def keras_as_torch():
        return tf.signal.hann_window(6, periodic=False, dtype=tf.float64)[:5]


@difference(
    item="Kaiser window",
    keras="tf.signal.kaiser_window: symmetric",
    torch="torch.kaiser_window: periodic=True",
    severity=SILENT_WRONG,
    hits="resampling and filter design",
    recipe="torch: periodic=False; Keras: a window of one more, and drop the last",
    sources=("tensorflow/python/ops/signal/window_ops.py:L55", "torch/_torch_docs.py:L12966"),
)
class KaiserPeriodic:
    def in_keras():
        return tf.signal.kaiser_window(8, 12.0, tf.float64)

    def in_torch():
        return torch.kaiser_window(8, dtype=torch.float64)

    def torch_as_keras():
        return torch.kaiser_window(8, periodic=False, dtype=torch.float64)

    def keras_as_torch():
        return tf.signal.kaiser_window(9, 12.0, tf.float64)[:8]


@difference(
    item="a float64 array of NumPy handed to tf.signal.rfft",
    keras="float32 is preferred: the result is complex64; so with fft and linalg.matrix_rank",
    torch="float64 stays, and gives complex128",
    severity=SLOW_DRIFT,
    hits="spectra of NumPy data: half of the digits are lost without a word",
    recipe="Keras: tf.constant(x) first, which is float64; torch: x.float()",
    sources=("tensorflow/python/ops/signal/fft_ops.py:L145", "torch/fft/__init__.py:L358"),
)
class RfftOfArray:
    x = np.array([1.0, 0.1, 0.3, 0.7])

    def in_keras(x):
        return tf.signal.rfft(x)

    def in_torch(x):
        return torch.fft.rfft(torch.tensor(x))

    def torch_as_keras(x):
        return torch.fft.rfft(torch.tensor(x).float())

    def keras_as_torch(x):
        return tf.signal.rfft(tf.constant(x))


@difference(
    item="Fourier transform of real numbers",
    keras="tf.signal.fft of a real tensor: an error, complex numbers only",
    torch="real numbers are taken as complex",
    severity=CRASH,
    hits="spectra of signals, FNet layers",
    recipe="Keras: tf.cast(x, tf.complex128), or tf.signal.rfft for half of it",
    sources=("tensorflow/python/ops/gen_spectral_ops.py:L355", "torch/fft/__init__.py:L36"),
    unaligned="an error is nothing that torch should be made to raise",
)
class FftOfReal:
    x = np.array([1.0, 2.0, 4.0, 8.0])

    def in_keras(x):
        return tf.signal.fft(tf.constant(x))

    def in_torch(x):
        return torch.fft.fft(torch.tensor(x))

    def keras_as_torch(x):
        return tf.signal.fft(tf.cast(x, tf.complex128))


@difference(
    item="what the Fourier transform of keras.ops takes",
    keras="keras.ops.fft takes and returns a pair: the real and the imaginary part",
    torch="torch.fft.fft takes one complex tensor: a pair raises TypeError",
    severity=CRASH,
    hits="ports of layers written with keras.ops, which knows complex numbers as pairs",
    recipe="torch: torch.complex(*pair) before, and (y.real, y.imag) after",
    sources=("keras/src/backend/tensorflow/math.py:L130", "torch/fft/__init__.py:L36"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class FftOfPair:
    pair = (np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.0, 0.0]))

    def in_keras(pair):
        return keras.ops.fft(pair)

    def in_torch(pair):
        return torch.fft.fft(pair)

    def torch_as_keras(pair):
        y = torch.fft.fft(torch.complex(*map(torch.tensor, pair)))
        return y.real, y.imag


@difference(
    item="imaginary part of real numbers",
    keras="zeros",
    torch="raises RuntimeError",
    severity=CRASH,
    hits="code that takes spectra or samples alike",
    recipe="torch: zeros_like(x) where x is not complex",
    sources=("tensorflow/python/ops/math_ops.py:L867", "torch/_torch_docs.py:L2503"),
    unaligned="TensorFlow need not refuse what has an answer",
)
class ImaginaryPartOfReal:
    x = np.array([1.0, -2.0])

    def in_keras(x):
        return tf.math.imag(x)

    def in_torch(x):
        return torch.imag(torch.tensor(x))

    def torch_as_keras(x):
        return torch.imag(torch.tensor(x) + 0j)


@difference(
    item="angle of NaN",
    keras="0",
    torch="NaN",
    severity=SILENT_WRONG,
    hits="phases in a run that diverges",
    recipe="torch: where(isnan(x), 0, …); Keras: where(isnan(x), x, …)",
    sources=("keras/src/backend/tensorflow/numpy.py:L797", "torch/_torch_docs.py:L937"),
)
class AngleOfNan:
    x = np.array([-1.0, 2.0, np.nan])

    def in_keras(x):
        return keras.ops.angle(x)

    def in_torch(x):
        return torch.angle(torch.tensor(x))

    def torch_as_keras(x):
        x = torch.tensor(x)
        return torch.where(torch.isnan(x), 0.0, torch.angle(x))

    def keras_as_torch(x):
        return keras.ops.where(np.isnan(x), x, keras.ops.angle(x))
