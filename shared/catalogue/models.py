"""The models that are trained alike, every step compared."""

from shared import histories
from shared.catalogue import adversarial, autoencoders, feedforward, images, sequences
from shared.catalogue.concept import Trajectory

CASES = images.CASES | feedforward.CASES | sequences.CASES | autoencoders.CASES | adversarial.CASES
MODELS = (
    Trajectory(
        "logistic_regression",
        "models",
        "ŷ = σ(xW + b), L = mean(−y log ŷ − (1 − y) log(1 − ŷ))",
        "∂L/∂W = mean x(ŷ − y), ∂L/∂b = mean(ŷ − y)",
        histories.TENSORS,
        steps=1000,
    ),
    *images.IMAGES,
    *feedforward.FEEDFORWARD,
    *sequences.SEQUENCES,
    *autoencoders.AUTOENCODERS,
    *adversarial.ADVERSARIAL,
)


def case(row, options):
    """The float64 run that a row of networks and one of its options stand for."""
    return CASES[row.name](**options)
