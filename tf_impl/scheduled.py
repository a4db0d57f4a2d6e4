"""What sets the learning rate in the course of a run: a schedule, or a callback.

    schedule   a Keras LearningRateSchedule, or a callback that monitors a loss
    rate       the learning rate of the next update

Source: Introduction to Deep Learning, Unit 1 (learning rate decay).
"""

from types import SimpleNamespace

import keras

from shared.runs import check_schedule
from tf_impl.framework import array


class Scheduled:
    """An optimizer's learning rate in the course of a run, as its schedule says."""

    def __init__(self, optimizer, schedule, every, steps, validated):
        self.optimizer, self.schedule, self.validated = optimizer, schedule, validated
        self.follows_loss = hasattr(schedule, "monitor")
        needs_validation = getattr(schedule, "monitor", "") == "val_loss"
        check_schedule(every, self.follows_loss, validated or not needs_validation)
        if self.follows_loss:
            schedule.set_model(SimpleNamespace(optimizer=optimizer))
            schedule.on_train_begin()
        elif isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            optimizer.learning_rate = schedule if every == "step" else ByEpoch(schedule, steps)
        elif schedule is not None:
            raise TypeError(
                f"schedule must be a LearningRateSchedule or a callback that monitors a loss, "
                f"got {type(schedule).__name__}"
            )

    def rate(self):
        return float(array(self.optimizer.learning_rate))

    def after_step(self):
        """Nothing: in each update the optimizer asks the schedule for the rate by itself."""

    def after_epoch(self, epoch):
        if self.follows_loss:
            measured = {"val_loss": epoch.val_loss} if self.validated else {}
            self.schedule.on_epoch_end(epoch.epoch, {"loss": epoch.loss, **measured})

    def state(self):
        """What a callback remembers, if it tells; the optimizer counts for a schedule."""
        return self.schedule.state_dict() if hasattr(self.schedule, "state_dict") else {}

    def take_up(self, state, epochs):
        """Go on from a state; a callback that tells none follows these epochs again."""
        if state:
            self.schedule.load_state_dict(state)
        elif self.follows_loss:
            for epoch in epochs:
                self.optimizer.learning_rate = epoch.learning_rate
                self.after_epoch(epoch)


@keras.saving.register_keras_serializable("tf_impl")
class ByEpoch(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that counts epochs of so many steps: schedule(⌊step / steps_per_epoch⌋)."""

    def __init__(self, schedule, steps_per_epoch):
        self.schedule = schedule
        self.steps_per_epoch = steps_per_epoch

    def __call__(self, step):
        return self.schedule(step // self.steps_per_epoch)

    def get_config(self):
        schedule = keras.saving.serialize_keras_object(self.schedule)
        return {"schedule": schedule, "steps_per_epoch": self.steps_per_epoch}

    @classmethod
    def from_config(cls, config):
        schedule = keras.saving.deserialize_keras_object(config["schedule"])
        return cls(schedule, config["steps_per_epoch"])
