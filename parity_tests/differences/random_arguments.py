"""Random numbers: what the arguments of distributions mean."""

import keras
import numpy as np
import tensorflow as tf
import torch

from parity_tests.differences.entry import (
    COSMETIC,
    CRASH,
    LAYERS,
    NONE,
    SILENT_WRONG,
    difference,
)

TITLE = "Random numbers: distributions and their arguments"
STAGE = LAYERS


@difference(
    item="what weights a categorical draw is given",
    keras="categorical takes logits: 0 is a chance of e⁰",
    torch="multinomial takes probabilities up to a factor: 0 is never drawn",
    severity=SILENT_WRONG,
    hits="policies and language models, whose logits are handed over as they are",
    recipe="torch: multinomial(softmax(x)); Keras: categorical(log(p))",
    sources=("keras/src/random/random.py:L38", "torch/_torch_docs.py:L7818"),
)
class CategoricalLogits:
    weights = np.array([[0.0, 1.0, 2.0]])

    def in_keras(weights):
        drawn = keras.random.categorical(weights, 2000, seed=1)
        return bool(np.any(np.equal(drawn, 0)))

    def in_torch(weights):
        drawn = torch.multinomial(torch.tensor(weights), 2000, replacement=True)
        return bool((drawn == 0).any())

    def torch_as_keras(weights):
        p = torch.softmax(torch.tensor(weights), dim=-1)
        drawn = torch.multinomial(p, 2000, replacement=True)
        return bool((drawn == 0).any())

    def keras_as_torch(weights):
        drawn = keras.random.categorical(keras.ops.log(weights), 2000, seed=1)
        return bool(np.any(np.equal(drawn, 0)))


@difference(
    item="what the first argument of a categorical distribution is",
    keras="keras.random.categorical(x): logits",
    torch="Categorical(x): probabilities, divided by their sum, which turns negative logits round",
    severity=SILENT_WRONG,
    hits="policies in reinforcement learning that are handed log-probabilities",
    recipe="torch: Categorical(logits=x); Keras: categorical(log(p))",
    sources=("keras/src/random/random.py:L38", "torch/distributions/categorical.py:L58"),
)
class CategoricalFirst:
    logits = np.array([-1e-6, -100.0])

    def in_keras(logits):
        return keras.random.categorical(logits[None], 4, seed=1)[0]

    def in_torch(logits):
        return torch.distributions.Categorical(torch.tensor(logits)).sample((4,))

    def torch_as_keras(logits):
        return torch.distributions.Categorical(logits=torch.tensor(logits)).sample((4,))

    def keras_as_torch(logits):
        p = logits / logits.sum()
        return keras.random.categorical(keras.ops.log(p)[None], 4, seed=1)[0]


@difference(
    item="how often a class is drawn, of as many draws as classes",
    keras="as chance has it",
    torch="multinomial with replacement=False: each exactly once; more draws than classes raise",
    severity=SILENT_WRONG,
    hits="sampling of tokens and of negative examples",
    recipe="torch: replacement=True; Keras: top_k of logits + Gumbel noise",
    sources=("keras/src/backend/tensorflow/random.py:L45", "torch/_torch_docs.py:L7818"),
)
class Replacement:
    p = np.full((8, 8), 0.125)

    def in_keras(p):
        drawn = keras.random.categorical(keras.ops.log(p), 8, seed=1)
        return bool((np.sort(drawn) == np.arange(8)).all())

    def in_torch(p):
        drawn = torch.multinomial(torch.tensor(p), 8)
        return bool((np.sort(drawn) == np.arange(8)).all())

    def torch_as_keras(p):
        drawn = torch.multinomial(torch.tensor(p), 8, replacement=True)
        return bool((np.sort(drawn) == np.arange(8)).all())

    def keras_as_torch(p):
        gumbel = -keras.ops.log(-keras.ops.log(keras.random.uniform(p.shape, seed=1)))
        logits = keras.ops.cast(keras.ops.log(p), "float32")
        drawn = keras.ops.top_k(logits + gumbel, 8)[1]
        return bool((np.sort(drawn) == np.arange(8)).all())


@difference(
    item="a categorical draw from one vector of weights",
    keras="raises: it takes a batch of them",
    torch="multinomial takes a vector as well",
    severity=CRASH,
    hits="sampling one token from one distribution",
    recipe="Keras: put a batch axis in front, and take it off",
    sources=("keras/src/random/random.py:L78", "torch/_torch_docs.py:L7818"),
    unaligned="an error is nothing that torch should be made to raise",
)
class CategoricalVector:
    p = np.array([0.0, 1.0, 0.0])

    def in_keras(p):
        return keras.random.categorical(keras.ops.log(p), 4, seed=1)

    def in_torch(p):
        return torch.multinomial(torch.tensor(p), 4, replacement=True)

    def keras_as_torch(p):
        return keras.random.categorical(keras.ops.log(p)[None], 4, seed=1)[0]


@difference(
    item="a categorical draw where every class is ruled out",
    keras="gives the number of classes, an index that there is not",
    torch="raises: the probabilities add up to 0",
    severity=CRASH,
    hits="decoding with a mask, or a policy without a legal action",
    recipe="Keras: check that a row has a finite logit; torch: catch the error",
    sources=("keras/src/backend/tensorflow/random.py:L45", "torch/_torch_docs.py:L7818"),
    unaligned="neither result is one to want",
)
class CategoricalEmpty:
    p = np.zeros((1, 3))

    def in_keras(p):
        return keras.random.categorical(keras.ops.log(p), 2, seed=1)

    def in_torch(p):
        return torch.multinomial(torch.tensor(p), 2, replacement=True)


@difference(
    item="a categorical draw where one logit is NaN",
    keras="draws among the others, and nothing is said",
    torch="raises",
    severity=CRASH,
    hits="policies and language models that have begun to diverge: Keras goes on sampling",
    recipe="Keras: check the logits; torch: −∞ for NaN",
    sources=("keras/src/backend/tensorflow/random.py:L45", "torch/_torch_docs.py:L7818"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class CategoricalNan:
    logits = np.array([[np.nan, 0.0, -1e9]])

    def in_keras(logits):
        return keras.random.categorical(logits, 4, seed=1)

    def in_torch(logits):
        p = torch.softmax(torch.tensor(logits), dim=-1)
        return torch.multinomial(p, 4, replacement=True)

    def torch_as_keras(logits):
        p = torch.softmax(torch.tensor(logits).nan_to_num(nan=-torch.inf), dim=-1)
        return torch.multinomial(p, 4, replacement=True)


@difference(
    item="order of the arguments of randint",
    keras="(shape, minval, maxval)",
    torch="(low, high, size): the order of Keras raises TypeError",
    severity=CRASH,
    hits="whoever carries the call over by position",
    recipe="name the arguments: shape is size, minval is low, maxval is high",
    sources=("keras/src/random/random.py:L132", "torch/_torch_docs.py:L9154"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class RandintOrder:
    shape = (2, 3)

    def in_keras(shape):
        return keras.random.randint(shape, 5, 6, seed=1)

    def in_torch(shape):
        return torch.randint(shape, 5, 6)

    def torch_as_keras(shape):
        return torch.randint(low=5, high=6, size=shape)


@difference(
    item="limits of randint",
    keras="minval is drawn, maxval is not",
    torch="low is drawn, high is not",
    severity=NONE,
    hits="nobody; Python's random.randint draws both",
    recipe="nothing to do",
    sources=("keras/src/random/random.py:L132", "torch/_torch_docs.py:L9154"),
)
class RandintLimits:
    def in_keras():
        return np.unique(keras.random.randint((1000,), 2, 5, seed=1))

    def in_torch():
        return np.unique(torch.randint(2, 5, (1000,)))


@difference(
    item="type of the numbers of randint",
    keras="int32",
    torch="int64",
    severity=COSMETIC,
    hits="indices and labels, which torch's losses take as int64 alone",
    recipe="pass dtype in both",
    sources=("keras/src/random/random.py:L132", "torch/_torch_docs.py:L9154"),
)
class RandintType:
    def in_keras():
        return keras.backend.standardize_dtype(keras.random.randint((2,), 0, 9).dtype)

    def in_torch():
        return str(torch.randint(0, 9, (2,)).numpy().dtype)

    def torch_as_keras():
        return str(torch.randint(0, 9, (2,), dtype=torch.int32).numpy().dtype)

    def keras_as_torch():
        drawn = keras.random.randint((2,), 0, 9, dtype="int64")
        return keras.backend.standardize_dtype(drawn.dtype)


@difference(
    item="shape of a draw whose parameters are a vector",
    keras="shape is the whole shape: (2,) for two parameters",
    torch="sample((2,)) puts it in front of theirs: (2, 2)",
    severity=SILENT_WRONG,
    hits="Bayesian models, sampling from a batch of distributions",
    recipe="torch: sample(); Keras: shape + parameters.shape, parameters broadcast",
    sources=("keras/src/random/random.py:L244", "torch/distributions/gamma.py:L79"),
)
class SampleShape:
    alpha = np.array([1.0, 2.0], dtype="float32")

    def in_keras(alpha):
        return tuple(keras.random.gamma((2,), alpha, seed=1).shape)

    def in_torch(alpha):
        alpha = torch.tensor(alpha)
        return torch.distributions.Gamma(alpha, torch.ones_like(alpha)).sample((2,)).shape

    def torch_as_keras(alpha):
        alpha = torch.tensor(alpha)
        return torch.distributions.Gamma(alpha, torch.ones_like(alpha)).sample().shape

    def keras_as_torch(alpha):
        return tuple(keras.random.gamma((2, *alpha.shape), alpha, seed=1).shape)


@difference(
    item="gradient of a normal draw with respect to its mean",
    keras="1: the draw is mean + stddev · z, and differentiated",
    torch="0 from torch.normal: the draw is made in place of the mean",
    severity=SILENT_WRONG,
    hits="variational autoencoders and policies, which in torch then do not learn their mean",
    recipe="torch: mean + std · torch.randn_like(mean), or Normal(…).rsample(); "
    "Keras: stop_gradient",
    sources=(
        "tensorflow/python/ops/stateless_random_ops.py:L690",
        "torchgen/packaged/autograd/derivatives.yaml:L1373",
    ),
)
class NormalMean:
    mean = np.array([1.0, 2.0])

    def in_keras(mean):
        mean = tf.constant(mean)
        with tf.GradientTape() as tape:
            tape.watch(mean)
            y = keras.random.normal(mean.shape, mean, dtype="float64", seed=1)
        return tape.gradient(y, mean)

    def in_torch(mean):
        mean = torch.tensor(mean, requires_grad=True)
        torch.normal(mean, 1.0).sum().backward()
        return mean.grad

    def torch_as_keras(mean):
        mean = torch.tensor(mean, requires_grad=True)
        (mean + 1.0 * torch.randn_like(mean)).sum().backward()
        return mean.grad

    def keras_as_torch(mean):
        mean = tf.constant(mean)
        with tf.GradientTape() as tape:
            tape.watch(mean)
            still = tf.stop_gradient(mean)
            y = keras.random.normal(mean.shape, still, dtype="float64", seed=1)
        return tape.gradient(y, mean, unconnected_gradients="zero")


@difference(
    item="gradient of a gamma draw with respect to its shape",
    keras="is there: TensorFlow differentiates the sampler implicitly",
    torch="sample() has none, and backward raises; rsample() has it",
    severity=CRASH,
    hits="variational inference with gamma, beta and Dirichlet distributions",
    recipe="torch: rsample()",
    sources=(
        "keras/src/backend/tensorflow/random.py:L116",
        "torch/distributions/distribution.py:L167",
    ),
    unaligned="an error is nothing that Keras should be made to raise",
)
class GammaShape:
    alpha = np.array([1.0, 2.0])

    def in_keras(alpha):
        alpha = tf.constant(alpha)
        with tf.GradientTape() as tape:
            tape.watch(alpha)
            y = keras.random.gamma(alpha.shape, alpha, dtype="float64", seed=1)
        return bool(np.all(tape.gradient(y, alpha) > 0))

    def in_torch(alpha):
        alpha = torch.tensor(alpha, requires_grad=True)
        torch.distributions.Gamma(alpha, torch.ones_like(alpha)).sample().sum().backward()
        return bool((alpha.grad > 0).all())

    def torch_as_keras(alpha):
        alpha = torch.tensor(alpha, requires_grad=True)
        torch.distributions.Gamma(alpha, torch.ones_like(alpha)).rsample().sum().backward()
        return bool((alpha.grad > 0).all())


@difference(
    item="a gamma distribution without a rate",
    keras="keras.random.gamma has none: it is 1",
    torch="torch.distributions.Gamma raises TypeError: rate has no default",
    severity=CRASH,
    hits="whoever carries the call over; for a scale, note that rate is its inverse",
    recipe="torch: rate=1; Keras: divide the draw by the rate",
    sources=("keras/src/random/random.py:L244", "torch/distributions/gamma.py:L18"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class GammaRate:
    alpha = np.array([1.0, 2.0])

    def in_keras(alpha):
        return tuple(keras.random.gamma(alpha.shape, alpha, seed=1).shape)

    def in_torch(alpha):
        return torch.distributions.Gamma(torch.tensor(alpha)).sample().shape

    def torch_as_keras(alpha):
        alpha = torch.tensor(alpha)
        return torch.distributions.Gamma(alpha, torch.ones_like(alpha)).sample().shape


@difference(
    item="a gamma distribution whose shape is 0",
    keras="gives the smallest normal number, 1.2·10⁻³⁸",
    torch="raises: torch.distributions checks its parameters",
    severity=CRASH,
    hits="concentrations that come out of a relu",
    recipe="keep it above 0, as by softplus; torch: validate_args=False gives what Keras does",
    sources=("keras/src/random/random.py:L244", "torch/distributions/distribution.py:L22"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class GammaOfZero:
    alpha = np.zeros(2, np.float32)

    def in_keras(alpha):
        return keras.random.gamma(alpha.shape, alpha, seed=1)

    def in_torch(alpha):
        alpha = torch.tensor(alpha)
        return torch.distributions.Gamma(alpha, torch.ones_like(alpha)).sample()

    def torch_as_keras(alpha):
        alpha = torch.tensor(alpha)
        gamma = torch.distributions.Gamma(alpha, torch.ones_like(alpha), validate_args=False)
        return gamma.sample()


@difference(
    item="a binomial draw whose counts are integers",
    keras="are taken, and floating-point numbers handed back",
    torch="torch.binomial raises: counts are floating point",
    severity=CRASH,
    hits="simulation of counts, thinning of data",
    recipe="torch: counts.double()",
    sources=("keras/src/random/random.py:L272", "torch/distributions/binomial.py:L23"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class BinomialCounts:
    counts = np.array([3, 5])

    def in_keras(counts):
        return keras.random.binomial(counts.shape, counts, 1.0, seed=1)

    def in_torch(counts):
        return torch.binomial(torch.tensor(counts), torch.ones(2))

    def torch_as_keras(counts):
        return torch.binomial(torch.tensor(counts).double(), torch.ones(2).double())


@difference(
    item="a negative standard deviation",
    keras="is taken: the numbers change their sign",
    torch="raises",
    severity=CRASH,
    hits="a learnt deviation that is not kept positive, which Keras does not tell",
    recipe="Keras: check it; torch: std.abs(), and the distribution is the same",
    sources=("tensorflow/python/ops/stateless_random_ops.py:L690", "torch/_torch_docs.py:L8416"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class NegativeDeviation:
    def in_keras():
        return keras.random.normal((2,), 5.0, -1e-30, seed=1)

    def in_torch():
        return torch.normal(5.0, -1e-30, (2,))

    def torch_as_keras():
        return torch.normal(5.0, abs(-1e-30), (2,))


@difference(
    item="a uniform draw whose limits are the wrong way round",
    keras="is taken: between the two all the same",
    torch="uniform_ raises",
    severity=CRASH,
    hits="limits read from a configuration",
    recipe="torch: sort the limits",
    sources=("keras/src/backend/tensorflow/random.py:L34", "torch/_tensor_docs.py:L5999"),
    unaligned="an error is nothing that Keras should be made to raise",
)
class UniformCrossed:
    def in_keras():
        drawn = keras.random.uniform((1000,), 1.0, 0.0, seed=1)
        return bool(np.all((drawn >= 0) & (drawn <= 1)))

    def in_torch():
        drawn = torch.empty(1000).uniform_(1.0, 0.0)
        return bool(((drawn >= 0) & (drawn <= 1)).all())

    def torch_as_keras():
        drawn = torch.empty(1000).uniform_(*sorted((1.0, 0.0)))
        return bool(((drawn >= 0) & (drawn <= 1)).all())
