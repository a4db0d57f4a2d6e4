"""Random numbers: what a seed seeds, and what a call leaves behind."""

import keras
import numpy as np
import tensorflow as tf
import torch
from torch import nn
from torch.utils.data import DataLoader

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    SILENT_WRONG,
    WEIGHTS,
    difference,
)

TITLE = "Random numbers: seeds and generators"
STAGE = WEIGHTS


@difference(
    item="normal numbers of one seed",
    keras="a counter-based generator (Philox)",
    torch="another generator (Mersenne Twister on the CPU): no seed gives the same numbers",
    severity=SILENT_WRONG,
    hits="everybody who expects one seed to mean one run",
    recipe="draw in one framework or in NumPy, and hand the numbers to the other",
    sources=("keras/src/backend/tensorflow/random.py:L26", "torch/random.py:L49"),
)
class SameSeed:
    def in_keras():
        keras.utils.set_random_seed(1)
        return keras.random.normal((2, 3))

    def in_torch():
        torch.manual_seed(1)
        return torch.randn(2, 3)

    def torch_as_keras():
        keras.utils.set_random_seed(1)
        return torch.tensor(np.array(keras.random.normal((2, 3))))

    def keras_as_torch():
        torch.manual_seed(1)
        return keras.ops.convert_to_tensor(torch.randn(2, 3).numpy())


@difference(
    item="two draws with a seed given once",
    keras="seed=3 is all there is: both calls draw the same numbers",
    torch="a generator moves on: the second call draws others",
    severity=SILENT_WRONG,
    hits="custom layers that pass an integer: their noise or dropout is the same at every step",
    recipe="Keras: seed=keras.random.SeedGenerator(3); torch: seed again before each draw",
    sources=("keras/src/random/seed_generator.py:L167", "torch/random.py:L49"),
)
class IntegerSeed:
    def in_keras():
        first, second = (keras.random.normal((4,), seed=3) for _ in range(2))
        return np.array_equal(first, second)

    def in_torch():
        generator = torch.Generator().manual_seed(3)
        first, second = (torch.randn(4, generator=generator) for _ in range(2))
        return torch.equal(first, second)

    def torch_as_keras():
        first, second = (torch.randn(4, generator=torch.manual_seed(3)) for _ in range(2))
        return torch.equal(first, second)

    def keras_as_torch():
        generator = keras.random.SeedGenerator(3)
        first, second = (keras.random.normal((4,), seed=generator) for _ in range(2))
        return np.array_equal(first, second)


@difference(
    item="what tf.random.set_seed leaves alone",
    keras="keras.random has a seed of its own: it draws other numbers after each set_seed",
    torch="manual_seed seeds all that torch draws",
    severity=SILENT_WRONG,
    hits="code carried over from Keras 2, whose runs no longer repeat",
    recipe="Keras: keras.utils.set_random_seed; torch: a Generator for what is to stay apart",
    sources=("keras/src/random/seed_generator.py:L140", "torch/random.py:L49"),
)
class SetSeed:
    def in_keras():
        tf.random.set_seed(0)
        first = keras.random.normal((4,))
        tf.random.set_seed(0)
        return np.array_equal(first, keras.random.normal((4,)))

    def in_torch():
        torch.manual_seed(0)
        first = torch.randn(4)
        torch.manual_seed(0)
        return torch.equal(first, torch.randn(4))

    def torch_as_keras():
        generator = torch.Generator().manual_seed(0)
        torch.manual_seed(0)
        first = torch.randn(4, generator=generator)
        torch.manual_seed(0)
        return torch.equal(first, torch.randn(4, generator=generator))

    def keras_as_torch():
        keras.utils.set_random_seed(0)
        first = keras.random.normal((4,))
        keras.utils.set_random_seed(0)
        return np.array_equal(first, keras.random.normal((4,)))


@difference(
    item="whether the one call that seeds a run seeds NumPy as well",
    keras="set_random_seed seeds Python, NumPy and the backend",
    torch="manual_seed seeds torch alone",
    severity=SILENT_WRONG,
    hits="augmentation and shuffling by NumPy, which no longer repeat",
    recipe="torch: np.random.seed and random.seed too; Keras: tf.random.set_seed for it alone",
    sources=("keras/src/utils/rng_utils.py:L31", "torch/random.py:L62"),
)
class NumpySeeded:
    def in_keras():
        keras.utils.set_random_seed(0)
        first = np.random.rand(4)
        keras.utils.set_random_seed(0)
        return np.array_equal(first, np.random.rand(4))

    def in_torch():
        torch.manual_seed(0)
        first = np.random.rand(4)
        torch.manual_seed(0)
        return np.array_equal(first, np.random.rand(4))

    def torch_as_keras():
        torch.manual_seed(0)
        np.random.seed(0)
        first = np.random.rand(4)
        torch.manual_seed(0)
        np.random.seed(0)
        return np.array_equal(first, np.random.rand(4))

    def keras_as_torch():
        tf.random.set_seed(0)
        first = np.random.rand(4)
        tf.random.set_seed(0)
        return np.array_equal(first, np.random.rand(4))


@difference(
    item="seeding again before each pass through a dropout layer",
    keras="the layer has a generator of its own, seeded when it was made: the masks differ",
    torch="the layer draws from the global generator: the masks are the same",
    severity=SILENT_WRONG,
    hits="tests that seed before each call, Monte Carlo dropout with common numbers",
    recipe="Keras: put layer.seed_generator.state back; torch: do not seed again",
    sources=("keras/src/layers/regularization/dropout.py:L53", "torch/nn/functional.py:L1467"),
)
class DropoutReseeded:
    x = np.ones((4, 8))

    def in_keras(x):
        layer = keras.layers.Dropout(0.5)
        keras.utils.set_random_seed(0)
        first = layer(x, training=True)
        keras.utils.set_random_seed(0)
        return np.array_equal(first, layer(x, training=True))

    def in_torch(x):
        layer = nn.Dropout(0.5)
        torch.manual_seed(0)
        first = layer(torch.tensor(x))
        torch.manual_seed(0)
        return torch.equal(first, layer(torch.tensor(x)))

    def torch_as_keras(x):
        layer = nn.Dropout(0.5)
        torch.manual_seed(0)
        first = layer(torch.tensor(x))
        return torch.equal(first, layer(torch.tensor(x)))

    def keras_as_torch(x):
        layer = keras.layers.Dropout(0.5)
        state = np.array(layer.seed_generator.state)
        first = layer(x, training=True)
        layer.seed_generator.state.assign(state)
        return np.array_equal(first, layer(x, training=True))


@difference(
    item="two dropout layers of one seed",
    keras="with seed=1 in both, both drop the same elements at every step",
    torch="there is no seed in a layer: they draw one after the other",
    severity=SILENT_WRONG,
    hits="models built by a loop that hands the same seed to each layer",
    recipe="Keras: a seed for each layer, or none; torch: seed before each layer",
    sources=("keras/src/layers/regularization/dropout.py:L53", "torch/nn/modules/dropout.py:L35"),
)
class LayersOfOneSeed:
    x = np.ones((4, 8))

    def in_keras(x):
        layers = [keras.layers.Dropout(0.5, seed=1) for _ in range(2)]
        first, second = (layer(x, training=True) for layer in layers)
        return np.array_equal(first, second)

    def in_torch(x):
        torch.manual_seed(1)
        layers = [nn.Dropout(0.5) for _ in range(2)]
        first, second = (layer(torch.tensor(x)) for layer in layers)
        return torch.equal(first, second)

    def torch_as_keras(x):
        layers = [nn.Dropout(0.5) for _ in range(2)]
        drawn = []
        for layer in layers:
            torch.manual_seed(1)
            drawn.append(layer(torch.tensor(x)))
        return torch.equal(*drawn)

    def keras_as_torch(x):
        layers = [keras.layers.Dropout(0.5, seed=seed) for seed in (1, 2)]
        first, second = (layer(x, training=True) for layer in layers)
        return np.array_equal(first, second)


@difference(
    item="two generators made without a seed",
    keras="SeedGenerator() draws its seed: they differ",
    torch="Generator() has one fixed seed: both give the same numbers",
    severity=SILENT_WRONG,
    hits="a generator for each worker or each layer, which in torch are all alike",
    recipe="torch: generator.seed() draws one; Keras: hand over a seed",
    sources=("keras/src/random/seed_generator.py:L77", "torch/_C/__init__.pyi:L1739"),
)
class FreshGenerators:
    def in_keras():
        first, second = (keras.random.SeedGenerator() for _ in range(2))
        draws = [keras.random.normal((4,), seed=seed) for seed in (first, second)]
        return np.array_equal(*draws)

    def in_torch():
        first, second = (torch.Generator() for _ in range(2))
        return torch.equal(torch.randn(4, generator=first), torch.randn(4, generator=second))

    def torch_as_keras():
        first, second = (torch.Generator() for _ in range(2))
        first.seed()
        second.seed()
        return torch.equal(torch.randn(4, generator=first), torch.randn(4, generator=second))

    def keras_as_torch():
        first, second = (keras.random.SeedGenerator(67280421310721) for _ in range(2))
        draws = [keras.random.normal((4,), seed=seed) for seed in (first, second)]
        return np.array_equal(*draws)


@difference(
    item="the first four of twenty normal numbers, and four numbers, of one seed",
    keras="are the same: each number depends on its place alone",
    torch="differ: sixteen or more are drawn by another routine",
    severity=COSMETIC,
    hits="tests that draw a smaller sample of the same seed",
    recipe="torch: draw the larger sample and cut it; Keras: another seed for another shape",
    sources=("keras/src/backend/tensorflow/random.py:L26", "torch/_torch_docs.py:L9233"),
)
class PrefixOfDraws:
    def in_keras():
        few, many = (keras.random.normal((n,), seed=1) for n in (4, 20))
        return np.array_equal(few, many[:4])

    def in_torch():
        few, many = (torch.randn(n, generator=torch.manual_seed(1)) for n in (4, 20))
        return torch.equal(few, many[:4])

    def torch_as_keras():
        few, many = (torch.randn(20, generator=torch.manual_seed(1)) for _ in range(2))
        return torch.equal(few[:4], many[:4])

    def keras_as_torch():
        few, many = (keras.random.normal((n,), seed=n) for n in (4, 20))
        return np.array_equal(few, many[:4])


@difference(
    item="seeds of 2³² and more",
    keras="set_random_seed raises ValueError: NumPy takes 32 bits",
    torch="64 bits are taken",
    severity=CRASH,
    hits="seeds made of a hash or of the time",
    recipe="Keras: seed % 2**32",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("keras/src/utils/rng_utils.py:L31", "torch/random.py:L54"),
)
class LargeSeed:
    seed = 2**32 + 1

    def in_keras(seed):
        keras.utils.set_random_seed(seed)
        return "seeded"

    def in_torch(seed):
        torch.manual_seed(seed)
        return "seeded"

    def keras_as_torch(seed):
        keras.utils.set_random_seed(seed % 2**32)
        return "seeded"


@difference(
    item="a negative seed",
    keras="set_random_seed raises ValueError",
    torch="is counted back from 2⁶⁴",
    severity=CRASH,
    hits="configurations where −1 stands for any seed",
    recipe="Keras: seed % 2**32",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("keras/src/utils/rng_utils.py:L31", "torch/random.py:L57"),
)
class NegativeSeed:
    seed = -1

    def in_keras(seed):
        keras.utils.set_random_seed(seed)
        return "seeded"

    def in_torch(seed):
        torch.manual_seed(seed)
        return "seeded"

    def keras_as_torch(seed):
        keras.utils.set_random_seed(seed % 2**32)
        return "seeded"


@difference(
    item="a seed that is no int: 3.0, or a NumPy integer",
    keras="raises ValueError",
    torch="manual_seed takes int() of it",
    severity=CRASH,
    hits="seeds read from a table, a configuration or np.random",
    recipe="pass int(seed) in both",
    unaligned="an error is nothing that torch should be made to raise",
    sources=("keras/src/utils/rng_utils.py:L51", "torch/random.py:L63"),
)
class SeedOfAnotherType:
    seeds = (3.0, np.int64(3))

    def in_keras(seeds):
        for seed in seeds:
            keras.utils.set_random_seed(seed)
        return "seeded"

    def in_torch(seeds):
        for seed in seeds:
            torch.manual_seed(seed)
        return "seeded"

    def keras_as_torch(seeds):
        for seed in seeds:
            keras.utils.set_random_seed(int(seed))
        return "seeded"


@difference(
    item="seeds 1 and 2³¹ − 1",
    keras="are one: a seed counts modulo 2³¹ − 2 in keras.random",
    torch="are two",
    severity=COSMETIC,
    hits="seeds made of a hash, two of which may draw the same numbers",
    recipe="Keras: keep seeds below 2³¹ − 2; torch: reduce them alike",
    sources=("keras/src/backend/tensorflow/random.py:L19", "torch/random.py:L54"),
    unaligned="what Keras folds together it cannot be made to tell apart",
)
class SeedsModulo:
    seeds = (1, 2**31 - 1)

    def in_keras(seeds):
        first, second = (keras.random.normal((4,), seed=seed) for seed in seeds)
        return np.array_equal(first, second)

    def in_torch(seeds):
        first, second = (torch.randn(4, generator=torch.manual_seed(seed)) for seed in seeds)
        return torch.equal(first, second)

    def torch_as_keras(seeds):
        seeds = [seed % (2**31 - 2) for seed in seeds]
        first, second = (torch.randn(4, generator=torch.manual_seed(seed)) for seed in seeds)
        return torch.equal(first, second)


@difference(
    item="a random number of NumPy in a compiled function",
    keras="tf.function draws it when it traces: it is a constant from then on",
    torch="is drawn anew at each call",
    severity=SILENT_WRONG,
    hits="augmentation and noise by np.random within a model that fit compiles",
    recipe="Keras: keras.random; torch: draw it once, outside, for a constant",
    sources=("keras/src/backend/tensorflow/trainer.py:L143", "torch/random.py:L49"),
)
class NumpyInGraph:
    def in_keras():
        @tf.function
        def noise():
            return tf.constant(np.random.rand(4))

        return np.array_equal(noise(), noise())

    def in_torch():
        def noise():
            return torch.tensor(np.random.rand(4))

        return torch.equal(noise(), noise())

    def torch_as_keras():
        drawn = np.random.rand(4)

        def noise():
            return torch.tensor(drawn)

        return torch.equal(noise(), noise())

    def keras_as_torch():
        @tf.function
        def noise():
            return keras.random.uniform((4,))

        return np.array_equal(noise(), noise())


@difference(
    item="random numbers in a function that is vectorised",
    keras="tf.vectorized_map gives every element the same numbers of keras.random",
    torch="vmap raises, until randomness says which is meant",
    severity=CRASH,
    hits="Jacobians and gradients by sample of models with noise or dropout",
    recipe="torch: randomness='same' does as Keras, 'different' draws for each",
    sources=(
        "tensorflow/python/ops/parallel_for/control_flow_ops.py:L453",
        "torch/_functorch/apis.py:L68",
    ),
    unaligned="an error is nothing that Keras should be made to raise",
)
class VectorisedDraws:
    x = np.zeros(4)

    def in_keras(x):
        y = tf.vectorized_map(lambda x: x + keras.random.normal((), dtype=x.dtype), x)
        return len(np.unique(y))

    def in_torch(x):
        y = torch.func.vmap(lambda x: x + torch.randn(()))(torch.tensor(x))
        return len(np.unique(y))

    def torch_as_keras(x):
        noisy = torch.func.vmap(lambda x: x + torch.randn(()), randomness="same")
        return len(np.unique(noisy(torch.tensor(x))))


@difference(
    item="a pass over data that are not shuffled, and the random numbers drawn after it",
    keras="the pass draws nothing: they are those of a run without it",
    torch="each pass over a DataLoader draws a seed for its workers from the generator of all",
    severity=SILENT_WRONG,
    hits="a validation added between two epochs: every mask and order after it is another",
    recipe="torch: hand the DataLoader a generator of its own; Keras: draw a number at each pass",
    sources=("keras/src/random/seed_generator.py:L140", "torch/utils/data/dataloader.py:L690"),
)
class PassOverData:
    x = np.array([1.0, 2.0])

    def in_keras(x):
        keras.utils.set_random_seed(0)
        first = keras.random.normal((4,))
        keras.utils.set_random_seed(0)
        list(tf.data.Dataset.from_tensor_slices(x))
        return np.array_equal(first, keras.random.normal((4,)))

    def in_torch(x):
        torch.manual_seed(0)
        first = torch.randn(4)
        torch.manual_seed(0)
        list(DataLoader(x))
        return torch.equal(first, torch.randn(4))

    def torch_as_keras(x):
        torch.manual_seed(0)
        first = torch.randn(4)
        torch.manual_seed(0)
        list(DataLoader(x, generator=torch.Generator()))
        return torch.equal(first, torch.randn(4))

    def keras_as_torch(x):
        keras.utils.set_random_seed(0)
        first = keras.random.normal((4,))
        keras.utils.set_random_seed(0)
        keras.random.uniform(())  # as the pass would
        list(tf.data.Dataset.from_tensor_slices(x))
        return np.array_equal(first, keras.random.normal((4,)))
