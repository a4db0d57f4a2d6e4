"""Faults that no check can see because they change no result, each with its reason."""

from parity_tests.faults.equivalents import Equivalent

HALVES = ("tf_impl", "torch_impl")
AT_0 = "both branches are 0 at x = 0"
NOT_CHOSEN = "for x > 0 the other branch is chosen, and e^1 is as finite as e^0"
SLICE = "it has three tensors, and a slice of the first four holds them"
ALIKE = "all weights of a layer are on one device, and all rows of a kernel as long"
UNSEEN = "what is padded more behind, no window reaches"
NONE_DRAWN = "the diagonal is 0 for a column of zeros alone, which no draw has"
ONE_AXIS = "a bias has one axis, the first and the last"
EVEN = "the slope of tanh is even, and tanh itself enters it squared"
DIVIDED = "to divide by 1 or −1 is to multiply by it"
ITS_SIGN = "only its sign is used"
WHITENING = (
    "tf_impl/preprocessing/whitening",
    "torch_impl/preprocessing/whitening",
    "shared/reference/preprocessing",
)
AS_MANY = "there are as many rows of both"
TWO_AXES = "it has two axes, of which the last is the first after the batch or the inputs"
LAYERS = (
    *(
        (f"{half}/layers/linear.py", "linear", "differentiable(linear_gradient, tensors=3)",
         "differentiable(linear_gradient, tensors=4)", SLICE)
        for half in HALVES
    ),
    ("tf_impl/layers/regularization.py", "Dropout.call",
     "... seed=self.seed_generator) >= self.rate", "... seed=self.seed_generator) > self.rate",
     "a draw that equals the rate is one of 2^24 at most"),
    ("torch_impl/losses.py", "binary_cross_entropy_with_logits_gradient",
     "... _upstream(g, reduction, x) * sign * (wrong - (1 - wrong) * e) / ...",
     "... _upstream(g, reduction, x) / sign * (wrong - (1 - wrong) * e) / ...", DIVIDED),
    ("torch_impl/framework.py", "_measure_captured", "torch.compiler.reset()", "pass",
     "it frees the graphs before; what is compiled counts its variants by itself"),
    ("torch_impl/framework.py", "differentiable.decorate",
     "formula.__signature__ = inspect.signature(formula)", "pass",
     "torch works the signature out at every call where none is attached"),
    ("torch_impl/layers/linear.py", "autocast", "device = weights[0].device.type",
     "device = weights[1].device.type", ALIKE),
    ("torch_impl/builtins/losses.py", "",
     "... 'second_x', SecondWithEpsilon(1e-12), EPSILON, **EAGER, ...",
     "... 'second_x', SecondWithEpsilon(1.001e-12), EPSILON, **EAGER, ...",
     "the bound of a departure, a thousandth wider"),
    ("torch_impl/builtins/layers.py", "conv2d",
     "... stride) - 1) * stride + k - n, 0) for n, k in sizes]",
     "... stride) - 1) * stride + k - n, 1) for n, k in sizes]", UNSEEN),
    *(
        ("torch_impl/builtins/layers.py", "conv2d",
         "rows, columns = ((total // 2, total - total // 2) for total in totals)",
         f"rows, columns = ((total // 2, {more}) for total in totals)", UNSEEN)
        for more in ("total - total // 3", "total")
    ),
    ("tf_impl/builtins/layers.py", "_over_time", "after.append(tf.concat(states, axis=-1))",
     "after.append(tf.concat(states, axis=1))", TWO_AXES),
    ("torch_impl/builtins/layers.py", "_over_time", "after.append(torch.cat(states, dim=-1))",
     "after.append(torch.cat(states, dim=1))", TWO_AXES),
    *(
        (f"{half}/initializers.py", "orthogonal", f"Q = Q * (1 - 2 * {sign})",
         f"Q = Q {operator} (1 - 2 * {sign.replace('<', comparison)})", reason)
        for half, sign in (
            ("tf_impl", "tf.cast(tf.linalg.diag_part(R) < 0, Q.dtype)"),
            ("torch_impl", "(torch.diagonal(R) < 0).to(Q.dtype)"),
        )
        for operator, comparison, reason in (
            ("*", "<=", NONE_DRAWN),
            ("/", "<", DIVIDED),
        )
    ),
    ("tf_impl/layers/recurrent.py", "simple_rnn_gradient",
     "z = x @ kernel + bias + h_before @ recurrent_kernel",
     "z = -(x @ kernel + bias + h_before @ recurrent_kernel)", EVEN),
    ("torch_impl/layers/recurrent.py", "simple_rnn_gradient",
     "z = x @ weight.T + bias + h_before @ recurrent_weight.T",
     "z = -(x @ weight.T + bias + h_before @ recurrent_weight.T)", EVEN),
    ("torch_impl/layers/recurrent.py", "_Recurrent.forward",
     "hx = (x.new_zeros(1, len(x), self.hidden_size),) * self.states",
     "hx = (x.new_zeros(2, len(x), self.hidden_size),) * self.states",
     "of the first axis, that of layers, one is read"),
    ("tf_impl/layers/recurrent.py", "_unit_forget_bias",
     "i, f, n, o = tf.split(tf.zeros(shape, dtype), 4, axis=-1)",
     "i, f, n, o = tf.split(tf.zeros(shape, dtype), 4, axis=0)", ONE_AXIS),
    ("tf_impl/layers/recurrent.py", "_unit_forget_bias",
     "return tf.concat([i, f + 1, n, o], axis=-1)",
     "return tf.concat([i, f + 1, n, o], axis=0)", ONE_AXIS),
    ("shared/reference/layers/normalization.py", "_errors",
     "d = x - np.mean(x, axis=axes, keepdims=True)",
     "d = -(x - np.mean(x, axis=axes, keepdims=True))", "it is only squared, or its size taken"),
    ("shared/reference/layers/normalization.py", "running_statistics_terms",
     "of_v, _, _ = _errors(x, _leading(x), 1.0)", "of_v, _, _ = _errors(x, _leading(x), 1.001)",
     "the error of v is that before epsilon is added"),
    ("shared/reference/layers/pooling.py", "max_pool2d_gradient",
     "values = x[window].reshape(len(x), -1, x.shape[-1])",
     "values = x[window].reshape(len(x), -2, x.shape[-1])",
     "NumPy works out a size for any negative number"),
    ("shared/reference/initializers.py", "orthogonal", "Q = Q * np.where(np.diag(R) < 0, -1, 1)",
     "Q = Q * np.where(np.diag(R) <= 0, -1, 1)", NONE_DRAWN),
    ("shared/reference/initializers.py", "orthogonal", "Q = Q * np.where(np.diag(R) < 0, -1, 1)",
     "Q = Q / np.where(np.diag(R) < 0, -1, 1)", DIVIDED),
    *(
        (f"{path}.py", "principal_directions", "d = x - mean", "d = -(x - mean)",
         "it enters the covariance squared")
        for path in WHITENING
    ),
    *(
        (f"{half}/preprocessing/whitening.py", "_signed",
         f"leading = {sum_}({chosen}, 0)", f"leading = {mean}({chosen}, 0)", ITS_SIGN)
        for half, sum_, mean, chosen in (
            ("tf_impl", "tf.reduce_sum", "tf.reduce_mean", "tf.where(first, V, tf.zeros_like(V))"),
            ("torch_impl", "torch.sum", "torch.mean", "torch.where(first, V, 0)"),
        )
    ),
    *(
        (f"{half}/preprocessing/whitening.py", "_signed", f"return V * {sign}(leading)",
         f"return V / {sign}(leading)", DIVIDED)
        for half, sign in (("tf_impl", "tf.sign"), ("torch_impl", "torch.sign"))
    ),
    ("shared/reference/preprocessing.py", "signed",
     "return V * np.where(np.sum(V * first, 0) < 0, -1, 1)",
     "return V * np.where(np.mean(V * first, 0) < 0, -1, 1)", ITS_SIGN),
    ("shared/reference/preprocessing.py", "signed",
     "return V * np.where(np.sum(V * first, 0) < 0, -1, 1)",
     "return V * np.where(np.sum(V * first, 0) <= 0, -1, 1)",
     "the largest component of a unit vector is not 0"),
    ("shared/reference/preprocessing.py", "signed",
     "return V * np.where(np.sum(V * first, 0) < 0, -1, 1)",
     "return V / np.where(np.sum(V * first, 0) < 0, -1, 1)", DIVIDED),
    ("torch_impl/training.py", "_readable",
     "dtype = array(torch.empty(0, dtype=trainable[0].dtype)).dtype",
     "dtype = array(torch.empty(1, dtype=trainable[0].dtype)).dtype",
     "only the dtype of these numbers is asked for"),
    *(
        (f"{half}/training.py", "_mean_loss",
         "for rows in batches(len(data[0]), batch_size, shuffle=False):",
         "for rows in batches(len(data[1]), batch_size, shuffle=False):", AS_MANY)
        for half in HALVES
    ),
    ("tf_impl/training.py", "fit", "scheduled.after_step()", "pass",
     "it does nothing in this half, whose loop has the other's lines"),
    ("tf_impl/training.py", "_readable", "model(arrays[0][:1])", "model(arrays[0][:2])",
     "a model is built by one row as by two"),
    *(
        (f"{half}/models/{model.lower()}.py", f"{model}.classify",
         f"return {argmax}(self(x), -1)", f"return {argmax}(self(x), 1)", TWO_AXES)
        for half, argmax in (("tf_impl", "tf.argmax"), ("torch_impl", "torch.argmax"))
        for model in ("MLP", "CNN", "FeedForward")
    ),
    ("tf_impl/models/gan.py", "make_game", "W = discriminator.trainable_variables[0]",
     "W = discriminator.trainable_variables[1]", "all weights have one dtype and device"),
    ("tf_impl/models/cnn.py", "CNN.build", "h = tf.zeros((1, *self.image), self.compute_dtype)",
     "h = tf.zeros((2, *self.image), self.compute_dtype)", "two images are as large as one"),
    ("torch_impl/models/cnn.py", "CNN.__init__",
     "C, H, W = self(torch.zeros((1, *self.image))).shape[1:]",
     "C, H, W = self(torch.zeros((2, *self.image))).shape[1:]", "two images are as large as one"),
    ("shared/reference/training.py", "descend",
     "steps = iter(zip(batches, rates, range(1, len(rates) + 1), strict=True))",
     "steps = iter(zip(batches, rates, range(1, len(rates) + 2), strict=True))",
     "as many steps are taken as there are rates"),
    ("shared/batches.py", "check_pairs", "if not rows[0]:", "if not rows[1]:", AS_MANY),
    *(
        ("shared/batches.py", "check_count", "count = least - 1", f"count = {less}",
         "any number below the least is refused")
        for less in ("-(least - 1)", "least - 2")
    ),
    ("shared/runs.py", "progress_bar",
     "task = bar.add_task('', total=steps, completed=done, epoch=0, loss=math.nan)",
     "task = bar.add_task('', total=steps, completed=done, epoch=1, loss=math.nan)",
     "it stands there until the first step ends"),
    ("shared/reference/layers/recurrent.py", "_value",
     "... np.stack([np.concatenate(state, axis=-1) for state in ...",
     "... np.stack([np.concatenate(state, axis=1) for state in ...", TWO_AXES),
    ("shared/reference/layers/recurrent.py", "_walk_back",
     "upstream = np.split(nudge(g[:, t]), len(first), axis=-1)",
     "upstream = np.split(nudge(g[:, t]), len(first), axis=1)", TWO_AXES),
    ("shared/reference/layers/recurrent.py", "_terms",
     "... np.concatenate([np.concatenate(first, axis=-1)[:, None], h[:, ...",
     "... np.concatenate([np.concatenate(first, axis=1)[:, None], h[:, ...", TWO_AXES),
    ("shared/reference/layers/recurrent.py", "_products",
     "... bias.ndim == 2 else g_b[0])", "... bias.ndim == 2 else g_b[1])",
     "of a layer with one bias both sums are the same"),
    *(
        (f"{half}/initializers.py", "Zeros.__init__", "def __init__(self, *, seed=0):",
         "def __init__(self, *, seed=1):", "zeros are drawn from no generator")
        for half in HALVES
    ),
    ("shared/weights/disk.py", "save", "file.flush()", "pass",
     "it shows if the power fails between writing and renaming"),
    ("shared/weights/drawing.py", "_draw", "return 0.5 + standard_draw('uniform', shape, seed)",
     "return 0.5005 + standard_draw('uniform', shape, seed)", "any positive numbers would do"),
    ("shared/weights/tensors.py", "_regrouped",
     "... np.split(values, len(order), axis=-1), strict=True))",
     "... np.split(values, len(order), axis=1), strict=True))", TWO_AXES),
    ("shared/weights/tensors.py", "_regrouped",
     "return np.concatenate([gates[letter] for letter in wanted], axis=-1)",
     "return np.concatenate([gates[letter] for letter in wanted], axis=1)", TWO_AXES),
)  # fmt: skip
EQUIVALENTS: tuple[Equivalent, ...] = (
    *(Equivalent(*entry) for entry in LAYERS),
    *(
        Equivalent(
            f"{half}/activations.py",
            "prelu",
            "differentiable(prelu_gradient, tensors=2)",
            "differentiable(prelu_gradient, tensors=3)",
            "prelu has two arguments, and a slice of the first three holds both",
        )
        for half in HALVES
    ),
    Equivalent(
        "tf_impl/activations.py",
        "elu_gradient",
        "... alpha * tf.exp(tf.minimum(x, 0)) * (1 - positive))",
        "... alpha * tf.exp(tf.minimum(x, 1)) * (1 - positive))",
        "for x > 0 the factor 1 − positive is 0, and e^1 is as finite as e^0",
    ),
    Equivalent(
        "torch_impl/activations.py",
        "elu_gradient",
        "... torch.exp(torch.clamp(x, max=0)) * (1 - positive))",
        "... torch.exp(torch.clamp(x, max=1)) * (1 - positive))",
        "for x > 0 the factor 1 − positive is 0, and e^1 is as finite as e^0",
    ),
    Equivalent(
        "torch_impl/activations.py",
        "_largest",
        "... if x.numel() else torch.sum(x, dim, keepdim=True)",
        "... if x.numel() else torch.mean(x, dim, keepdim=True)",
        "of no numbers only the shape matters, and nothing is computed from it",
    ),
    *(
        Equivalent("shared/reference/activations.py", function, before, after, reason)
        for function, before, after, reason in (
            (
                "leaky_relu",
                "return np.where(x > 0, x, negative_slope * x)",
                "return np.where(x >= 0, x, negative_slope * x)",
                AT_0,
            ),
            (
                "prelu",
                "return np.where(x > 0, x, slope * x)",
                "return np.where(x >= 0, x, slope * x)",
                AT_0,
            ),
            (
                "elu",
                "return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))",
                "return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0.0)))",
                AT_0,
            ),
            (
                "elu",
                "return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))",
                "return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 1.0)))",
                NOT_CHOSEN,
            ),
            (
                "elu_gradient",
                "return np.where(x > 0, g, g * alpha * np.exp(np.minimum(x, 0.0)))",
                "return np.where(x > 0, g, g * alpha * np.exp(np.minimum(x, 1.0)))",
                NOT_CHOSEN,
            ),
            (
                "elu_second",
                "return np.where(x > 0, 0.0, v * g * alpha * np.exp(np.minimum(x, 0.0)))",
                "return np.where(x > 0, 0.0, v * g * alpha * np.exp(np.minimum(x, 1.0)))",
                NOT_CHOSEN,
            ),
            (
                "sigmoid",
                "return np.where(x >= 0, 1.0, e) / (1 + e)",
                "return np.where(x > 0, 1.0, e) / (1 + e)",
                "at x = 0 e is 1",
            ),
            (
                "_sum_to",
                "... axis=(*range(lead), *shared), keepdims=False).reshape(shape)",
                "... axis=(*range(lead), *shared), keepdims=True).reshape(shape)",
                "the sum is given its shape whether it kept its axes or not",
            ),
        )
    ),
    Equivalent(
        "torch_impl/builtins/activations.py",
        "softplus",
        "return F.softplus(x, threshold=40)",
        "return F.softplus(x, threshold=41)",
        "from x = 40 on log(1 + e^−x) = 4e−18 is below half an ULP of x, and 1 − σ(x) of 1",
    ),
    Equivalent(
        "shared/reference/schedules.py",
        "cosine_decay",
        "left = (decay_epochs - np.minimum(t, decay_epochs)) / decay_epochs",
        "left = -((decay_epochs - np.minimum(t, decay_epochs)) / decay_epochs)",
        "the cosine is even",
    ),
    Equivalent(
        "shared/tuning.py",
        "_seed",
        "return int(np.random.SeedSequence([seed, tried]).generate_state(1)[0])",
        "return int(np.random.SeedSequence([seed, tried]).generate_state(2)[0])",
        "the first word of a state does not depend on how many are asked for",
    ),
    Equivalent(
        "shared/checkpoints.py",
        "write_record",
        "... RECORD).write_text(json.dumps(record, indent=1), encoding='utf-8')",
        "... RECORD).write_text(json.dumps(record, indent=2), encoding='utf-8')",
        "how far the lines of the record are indented is a matter of looks",
    ),
    *(
        Equivalent(f"{half}/models/gan.py", function, before, after, reason)
        for half in HALVES
        for function, before, after, reason in (
            *(
                (
                    "train",
                    "... None, None, noise=noise(0, 0, batch_size), loss=loss, ...",
                    f"... None, None, noise=noise({drawn}, batch_size), loss=loss, ...",
                    "any of its draws tells one noise from another",
                )
                for drawn in ("0, 1", "1, 0")
            ),
            *(
                (
                    "_trained",
                    "... Scheduled(optimizer, None, 'epoch', 1, False))",
                    f"... Scheduled(optimizer, None, 'epoch', {more}))",
                    "no schedule counts steps or follows a loss",
                )
                for more in ("1, True", "2, False")
            ),
        )
    ),
    *(
        Equivalent(
            f"{half}/training.py",
            "fit",
            "run = {} if checkpoint is None else described(x, y, validation, ...",
            "run = described(x, y, validation, loss=loss, batch_size=batch_size, ...",
            "a run that is not kept needs no words, and they only take time",
        )
        for half in HALVES
    ),
)
