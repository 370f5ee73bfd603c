"""What PyTorch lacks, as small classes and functions that are only written if they are used."""

from __future__ import annotations

import re

LAMBDA = '''
class Lambda(nn.Module):
    """A function as a layer of a chain."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)
'''

TYPE_VARIABLE = '_Layer = TypeVar("_Layer", bound=nn.Module)'
"""Written right after the imports if `init_weight` is used."""

INIT_WEIGHT = '''
def init_weight(layer: _Layer, method: Callable[..., Any], **arguments: Any) -> _Layer:
    """The layer, its weight initialised by a function of nn.init."""
    method(layer.weight, **arguments)
    return layer
'''

RBF = '''
class RBF(nn.Module):
    """Squared distances to centres (LeCun et al. 1998, equation 7), at first random +1 and -1."""

    weight: Tensor

    def __init__(self, in_features: int, out_features: int, trainable: bool = False) -> None:
        super().__init__()
        centres = torch.randint(0, 2, (out_features, in_features)).float() * 2 - 1
        if trainable:
            self.weight = nn.Parameter(centres)
        else:
            self.register_buffer("weight", centres)

    def forward(self, x: Tensor) -> Tensor:
        return (x.unsqueeze(-2) - self.weight).square().sum(-1)
'''

DROP_PATH = '''
class DropPath(nn.Module):
    """Drops a whole branch of a sample in training (stochastic depth)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape[0], *[1] * (x.dim() - 1), device=x.device) >= self.p
        return x * keep / max(1 - self.p, 1e-9)
'''

LAYER_SCALE = '''
class LayerScale(nn.Module):
    """A trainable factor of every channel."""

    def __init__(self, *shape: int, init: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, float(init)))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight
'''

L2_NORM = '''
class L2Norm(nn.Module):
    """L2 normalisation over the channels, with a learnable scale per channel."""

    def __init__(self, channels: int, scale: float = 1.0, eps: float = 1e-12) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), float(scale)))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        shape = (-1, *[1] * (x.dim() - 2))
        return nn.functional.normalize(x, dim=1, eps=self.eps) * self.weight.view(shape)
'''

SELF_ATTENTION = '''
class SelfAttention(nn.Module):
    """Multi-head self-attention, with the parameters of nn.MultiheadAttention."""

    def __init__(self, channels: int, heads: int, bias: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * channels, channels))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * channels)) if bias else None
        self.out_proj = nn.Linear(channels, channels, bias)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.linear(x, self.in_proj_weight, self.in_proj_bias)
        query, key, value = torch.unflatten(x, 2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
        x = (torch.softmax(scores, 3) @ value).transpose(1, 2).flatten(2)
        projected: Tensor = self.out_proj(x)
        return projected
'''

CHANNEL_SHUFFLE = '''
def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Interleaves groups of channels."""
    return torch.unflatten(x, 1, (groups, -1)).transpose(1, 2).flatten(1, 2)
'''

CROP_TO = '''
def crop_to(x: Tensor, size: Sequence[int]) -> Tensor:
    """The middle of x, with sides of this size."""
    for axis, (n, wanted) in enumerate(zip(x.shape[2:], size, strict=True), 2):
        x = x.narrow(axis, (n - wanted) // 2, wanted)
    return x
'''

PAD_LIKE = '''
def pad_like(x: Tensor, like: Tensor, mode: str = "constant") -> Tensor:
    """x padded to the sides of another tensor, the odd row at the end."""
    pads: list[int] = []
    for n, wanted in zip(x.shape[2:], like.shape[2:], strict=True):
        missing = wanted - n
        pads = [missing // 2, missing - missing // 2, *pads]
    return nn.functional.pad(x, pads, mode)
'''

MAKE_DIVISIBLE = '''
def make_divisible(v: float, divisor: int = 8, min_value: int | None = None) -> int:
    """The multiple of the divisor nearest to v, and not below 0.9 v."""
    v = round(v, 9)  # 0.7 * 360 is a little less than 252
    new = max(min_value or divisor, int(v + divisor / 2) // divisor * divisor)
    return new + divisor if 10 * new < 9 * v else new
'''

SAME_PADS = '''
def same_pads(
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    lower: bool = False,
) -> list[int]:
    """Rows for ceil(n / stride) outputs, the odd one at the end (or start); last axis first."""
    pads: list[int] = []
    for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True):
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        begin = (total + 1) // 2 if lower else total // 2
        pads = [begin, total - begin, *pads]
    return pads
'''

PADDED_CONV = '''
class Padded{base}{n}d({nn}{base}{n}d):
    """A convolution with unequal rows of zeros; `pads` has the last axis first."""

    def __init__(self, *arguments: Any, pads: tuple[int, ...], **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.pads = pads

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(nn.functional.pad(input, self.pads))
'''

SAME_CONV = '''
class Same{base}{n}d({nn}{base}{n}d):
    """A convolution with ceil(n / stride) outputs, the odd row of zeros at the end (or start)."""

    def __init__(self, *arguments: Any, lower: bool = False, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.lower = lower

    def forward(self, input: Tensor) -> Tensor:
        pads = same_pads(input, self.kernel_size, self.stride, self.dilation, self.lower)
        return super().forward(nn.functional.pad(input, pads))
'''

CROPPED = '''
class CroppedConvTranspose{n}d(nn.ConvTranspose{n}d):
    """A transposed convolution with unequal numbers of rows cut off, (begin, end) an axis."""

    def __init__(
        self, *arguments: Any, crops: tuple[tuple[int, int], ...], **keywords: Any
    ) -> None:
        super().__init__(*arguments, **keywords)
        self.crops = crops

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        x = super().forward(input, output_size)
        for axis, (begin, end) in enumerate(self.crops, 2):
            x = x.narrow(axis, begin, x.shape[axis] - begin - end)
        return x
'''

TABLE_CONV = '''
class TableConv{n}d(nn.Module):
    """A convolution whose output maps read only the input maps of their row of a table."""

    def __init__(
        self,
        table: Sequence[Sequence[int]],
        kernel: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.reads = [m for row in table for m in row]
        self.lengths = [len(row) for row in table]
        self.kernel_size, self.stride = spread(kernel, {n}), spread(stride, {n})
        self.padding, self.dilation = spread(padding, {n}), spread(dilation, {n})
        self.weight = nn.Parameter(torch.empty(len(self.reads), *self.kernel_size))
        # As PyTorch's convolutions begin, with the mean length of a row as the channels.
        bound = (len(table) / self.weight.numel()) ** 0.5
        nn.init.uniform_(self.weight, -bound, bound)
        self.bias = nn.Parameter(torch.zeros(len(table))) if bias else None

    def forward(self, input: Tensor) -> Tensor:
        # One kernel for every entry of the table, then the entries of a row summed.
        x, weight, count = input[:, self.reads], self.weight.unsqueeze(1), len(self.reads)
        window = self.stride, self.padding, self.dilation
        x = nn.functional.conv{n}d(x, weight, None, *window, count)
        x = torch.stack([part.sum(1) for part in torch.split(x, self.lengths, 1)], 1)
        return x if self.bias is None else x + self.bias.view(-1, *[1] * {n})
'''

SPREAD = '''
def spread(value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """One number an axis."""
    return (value,) * axes if isinstance(value, int) else tuple(value)
'''

SUBSAMPLE = '''
class Subsample{n}d(nn.Module):
    """Windows summed, with a trainable coefficient and bias a map (LeCun et al. 1998)."""

    def __init__(self, channels: int, kernel: int | tuple[int, ...] = 2) -> None:
        super().__init__()
        self.kernel = spread(kernel, {n})
        self.weight = nn.Parameter(torch.full((channels,), 1 / math.prod(self.kernel)))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        sums: Tensor = nn.functional.avg_pool{n}d(x, self.kernel) * math.prod(self.kernel)
        shape = (-1, *[1] * {n})
        return sums * self.weight.view(shape) + self.bias.view(shape)
'''

WINDOW_PADS = '''
def window_pads(
    x: Tensor,
    windows: tuple[Sequence[int], Sequence[int], Sequence[int]],
    padding: str | tuple[tuple[int, int], ...],
    ceil_mode: bool,
) -> tuple[list[int], list[int]]:
    """Rows around x, and the further ones at the end that ceil_mode adds; last axis first.

    `windows` are the kernel, the stride and the dilation.
    """
    if isinstance(padding, str):
        pads = same_pads(x, *windows, lower=padding == "same_lower")
    else:
        pads = [rows for side in reversed(padding) for rows in side]
    extra: list[int] = []
    sides = zip(pads[-2::-2], pads[-1::-2], strict=True)
    axes = zip(x.shape[2:], sides, *windows, strict=True)
    for n, (begin, end), k, s, d in axes:
        span = d * (k - 1) + 1
        count = -(-(n + begin + end - span) // s) + 1
        if (count - 1) * s >= n + begin:
            count -= 1
        rows = max((count - 1) * s + span - n - begin - end, 0)
        extra = [0, rows if ceil_mode else 0, *extra]
    return pads, extra
'''

MAX_POOL = '''
def max_pool{n}d(
    x: Tensor,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...],
    padding: str | tuple[tuple[int, int], ...],
    dilation: int | tuple[int, ...] = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Max pooling with unequal padding, or same."""
    windows = spread(kernel, {n}), spread(stride, {n}), spread(dilation, {n})
    for pads in window_pads(x, windows, padding, ceil_mode):
        x = nn.functional.pad(x, pads, value=-math.inf)
    pooled: Tensor = nn.functional.max_pool{n}d(x, windows[0], windows[1], 0, windows[2])
    return pooled
'''

AVG_POOL = '''
def avg_pool{n}d(
    x: Tensor,
    kernel: int | tuple[int, ...],
    stride: int | tuple[int, ...],
    padding: str | tuple[tuple[int, int], ...],
    count_include_pad: bool = True,
    ceil_mode: bool = False,
) -> Tensor:
    """Average pooling with unequal padding, or same."""
    windows = spread(kernel, {n}), spread(stride, {n}), (1,) * {n}
    pads, extra = window_pads(x, windows, padding, ceil_mode)
    counted = nn.functional.pad(torch.ones_like(x[:1, :1]), pads, value=float(count_include_pad))
    counted = nn.functional.pad(counted, extra)
    x = nn.functional.pad(nn.functional.pad(x, pads), extra)
    sums: Tensor = nn.functional.avg_pool{n}d(x, windows[0], windows[1])
    shares: Tensor = nn.functional.avg_pool{n}d(counted, windows[0], windows[1])
    return sums / shares
'''


def _written(text: str, n: int, base: str = "") -> str:
    """A helper for n axes, on top of another class."""
    text = text.replace("{nn}", "" if base == "TableConv" else "nn.")
    return text.replace("{base}", base).replace("{n}", str(n))


_FOR_RANKS = {
    "TableConv{n}d": (TABLE_CONV, ""),
    "PaddedConv{n}d": (PADDED_CONV, "Conv"),
    "SameConv{n}d": (SAME_CONV, "Conv"),
    "PaddedTableConv{n}d": (PADDED_CONV, "TableConv"),
    "SameTableConv{n}d": (SAME_CONV, "TableConv"),
    "CroppedConvTranspose{n}d": (CROPPED, ""),
    "Subsample{n}d": (SUBSAMPLE, ""),
    "max_pool{n}d": (MAX_POOL, ""),
    "avg_pool{n}d": (AVG_POOL, ""),
}

HELPERS: dict[str, str] = {
    "make_divisible": MAKE_DIVISIBLE,
    "init_weight": INIT_WEIGHT,
    "Lambda": LAMBDA,
    "RBF": RBF,
    "DropPath": DROP_PATH,
    "LayerScale": LAYER_SCALE,
    "L2Norm": L2_NORM,
    "SelfAttention": SELF_ATTENTION,
    "channel_shuffle": CHANNEL_SHUFFLE,
    "crop_to": CROP_TO,
    "pad_like": PAD_LIKE,
    "spread": SPREAD,
    "same_pads": SAME_PADS,
    "window_pads": WINDOW_PADS,
    **{
        word.replace("{n}", str(n)): _written(text, n, base)
        for word, (text, base) in _FOR_RANKS.items()
        for n in (1, 2, 3)
    },
}
"""Every helper's text, those that others use first."""

NAMES = frozenset(HELPERS)
"""Names that no class or variable of a net may have."""


def with_needed(names: set[str]) -> list[str]:
    """The requested helpers and those that they use, in order."""
    needed = {n for n in names if n in HELPERS}
    while True:
        more = {h for h in HELPERS if any(_calls(HELPERS[n], h) for n in needed)} | needed
        if more == needed:
            return [h for h in HELPERS if h in needed]
        needed = more


def _calls(text: str, helper: str) -> bool:
    """Whether a helper's text uses another helper (and not a PyTorch function with the same
    name)."""
    return re.search(rf"(?<![.\w]){helper}(\(|\):)", text) is not None
