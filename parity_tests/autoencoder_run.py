"""The autoencoders of the catalogue trained by `fit`: in both halves, and of built-in layers."""

from parity_tests.network_run import NetworkRun
from parity_tests.training_run import module
from shared.catalogue.autoencoders import KINDS


class AutoencoderRun(NetworkRun):
    """An autoencoder on digits: what a kind adds is a matter of its loss."""

    module, name, shipped = "models.autoencoder", "Autoencoder", "Autoencoder"

    def arguments(self, half):
        sizes = self.case.sizes["encoder"]
        return {"features": sizes["inputs"], "units": sizes["units"]}

    def loss_of(self, trainer, trained):
        """The loss of this kind: contractive, it reads the model's weights."""
        place = module(trainer.half, "builtins.models" if trainer.label else self.module)
        return loss(place, self.options["kind"], trained)


def loss(place, kind, model):
    """A kind's loss, among those of a module, ours or of built-ins."""
    if kind in ("plain", "denoising"):
        return place.reconstruction_loss
    first = (model,) if kind == "contractive" else ()
    return getattr(place, f"{kind}_loss")(*first, **KINDS[kind])
