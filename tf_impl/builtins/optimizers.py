"""The optimizers that Keras ships, in the forms that they have; None for one that it has not.

Their hyperparameters are handed over as np.float64: a Python float they would round to float32.
"""

import keras
import numpy as np


def sgd(learning_rate):
    return keras.optimizers.SGD(learning_rate)


def momentum(learning_rate, momentum, velocity_form):
    if velocity_form == "scaled":
        return keras.optimizers.SGD(learning_rate, momentum=np.float64(momentum))


def nesterov(learning_rate, momentum, velocity_form):
    if velocity_form != "unscaled":
        return keras.optimizers.SGD(learning_rate, momentum=np.float64(momentum), nesterov=True)


def adagrad(learning_rate, initial_accumulator_value, epsilon, epsilon_form):
    if epsilon_form == "inside":
        options = np.float64(initial_accumulator_value), np.float64(epsilon)
        return keras.optimizers.Adagrad(
            learning_rate, initial_accumulator_value=options[0], epsilon=options[1]
        )


def rmsprop(learning_rate, rho, momentum, epsilon, centered, epsilon_form, velocity_form):
    if epsilon_form == "inside" and velocity_form == "scaled":
        rho, momentum, epsilon = map(np.float64, (rho, momentum, epsilon))
        return keras.optimizers.RMSprop(learning_rate, rho, momentum, epsilon, centered)


def adam(learning_rate, beta_1, beta_2, epsilon, epsilon_form):
    if epsilon_form == "hat":
        options = map(np.float64, (beta_1, beta_2, epsilon))
        return keras.optimizers.Adam(learning_rate, *options)


def adamw(learning_rate, weight_decay, beta_1, beta_2, epsilon, epsilon_form):
    if epsilon_form == "hat":
        options = map(np.float64, (weight_decay, beta_1, beta_2, epsilon))
        return keras.optimizers.AdamW(learning_rate, *options)


def adadelta(learning_rate, rho, epsilon):
    # not np.float64, with which NumPy and not TensorFlow would multiply: take what float32 has too
    return keras.optimizers.Adadelta(learning_rate, rho, epsilon)


FUNCTIONS = {
    function.__name__: function
    for function in (sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, adadelta)
}
# what each calls the state that goes by another name here
STATE = {
    "momentum": {"velocity": "momentum"},
    "nesterov": {"velocity": "momentum"},
    "adagrad": {"sum_of_squares": "accumulator"},
    "rmsprop": {"mean_square": "velocity", "mean_gradient": "average_gradient",
                "velocity": "momentum"},
    "adam": {"first_moment": "momentum", "second_moment": "velocity"},
    "adamw": {"first_moment": "momentum", "second_moment": "velocity"},
    "adadelta": {"mean_square": "accumulated_grad", "mean_square_step": "accumulated_delta_var"},
}  # fmt: skip
