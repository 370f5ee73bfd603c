"""Train networks on handwritten digits from their specs, and plot loss and accuracy.

    python examples/train_digits.py                LeNet-5 on scikit-learn's 1,797 digits of 8×8
    python examples/train_digits.py --data DIR     on MNIST, the folder of its four IDX files
    python examples/train_digits.py --net plain56 --net resnet56 --input 1x16x16

Any spec that takes images and has ten outputs can be used; several are plotted together.
Needs `pip install 'archcalc[examples]'`.
"""

from __future__ import annotations

import gzip
import json
import math
import sys
import time
import zlib
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawTextHelpFormatter
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import archcalc
from archcalc.diagnostics import SpecError

INSTALL = "pip install 'archcalc[examples]'"
try:
    import torch
    from rich.console import Console
    from rich.progress import track
    from torch import Tensor, nn
except ImportError as missing:
    raise SystemExit(f"{missing.name} is missing: {INSTALL}") from missing

if TYPE_CHECKING:
    from collections.abc import Callable

# Converts the output of the last layer to logits, so that cross-entropy is the loss for every
# network and no layer has to be removed. (Log-probabilities are valid logits.)
SCORES: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax": lambda probabilities: probabilities.clamp_min(1e-12).log(),
    "rbf": torch.neg,  # squared distances to the class centres (LeCun et al. 1998)
}
BATCH = 64
SHIFT = 1  # maximum random shift of a training batch, in pixels of the network's input
# Per epoch: training loss and accuracy (measured during the epoch), then those of the test.
History = list[tuple[float, float, float, float]]


class Digits(NamedTuple):
    """Images [n, rows, columns] of 0 to 255 and labels [n] of 0 to 9, for training and test."""

    name: str
    train: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def read_idx(folder: Path, name: str) -> Tensor:
    """An IDX file of bytes, plain or compressed: two zeros, 8 for bytes, the number of axes, the
    size of each as four bytes, then the data."""
    path = next((p for p in (folder / name, folder / f"{name}.gz") if p.is_file()), None)
    if path is None:
        raise SystemExit(f"--data {folder}: no file {name} or {name}.gz")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise SystemExit(f"{path} cannot be read: {error}") from error
    axes = int.from_bytes(content[3:4])
    head = 4 + 4 * axes
    shape = [int.from_bytes(content[at : at + 4]) for at in range(4, head, 4)]
    size = math.prod(shape)
    if content[:3] != b"\0\0\x08" or size == 0 or len(content) != head + size:
        raise SystemExit(f"{path} is not an IDX file of bytes, or it is truncated")
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=head).reshape(shape)


def mnist(folder: Path) -> Digits:
    """MNIST: 60,000 images of 28×28 for training, 10,000 for the test."""
    if not folder.is_dir():
        raise SystemExit(f"--data {folder}: no such folder")
    found = []
    for part in ("train", "t10k"):
        images = read_idx(folder, f"{part}-images-idx3-ubyte")
        labels = read_idx(folder, f"{part}-labels-idx1-ubyte").long()
        if images.ndim != 3 or labels.shape != images.shape[:1] or labels.max() > 9:
            shapes = f"images {tuple(images.shape)} and labels {tuple(labels.shape)}"
            raise SystemExit(f"{folder}: {shapes} of {part} do not match, or are not digits")
        if images.min() == images.max():
            raise SystemExit(f"{folder}: the images of {part} are uniform")
        found.append((images, labels))
    sizes = [images.shape[1:] for images, _ in found]
    if sizes[0] != sizes[1]:
        raise SystemExit(f"{folder}: training and test images differ in size")
    return Digits("MNIST", *found)


def small_digits(seed: int) -> Digits:
    """scikit-learn's digits: 1,797 of 8×8, one in five for the test."""
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-untyped]  # it has no types
    except ImportError as missing:
        raise SystemExit(f"scikit-learn is missing: {INSTALL}, or give --data DIR") from missing
    found = load_digits()
    images = torch.tensor(found.images * 255 / 16).round().byte()  # 0 to 16 in the data set
    labels = torch.tensor(found.target).long()
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    test, train = order[: len(order) // 5], order[len(order) // 5 :]
    return Digits("digits", (images[train], labels[train]), (images[test], labels[test]))


def checked(net: Any, digits: Digits) -> tuple[int, ...]:
    """The input shape of a network, after checking that input and output match the digits."""
    shapes = [net.tensors[at].shape for at in net.inputs.values()]
    rows, columns = digits.train[0].shape[1:]
    if len(shapes) > 1 or len(shapes[0]) != 3 or shapes[0][1] < rows or shapes[0][2] < columns:
        raise SystemExit(f"{net.name} takes {shapes}, not images of {rows}×{columns} or larger")
    outputs = {name: net.tensors[at].shape for name, at in net.outputs.items()}
    if outputs.get("output") != (10,):
        raise SystemExit(f"{net.name} has outputs {outputs}, not ten: try --set classes=10")
    return tuple(shapes[0])


def fitted(images: Tensor, shape: tuple[int, ...], shift: int = 0) -> Tensor:
    """Images as network input, [n, *shape] of 0 to 1: upsampled by the largest integer factor,
    zero-padded, equal in every channel, and shifted by up to `shift` pixels."""
    channels, height, width = shape
    x = images.unsqueeze(1) / 255
    factor = min(height // x.shape[2], width // x.shape[3])
    x = nn.functional.interpolate(x, scale_factor=factor, mode="bilinear")
    down, right = torch.randint(-shift, shift + 1, (2,)).tolist() if shift else (0, 0)
    top, left = (height - x.shape[2]) // 2 + down, (width - x.shape[3]) // 2 + right
    x = nn.functional.pad(x, (left, width - x.shape[3] - left, top, height - x.shape[2] - top))
    return x.expand(-1, channels, -1, -1)


class Trainee:
    """A network and what is needed to train it."""

    def __init__(self, net: Any, digits: Digits, seed: int) -> None:
        self.name, self.shape = net.name, checked(net, digits)
        last = net.nodes[net.producers[net.outputs["output"]]].op.name
        self.scores = SCORES.get(last, torch.nn.Identity())
        sample = fitted(digits.train[0][:1000], self.shape)
        self.mean, self.deviation = sample.mean(), sample.std()
        torch.manual_seed(seed)  # for the weights
        self.model: nn.Module = archcalc.to_torch(net)

    def epoch(
        self, images: Tensor, labels: Tensor, learn: Callable[[Tensor], None] | None = None
    ) -> tuple[float, float]:
        """Loss and accuracy over the images; `learn`, if given, is called with the loss of each
        batch."""
        self.model.train(learn is not None)
        loss, right, bar = 0.0, 0, Console(stderr=True)
        order = torch.randperm(len(labels)) if learn else torch.arange(len(labels))
        batches = torch.split(order, BATCH)
        for batch in track(
            batches, self.name, console=bar, transient=True, disable=not bar.is_terminal
        ):
            x = fitted(images[batch], self.shape, SHIFT if learn else 0)
            with torch.set_grad_enabled(learn is not None):
                found = self.model((x - self.mean) / self.deviation)
                # Auxiliary heads are ignored.
                scores = self.scores(found["output"] if isinstance(found, dict) else found)
                mean = nn.functional.cross_entropy(scores, labels[batch])
            if learn:
                learn(mean)
            loss += mean.item() * len(batch)
            right += int((scores.argmax(1) == labels[batch]).sum())
        return loss / len(labels), right / len(labels)

    def train(self, digits: Digits, epochs: int, seed: int) -> History:
        """Trains with Adam and a one-cycle schedule up to 0.003; prints every epoch."""
        optimizer = torch.optim.Adam(self.model.parameters())
        torch.manual_seed(seed)  # for batches, shifts and dropout
        steps = epochs * math.ceil(len(digits.train[0]) / BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.003, steps)

        def learn(loss: Tensor) -> None:
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # PyTorch gives it no types
            optimizer.step()
            schedule.step()

        history: History = []
        for number in range(1, epochs + 1):
            begun = time.perf_counter()
            history.append((*self.epoch(*digits.train, learn), *self.epoch(*digits.test)))
            figures = "loss {:.4f}  accuracy {:7.2%}   test {:.4f}  {:7.2%}".format(*history[-1])
            print(f"{number:5}  {figures}   {time.perf_counter() - begun:.1f} s", flush=True)
        return history


def draw(trained: list[tuple[str, History]], title: str, path: Path) -> None:
    """Plots loss and accuracy per epoch: dashed for training, solid for the test."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    figure.suptitle(title)
    left, right = figure.subplots(1, 2)
    for number, (name, history) in enumerate(trained):
        style: dict[str, Any] = {"color": f"C{number}", "marker": "."}
        losses, accuracies, test_losses, test_accuracies = zip(*history, strict=True)
        epochs = range(1, len(history) + 1)
        left.plot(epochs, losses, "--", epochs, test_losses, **style)
        right.plot(epochs, accuracies, "--", **style)
        right.plot(epochs, test_accuracies, label=f"{name}: {test_accuracies[-1]:.2%}", **style)
    left.set(title="loss", xlabel="epoch", yscale="log")
    right.set(title="accuracy", xlabel="epoch")
    right.yaxis.set_major_formatter("{x:.0%}")
    for axes in (left, right):
        axes.locator_params("x", integer=True)
        axes.grid(alpha=0.3)
    keys = "test accuracy (dashed: while training)"
    figure.legend(loc="outside lower center", ncols=2, title=keys, frameon=False)
    try:
        figure.savefig(path, format="png", dpi=90)
    except OSError as error:
        raise SystemExit(f"--picture {path} cannot be written: {error}") from error
    print(f"wrote {path}")


def setting(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    if not name or not value:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE, as in classes=10")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value  # a word


def shape(text: str) -> tuple[int, ...]:
    sides = text.split("x")
    if not all(side.isdecimal() and len(side) < 10 for side in sides):
        raise ArgumentTypeError(
            f"{text!r} is not a shape: write channels and spatial sizes, as in 1x32x32"
        )
    return tuple(int(side) for side in sides)


def whole(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
            raise ArgumentTypeError(f"{text!r} is not an integer from {least} to {most:,}")
        return int(text)

    return number


def arguments() -> Namespace:
    parser = ArgumentParser(
        description=__doc__, formatter_class=RawTextHelpFormatter, usage="%(prog)s [options]"
    )
    add = parser.add_argument
    add("--net", action="append", help="a spec, or several: --net A --net B [lenet5_modern]")
    of_spec = "a var of the spec: --set classes=10"
    add("--set", action="append", type=setting, default=[], metavar="NAME=VALUE", help=of_spec)
    add("--input", type=shape, metavar="SHAPE", help="another input shape: 1x32x32")
    add("--data", type=Path, metavar="DIR", help="the folder of MNIST's files, plain or .gz")
    add("--epochs", type=whole(1, 10_000), metavar="N", help="[5 with --data, else 30]")
    add("--seed", type=whole(0, 10**9 - 1), metavar="N", default=0, help="[%(default)s]")
    threads = "more only help large networks [%(default)s]"
    add("--threads", type=whole(1, 256), metavar="N", default=1, help=threads)
    picture = "file for the plot [%(default)s]"
    add("--picture", type=Path, default=Path("train_digits.png"), metavar="PNG", help=picture)
    given = parser.parse_args()
    if given.picture.is_dir() or not given.picture.parent.is_dir():
        parser.error(f"--picture {given.picture} is a folder, or its folder does not exist")
    if given.picture.suffix.lower() != ".png":
        parser.error(f"--picture {given.picture}: the extension must be .png")
    return given


def main() -> None:
    given = arguments()
    digits = mnist(given.data) if given.data else small_digits(given.seed)
    epochs = given.epochs or (5 if given.data else 30)
    try:
        specs = given.net or ["lenet5_modern"]
        nets = [archcalc.load(spec, set=dict(given.set), input=given.input) for spec in specs]
        trainees = [Trainee(net, digits, given.seed) for net in nets]
    except (SpecError, ValueError) as error:
        raise SystemExit(str(error)) from error
    drawable = find_spec("matplotlib") is not None
    if not drawable:  # reported before the training, not after it
        print(f"no plot will be written: matplotlib is missing: {INSTALL}", file=sys.stderr)
    torch.set_num_threads(given.threads)
    trained = []
    for net, trainee in zip(nets, trainees, strict=True):
        totals, begun = archcalc.analyze(net).totals, time.perf_counter()
        print(f"{net.name}: {totals.params:,} parameters, {totals.macs:,} MACs per image")
        history = trainee.train(digits, epochs, given.seed)
        took = f"epoch {epochs}, {time.perf_counter() - begun:.0f} s"
        print(f"{net.name}: test accuracy {history[-1][3]:.2%} after {took}")
        trained.append((net.name, history))
    title = f"{digits.name}: {len(digits.train[0]):,} images, {len(digits.test[0]):,} for the test"
    if drawable:
        draw(trained, title, given.picture)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
