"""Models in common coding styles, for the importer; no weights are trained."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  # as everybody writes it
from torch.nn.utils.parametrizations import spectral_norm, weight_norm


class LeNet(nn.Module):
    """Functional calls, `view` with the batch size of the tensor."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 4 * 4, 120)
        self.fc2 = nn.Linear(120, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        return F.log_softmax(self.fc2(F.relu(self.fc1(x))), dim=1)


def double_conv(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(after, after, 3, padding=1), nn.ReLU(inplace=True),
    )  # fmt: skip


class UNet(nn.Module):
    """Skips by variable, `cat` with the upsampled tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.down1 = double_conv(3, 16)
        self.down2 = double_conv(16, 32)
        self.bottom = double_conv(32, 64)
        self.up2 = nn.ConvTranspose2d(64, 32, 2, stride=2)
        self.conv2 = double_conv(64, 32)
        self.up1 = nn.ConvTranspose2d(32, 16, 2, stride=2)
        self.conv1 = double_conv(32, 16)
        self.last = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        skips = [self.down1(x)]
        skips.append(self.down2(F.max_pool2d(skips[-1], 2)))
        x = self.bottom(F.max_pool2d(skips[-1], 2))
        x = self.conv2(torch.cat([skips.pop(), self.up2(x)], dim=1))
        x = self.conv1(torch.cat([skips.pop(), self.up1(x)], dim=1))
        return self.last(x)


def darknet() -> nn.Sequential:
    """Built from a list of settings."""
    layers: list[nn.Module] = []
    before = 3
    for setting in [16, "M", 32, "M", 64]:
        if setting == "M":
            layers.append(nn.MaxPool2d(2, 2))
            continue
        layers += [
            nn.Conv2d(before, setting, 3, 1, 1, bias=False),
            nn.BatchNorm2d(setting),
            nn.LeakyReLU(0.1, inplace=True),
        ]
        before = setting
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


def generator() -> nn.Sequential:
    """A GAN's generator in one Sequential."""
    return nn.Sequential(
        nn.ConvTranspose2d(64, 32, 4, 1, 0, bias=False), nn.BatchNorm2d(32), nn.ReLU(True),
        nn.ConvTranspose2d(32, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(True),
        nn.ConvTranspose2d(16, 3, 4, 2, 1, bias=False), nn.Tanh(),
    )  # fmt: skip


class WaveBlock(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.filter = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.gate = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        padded = F.pad(x, (self.dilation, 0))
        return x + self.mix(torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded)))


class WaveNet(nn.Module):
    """Causal, gated, dilated."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Conv1d(1, 8, 1)
        self.blocks = nn.Sequential(*(WaveBlock(8, 2**i) for i in range(6)))
        self.end = nn.Conv1d(8, 4, 1)

    def forward(self, x):
        return self.end(F.relu(self.blocks(self.start(x))))


class Siamese(nn.Module):
    """One encoder for two images."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(1152, 16)
        )
        self.score = nn.Linear(16, 1)

    def forward(self, left, right):
        return self.score(torch.abs(self.encoder(left) - self.encoder(right)))


class Shape(nn.Module):
    """Reads the shape in Python and slices."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.mix = nn.Conv2d(8, 8, 1)

    def forward(self, x):
        x = self.conv(x)
        batch, channels, height, width = x.shape
        half = channels // 2
        x = torch.cat([x[:, half:], x[:, :half]], 1)
        assert height == width
        return self.mix(x).mean([2, 3]).reshape(batch, channels)


class Lazy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.LazyConv2d(8, 3)
        self.fc = nn.LazyLinear(4)

    def forward(self, x):
        return self.fc(torch.flatten(F.relu(self.conv(x)), 1))


class Hourglass(nn.Module):
    """Built recursively."""

    def __init__(self, depth: int, channels: int = 8) -> None:
        super().__init__()
        self.skip = nn.Conv2d(channels, channels, 3, padding=1)
        self.low1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.low2 = (
            Hourglass(depth - 1, channels)
            if depth > 1
            else nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.low3 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        low = self.low3(self.low2(self.low1(F.max_pool2d(x, 2))))
        return self.skip(x) + F.interpolate(low, scale_factor=2)


class TwoHeads(nn.Module):
    """Two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 8, 3)
        self.boxes = nn.Conv2d(8, 4, 1)
        self.classes = nn.Conv2d(8, 2, 1)

    def forward(self, x):
        x = F.relu(self.body(x))
        return self.classes(x), self.boxes(x)


class Auxiliary(nn.Module):
    """An auxiliary classifier that only runs in training."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3)
        self.aux = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
        self.second = nn.Conv2d(8, 8, 3)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        x = F.relu(self.first(x))
        aux = self.aux(x) if self.training else None
        x = self.fc(self.second(x).mean((2, 3)))
        return (x, aux) if self.training else x


class Branches(nn.Module):
    """Control flow that depends on tensor values."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        x = self.conv(x)
        return x if x.sum() > 0 else -x


class Unused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.never = nn.Conv2d(3, 8, 3)

    def forward(self, x):
        return self.conv(x)


class Standardized(nn.Conv2d):
    """A convolution whose weight is computed."""

    def forward(self, x):
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return F.conv2d(x, weight, self.bias, padding=1)


class Scaled(nn.Module):
    """A parameter that belongs to no layer."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x):
        return x + self.gamma * self.conv(x)


class Unexpressed(nn.Module):
    """Two modules that the language cannot express, between supported layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.standardized = Standardized(8, 8, 3)
        self.scaled = Scaled(8)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        x = self.scaled(F.relu(self.standardized(F.relu(self.stem(x)))))
        return self.fc(x.mean((2, 3)))


class TemporalBlock(nn.Module):
    """A block of a TCN: a causal convolution with a normalized weight, cropped."""

    def __init__(self, before: int, after: int, dilation: int) -> None:
        super().__init__()
        self.cut = 2 * dilation
        self.conv = weight_norm(nn.Conv1d(before, after, 3, padding=self.cut, dilation=dilation))
        self.shortcut = nn.Conv1d(before, after, 1) if before != after else None

    def forward(self, x):
        y = torch.relu(self.conv(x)[:, :, : -self.cut])
        return torch.relu(y + (x if self.shortcut is None else self.shortcut(x)))


def temporal() -> nn.Sequential:
    """A TCN, with a spectral norm at the end."""
    blocks = [TemporalBlock(2, 8, 1), TemporalBlock(8, 8, 2), TemporalBlock(8, 8, 4)]
    return nn.Sequential(*blocks, spectral_norm(nn.Conv1d(8, 4, 1)))
