"""The optimizers that PyTorch ships, in the forms that they have; None for one that it has not."""

import torch


def sgd(params, lr):
    return torch.optim.SGD(params, lr)


def momentum(params, lr, momentum, velocity_form):
    if velocity_form == "unscaled":
        return torch.optim.SGD(params, lr, momentum=momentum)


def nesterov(params, lr, momentum, velocity_form):
    if velocity_form == "unscaled":
        return torch.optim.SGD(params, lr, momentum=momentum, nesterov=True)


def adagrad(params, lr, initial_accumulator_value, eps, epsilon_form):
    if epsilon_form == "outside":
        return torch.optim.Adagrad(
            params, lr, initial_accumulator_value=initial_accumulator_value, eps=eps
        )


def rmsprop(params, lr, alpha, momentum, eps, centered, epsilon_form, velocity_form):
    # without momentum the two forms of the velocity are one
    if epsilon_form == "outside" and (velocity_form == "unscaled" or not momentum):
        return torch.optim.RMSprop(params, lr, alpha, eps, momentum=momentum, centered=centered)


def adam(params, lr, betas, eps, epsilon_form):
    if epsilon_form == "outside":
        return torch.optim.Adam(params, lr, betas, eps)


def adamw(params, lr, weight_decay, betas, eps, epsilon_form):
    if epsilon_form == "outside":
        return torch.optim.AdamW(params, lr, betas, eps, weight_decay)


def adadelta(params, lr, rho, eps):
    return torch.optim.Adadelta(params, lr, rho, eps)


FUNCTIONS = {
    function.__name__: function
    for function in (sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, adadelta)
}
# what each calls the state that goes by another name here
STATE = {
    "momentum": {"velocity": "momentum_buffer"},
    "nesterov": {"velocity": "momentum_buffer"},
    "adagrad": {"sum_of_squares": "sum"},
    "rmsprop": {"mean_square": "square_avg", "mean_gradient": "grad_avg",
                "velocity": "momentum_buffer"},
    "adam": {"first_moment": "exp_avg", "second_moment": "exp_avg_sq"},
    "adamw": {"first_moment": "exp_avg", "second_moment": "exp_avg_sq"},
    "adadelta": {"mean_square": "square_avg", "mean_square_step": "acc_delta"},
}  # fmt: skip
