"""Preprocessing: one-hot rows, images of bytes, words as numbers, columns brought to one scale."""

import keras
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F

from parity_tests.differences.entry import CRASH, LOOP, SILENT_WRONG, difference

TITLE = "Preprocessing"
STAGE = LOOP


@difference(
    item="one-hot of an id outside the classes",
    keras="tf.one_hot and keras.ops.one_hot: a row of zeros",
    torch="an error",
    severity=CRASH,
    hits="padding ids of −1, ignored labels",
    recipe="torch: compare with arange; Keras: check beforehand",
    sources=("keras/src/backend/tensorflow/nn.py:L1195", "torch/nn/functional.py:L5904"),
    unaligned="Keras has no setting that makes it refuse",
)
class OneHotOutside:
    ids = np.array([0, -1, 3])

    def in_keras(ids):
        return keras.ops.one_hot(ids, 3, dtype="int64")

    def in_torch(ids):
        return F.one_hot(torch.tensor(ids), 3)

    def torch_as_keras(ids):
        return (torch.tensor(ids)[:, None] == torch.arange(3)).long()


@difference(
    item="type of one-hot rows",
    keras="float32",
    torch="int64, which losses refuse",
    severity=SILENT_WRONG,
    hits="one-hot inputs and soft labels",
    recipe="torch: .float()",
    sources=("keras/src/backend/tensorflow/nn.py:L1195", "torch/nn/functional.py:L5904"),
)
class OneHotDtype:
    ids = np.array([0, 2])

    def in_keras(ids):
        return keras.ops.one_hot(ids, 3).dtype.name

    def in_torch(ids):
        return str(F.one_hot(torch.tensor(ids), 3).dtype).removeprefix("torch.")

    def torch_as_keras(ids):
        return str(F.one_hot(torch.tensor(ids), 3).float().dtype).removeprefix("torch.")

    def keras_as_torch(ids):
        return keras.ops.one_hot(ids, 3, dtype="int64").dtype.name


@difference(
    item="one-hot of −1 by keras.utils.to_categorical",
    keras="the last class: −1 counts from the end, as in NumPy",
    torch="an error",
    severity=CRASH,
    hits="labels in which −1 stands for missing: Keras trains the last class with them",
    recipe="torch: ids modulo the number of classes; Keras: keras.ops.one_hot gives zeros",
    sources=("keras/src/utils/numerical_utils.py:L98", "torch/nn/functional.py:L5904"),
    unaligned="Keras has no setting that makes it refuse",
)
class ToCategoricalNegative:
    ids, classes = np.array([0, -1]), 3

    def in_keras(ids, classes):
        return keras.utils.to_categorical(ids, classes)

    def in_torch(ids, classes):
        return F.one_hot(torch.tensor(ids), classes)

    def torch_as_keras(ids, classes):
        return F.one_hot(torch.tensor(ids) % classes, classes).double()


@difference(
    item="image of bytes made an array of floats",
    keras="img_to_array: 0 to 255, channels last",
    torch="by hand, as its vision library's ToTensor: divided by 255, channels first",
    severity=SILENT_WRONG,
    hits="inputs 255 times as large, where a Rescaling layer was not ported or came twice",
    recipe="divide by 255 in one place, and permute",
    sources=("keras/src/utils/image_utils.py:L116", "torch/nn/modules/conv.py:L171"),
)
class ImageScaling:
    image = np.array([[[0, 51, 255], [102, 0, 0]]], dtype="uint8")

    def in_keras(image):
        return keras.utils.img_to_array(image)

    def in_torch(image):
        return torch.tensor(image).permute(2, 0, 1).float() / 255

    def torch_as_keras(image):
        return torch.tensor(image).float()

    def keras_as_torch(image):
        return keras.utils.img_to_array(image, data_format="channels_first") / 255


@difference(
    item="what a ResNet-50 that was trained on ImageNet is handed",
    keras="blue, green, red, less the mean of each, up to 255",
    torch="red, green, blue in [0, 1], less the mean, divided by the deviation",
    severity=SILENT_WRONG,
    hits="pretrained weights taken to the other framework: predictions are plausible, and worse",
    recipe="keep the preprocessing that the weights were trained with",
    sources=("keras/src/applications/resnet.py:L512", "torch/nn/functional.py:L4245"),
    ulp=4,  # float32: a quotient, a difference, a quotient
)
class PretrainedInput:
    image = np.array([[[[255.0, 128.0, 0.0]]]], dtype="float32")

    def in_keras(image):
        return keras.applications.resnet50.preprocess_input(image.copy())

    def in_torch(image):
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        return (torch.tensor(image) / 255 - mean) / std

    def torch_as_keras(image):
        return torch.tensor(image).flip(-1) - torch.tensor([103.939, 116.779, 123.68])

    def keras_as_torch(image):
        return keras.applications.imagenet_utils.preprocess_input(image.copy(), mode="torch")


@difference(
    item="numbers of the words of a vocabulary",
    keras="StringLookup: from 1, since 0 stands for unknown words (TextVectorization: from 2)",
    torch="nothing built in; by hand from 0",
    severity=SILENT_WRONG,
    hits="embeddings taken over: every word has its neighbour's row, and a row is missing",
    recipe="torch: count from 1 and keep 0; Keras: num_oov_indices=0",
    sources=(
        "keras/src/layers/preprocessing/index_lookup.py:L1012",
        "torch/nn/modules/sparse.py:L157",
    ),
)
class WordNumbers:
    vocabulary, words = ("the", "cat", "sat"), ("cat", "the")

    def in_keras(vocabulary, words):
        return keras.layers.StringLookup(vocabulary=list(vocabulary))(list(words))

    def in_torch(vocabulary, words):
        numbers = {word: number for number, word in enumerate(vocabulary)}
        return torch.tensor([numbers[word] for word in words])

    def torch_as_keras(vocabulary, words):
        numbers = {word: number for number, word in enumerate(vocabulary, start=1)}
        return torch.tensor([numbers.get(word, 0) for word in words])

    def keras_as_torch(vocabulary, words):
        layer = keras.layers.StringLookup(vocabulary=list(vocabulary), num_oov_indices=0)
        return layer(list(words))


@difference(
    item="standardizing a column that is constant",
    keras="Normalization divides by at least 10⁻⁷: 0",
    torch="0/0 by hand: NaN",
    severity=SILENT_WRONG,
    hits="tables, pixels at the border of MNIST",
    recipe="torch: std.clamp(min=1e-7)",
    sources=("keras/src/layers/preprocessing/normalization.py:L441", "torch/_torch_docs.py:L3931"),
)
class StandardizeConstant:
    x = np.array([[5.0], [5.0], [5.0]], dtype="float32")

    def in_keras(x):
        layer = keras.layers.Normalization()
        layer.adapt(x)
        return layer(x)

    def in_torch(x):
        x = torch.tensor(x)
        return (x - x.mean(0)) / x.std(0)

    def torch_as_keras(x):
        x = torch.tensor(x)
        return (x - x.mean(0)) / x.std(0).clamp(min=1e-7)

    def keras_as_torch(x):
        return (x - tf.reduce_mean(x, 0)) / tf.math.reduce_std(x, 0)
