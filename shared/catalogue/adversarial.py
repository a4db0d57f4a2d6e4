"""Generative adversarial networks on digits."""

from functools import cache

from shared.adversarial import PLAYERS
from shared.adversarial_cases import AdversarialCase
from shared.catalogue.autoencoders import BATCH, ROWS
from shared.catalogue.concept import network_row
from shared.catalogue.images import images
from shared.noise import latent
from shared.reference.networks import Step

LATENT, HIDDEN = 4, 6


@cache
def gan(activation="tanh", latents=LATENT, hidden=HIDDEN, rows=ROWS, **more):
    """Digits, a discriminator and a generator of one hidden layer each; `more` is the training."""
    x, noise = images(rows)[0].reshape(rows, -1), latent(latents, 5)
    return players(activation, x, noise, latents, hidden, **({"batch_size": BATCH} | more))


def players(activation, x, noise, latents, hidden, **more):
    """A discriminator of the rows of x, and a generator that makes such rows of noise."""
    pixels = x.shape[1]
    widths = {"discriminator": (pixels, hidden, 1), "generator": (latents, hidden, pixels)}
    names = ("linear_1", "linear_2")
    sizes = {
        player: {
            name: {"inputs": D, "units": U}
            for name, D, U in zip(names, widths[player], widths[player][1:], strict=False)
        }
        for player in PLAYERS
    }
    layers = {player: dict.fromkeys(names, "Linear") for player in PLAYERS}
    D, G = (
        (Step("linear", f"{player}/linear_1"), Step(activation),
         Step("linear", f"{player}/linear_2"))
        for player in PLAYERS
    )  # fmt: skip
    return AdversarialCase(layers, sizes, D, (*G, Step("sigmoid")), x, noise, **more)


ADVERSARIAL = (
    network_row(
        "gan", "L_D = mean −log σ(D(x)), −log(1 − σ(D(G(n)))), L_G = mean −log σ(D(G(n′)))",
        ROWS // BATCH, {"activation": "tanh"}, {"activation": "relu"},
        source="Goodfellow et al. 2014",
    ),
)  # fmt: skip
CASES = {"gan": gan}
