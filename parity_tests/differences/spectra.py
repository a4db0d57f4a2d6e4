"""Spectra and signals: windows, transforms, complex numbers."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import CRASH, LAYERS, SILENT_WRONG, difference

TITLE = "Spectra and signals"
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
    item="a window of odd length",
    keras="hann_window(5) is symmetric: periodic=True holds for even lengths alone",
    torch="hann_window(5): periodic, the first five of a symmetric one of six",
    severity=SILENT_WRONG,
    hits="spectrograms with frames of odd length; Hamming windows likewise",
    recipe="torch: periodic=False where the length is odd; TensorFlow: hann_window(n + 1)[:-1], "
    "periodic=False",
    sources=("tensorflow/python/ops/signal/window_ops.py:L236", "torch/_torch_docs.py:L12725"),
)
class WindowOfOddLength:
    length = 5

    def in_keras(length):
        return tf.signal.hann_window(length, dtype=tf.float64)

    def in_torch(length):
        return torch.hann_window(length, dtype=torch.float64)

    def torch_as_keras(length):
        return torch.hann_window(length, periodic=length % 2 == 0, dtype=torch.float64)

    def keras_as_torch(length):
        return tf.signal.hann_window(length + 1, periodic=False, dtype=tf.float64)[:-1]


@difference(
    item="Kaiser window",
    keras="tf.signal.kaiser_window and keras.ops.kaiser: symmetric",
    torch="periodic=True",
    severity=SILENT_WRONG,
    hits="filters of resampling; keras.ops.hanning, hamming and blackman are symmetric as well",
    recipe="torch: periodic=False; TensorFlow: kaiser_window(n + 1)[:-1]",
    sources=("tensorflow/python/ops/signal/window_ops.py:L55", "torch/_torch_docs.py:L12966"),
)
class KaiserWindow:
    length = 8

    def in_keras(length):
        return tf.signal.kaiser_window(length, 12.0, dtype=tf.float64)

    def in_torch(length):
        return torch.kaiser_window(length, dtype=torch.float64)

    def torch_as_keras(length):
        return torch.kaiser_window(length, periodic=False, dtype=torch.float64)

    def keras_as_torch(length):
        return tf.signal.kaiser_window(length + 1, 12.0, dtype=tf.float64)[:-1]


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
