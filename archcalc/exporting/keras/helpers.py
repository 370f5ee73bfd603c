"""What Keras has no layer for, as small classes and functions written where they are needed."""

from __future__ import annotations

MAKE_DIVISIBLE = '''
def make_divisible(v: float, divisor: int = 8, min_value: int | None = None) -> int:
    """The multiple of the divisor nearest to v, never more than 10% below it."""
    v = round(v, 9)  # 0.7 * 360 is a little less than 252
    new = max(min_value or divisor, int(v + divisor / 2) // divisor * divisor)
    return new + divisor if 10 * new < 9 * v else new
'''

LRN = '''
@keras.saving.register_keras_serializable()
class LocalResponseNormalization(layers.Layer):
    """x / (k + alpha / size * sum of squares over neighbouring channels) ** beta."""

    def __init__(self, size, alpha=1e-4, beta=0.75, k=1.0, **kwargs):
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x):
        around = [(0, 0)] * (len(x.shape) - 1) + [(self.size // 2, (self.size - 1) // 2)]
        squares = ops.pad(ops.square(x), around)
        total = sum(squares[..., i : i + x.shape[-1]] for i in range(self.size))
        return x / (self.k + self.alpha / self.size * total) ** self.beta

    def get_config(self):
        own = {"size": self.size, "alpha": self.alpha, "beta": self.beta, "k": self.k}
        return {**super().get_config(), **own}
'''

RBF = '''
@keras.saving.register_keras_serializable()
class RBF(layers.Layer):
    """Squared distances from centres (LeCun et al. 1998, equation 7)."""

    def __init__(self, units, fixed=True, **kwargs):
        super().__init__(**kwargs)
        self.units, self.fixed = units, fixed

    def build(self, shape):
        self.centres = self.add_weight(
            shape=(self.units, shape[-1]),
            initializer=keras.initializers.RandomUniform(-1.0, 1.0),
            trainable=not self.fixed,
            name="centres",
        )

    def call(self, x):
        return ops.sum(ops.square(ops.expand_dims(x, -2) - self.centres), axis=-1)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "fixed": self.fixed}
'''

SUBSAMPLE = '''
@keras.saving.register_keras_serializable()
class Subsample(layers.Layer):
    """Windows summed, with a trainable coefficient and bias a map (LeCun et al. 1998)."""

    def __init__(self, pool_size, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = pool_size

    def build(self, shape):
        start = keras.initializers.Constant(1 / math.prod(self.pool_size))
        self.scale = self.add_weight(shape=(shape[-1],), initializer=start, name="scale")
        self.bias = self.add_weight(shape=(shape[-1],), initializer="zeros", name="bias")

    def call(self, x):
        means = ops.average_pool(x, self.pool_size, self.pool_size)
        return means * math.prod(self.pool_size) * self.scale + self.bias

    def get_config(self):
        return {**super().get_config(), "pool_size": self.pool_size}
'''

TABLE_CONV = '''
@keras.saving.register_keras_serializable()
class TableConv(layers.Layer):
    """A convolution whose output map i reads the input maps of row i of a table (LeNet-5's C3)."""

    def __init__(
        self,
        table,
        kernel_size,
        strides=1,
        dilation_rate=1,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.table, self.kernel_size, self.use_bias = table, kernel_size, use_bias
        self.strides, self.dilation_rate = strides, dilation_rate
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, shape):
        pairs = [(i, o) for o, row in enumerate(self.table) for i in row]
        kept = [i * len(self.table) + o for i, o in pairs]
        every = range(shape[-1] * len(self.table))
        self.places = [kept.index(m) if m in kept else len(kept) for m in every]
        self.kernel = self.add_weight(
            shape=(len(pairs), *self.kernel_size),
            initializer=self.kernel_initializer,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(shape=(len(self.table),), initializer="zeros", name="bias")

    def call(self, x):
        # The table's kernels among kernels of zeros, so that one convolution does the work.
        zeros = ops.zeros((1, *self.kernel_size), dtype=self.kernel.dtype)
        every = ops.take(ops.concatenate([self.kernel, zeros]), self.places, axis=0)
        every = ops.reshape(every, (x.shape[-1], len(self.table), *self.kernel_size))
        every = ops.transpose(every, (*range(2, len(x.shape)), 0, 1))
        x = ops.conv(x, every, self.strides, "valid", dilation_rate=self.dilation_rate)
        return x + self.bias if self.use_bias else x

    def get_config(self):
        own = {"table": self.table, "kernel_size": self.kernel_size, "strides": self.strides}
        own |= {"dilation_rate": self.dilation_rate, "use_bias": self.use_bias}
        own["kernel_initializer"] = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), **own}
'''

LAYER_SCALE = '''
@keras.saving.register_keras_serializable()
class LayerScale(layers.Layer):
    """A trainable factor of every channel, small at the start."""

    def __init__(self, init=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.init = init

    def build(self, shape):
        start = keras.initializers.Constant(self.init)
        self.gamma = self.add_weight(shape=(shape[-1],), initializer=start, name="gamma")

    def call(self, x):
        return x * self.gamma

    def get_config(self):
        return {**super().get_config(), "init": self.init}
'''

CHANNEL_SHUFFLE = '''
def channel_shuffle(x: keras.KerasTensor, groups: int) -> keras.KerasTensor:
    """Interleaves groups of channels."""
    sides, channels = x.shape[1:-1], x.shape[-1]
    x = ops.reshape(x, (-1, *sides, groups, channels // groups))
    order = (*range(len(sides) + 1), len(sides) + 2, len(sides) + 1)
    return ops.reshape(ops.transpose(x, order), (-1, *sides, channels))
'''

PIXEL_SHUFFLE = '''
def pixel_shuffle(x: keras.KerasTensor, factor: int) -> keras.KerasTensor:
    """Channels as blocks of factor x factor pixels, in PyTorch's order of the channels."""
    height, width, channels = x.shape[1:]
    channels //= factor * factor
    x = ops.reshape(x, (-1, height, width, channels, factor, factor))
    x = ops.transpose(x, (0, 1, 4, 2, 5, 3))
    return ops.reshape(x, (-1, height * factor, width * factor, channels))
'''

PIXEL_UNSHUFFLE = '''
def pixel_unshuffle(x: keras.KerasTensor, factor: int) -> keras.KerasTensor:
    """Blocks of factor x factor pixels as channels, in PyTorch's order of the channels."""
    height, width, channels = x.shape[1:]
    height, width = height // factor, width // factor
    x = ops.reshape(x, (-1, height, factor, width, factor, channels))
    x = ops.transpose(x, (0, 1, 3, 5, 2, 4))
    return ops.reshape(x, (-1, height, width, channels * factor * factor))
'''

L2_NORM = '''
@keras.saving.register_keras_serializable()
class L2Norm(layers.Layer):
    """L2 normalisation over the channels, with a learnable scale per channel."""

    def __init__(self, start=1.0, eps=1e-12, **kwargs):
        super().__init__(**kwargs)
        self.start, self.eps = start, eps

    def build(self, shape):
        start = keras.initializers.Constant(self.start)
        self.scale = self.add_weight(shape=(shape[-1],), initializer=start, name="scale")

    def call(self, x):
        norm = ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True))
        return x / ops.maximum(norm, self.eps) * self.scale

    def get_config(self):
        return {**super().get_config(), "start": self.start, "eps": self.eps}
'''

MAXOUT = '''
def maxout(x: keras.KerasTensor, pieces: int) -> keras.KerasTensor:
    """The largest of neighbouring channels."""
    return ops.max(ops.reshape(x, (-1, *x.shape[1:-1], x.shape[-1] // pieces, pieces)), axis=-1)
'''

PADDED_MEAN = '''
def padded_mean(x, pool_size, strides, padding, counted=None):
    """Average pooling with rows (begin, end) around every axis, which the means do not count.

    Of the rows in `padding`, those in `counted` are counted all the same.
    """
    padding = ((0, 0), *padding, (0, 0))
    inside = ((0, 0), *counted, (0, 0)) if counted else ((0, 0),) * len(padding)
    outside = [(p[0] - c[0], p[1] - c[1]) for p, c in zip(padding, inside, strict=True)]
    ones = ops.pad(ops.ones_like(x[:1, ..., :1]), inside, constant_values=1.0)
    shares = ops.average_pool(ops.pad(ones, outside), pool_size, strides)
    return ops.average_pool(ops.pad(x, padding), pool_size, strides) / shares
'''

HELPERS: dict[str, str] = {
    "make_divisible": MAKE_DIVISIBLE,
    "LocalResponseNormalization": LRN,
    "RBF": RBF,
    "Subsample": SUBSAMPLE,
    "TableConv": TABLE_CONV,
    "LayerScale": LAYER_SCALE,
    "channel_shuffle": CHANNEL_SHUFFLE,
    "pixel_shuffle": PIXEL_SHUFFLE,
    "pixel_unshuffle": PIXEL_UNSHUFFLE,
    "L2Norm": L2_NORM,
    "maxout": MAXOUT,
    "padded_mean": PADDED_MEAN,
}
"""Every helper's text, in the order in which they stand in the file."""

RESERVED = frozenset(HELPERS) | {
    "keras", "layers", "ops", "build", "name", "count", "model", "inputs", "outputs",
    "training_heads", "in_channels", "Sequence", "Any", "sys",
}  # fmt: skip
"""Names that no function or variable of a net may take."""


def with_needed(names: set[str]) -> list[str]:
    """The helpers asked for, in order."""
    return [word for word in HELPERS if word in names]
