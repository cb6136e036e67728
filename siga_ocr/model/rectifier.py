"""Thin-plate-spline straightening of the crop (specification, section 1.1; RARE and ASTER)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

POINTS = 20
"""Control points: half along the top edge, half along the bottom edge."""


class Unrectified(nn.Module):
    """Leaves crops as they are."""

    def forward(self, images: Tensor) -> tuple[Tensor, None]:
        """[N, C, H, W] -> the same, and no grid."""
        return images, None


class Rectifier(nn.Module):
    """Predicts control points and resamples the crop so that they come to lie on the borders.

    `frozen` is the published way: nothing in it is trained and its statistics stay, so that its weights have to come from a checkpoint. Otherwise it
    starts as the identity.
    """

    inverse: Tensor
    basis: Tensor

    def __init__(self, channels: int, height: int, width: int, *, frozen: bool) -> None:
        super().__init__()
        self._frozen = frozen
        widths = (channels, 64, 128, 256, 512)
        self.convolutions = nn.ModuleList(nn.Conv2d(widths[i], widths[i + 1], 3, 1, 1, bias=False) for i in range(4))
        self.norms = nn.ModuleList(nn.BatchNorm2d(widths[i + 1]) for i in range(4))
        self.hidden = nn.Linear(512, 256)
        self.locate = nn.Linear(256, 2 * POINTS)
        points = _border_points()
        self._start_at(_published_points() if frozen else points.float())
        self.requires_grad_(not frozen)
        self.size = (height, width)
        inverse, basis = spline(height, width)
        self.register_buffer("inverse", inverse, persistent=False)
        self.register_buffer("basis", basis, persistent=False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """[N, C, H, W] -> the straightened crop and its sampling grid [N, H, W, 2], which moves a mask alike."""
        grid = self.grid(images)
        return warp(images, grid), grid

    def grid(self, images: Tensor) -> Tensor:
        """Where each straightened pixel comes from, in -1..1."""
        points = self.control_points(images)
        homogeneous = F.pad(points, (0, 0, 0, 3))
        sampled: Tensor = self.basis @ (self.inverse @ homogeneous)
        return sampled.reshape(len(images), *self.size, 2)

    def control_points(self, images: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, 20, 2] as x, y in -1..1."""
        features = images
        for index, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            features = F.relu(norm(convolution(features)))
            if index < 3:
                features = F.max_pool2d(features, 2)
        pooled = features.mean((2, 3))
        located: Tensor = self.locate(F.relu(self.hidden(pooled)))
        return located.reshape(len(images), POINTS, 2)

    def train(self, mode: bool = True) -> "Rectifier":
        """Training mode, which leaves the statistics of a frozen rectifier alone."""
        return super().train(mode and not self._frozen)

    def _start_at(self, points: Tensor) -> None:
        nn.init.zeros_(self.locate.weight)
        with torch.no_grad():
            self.locate.bias.copy_(points.flatten())


def warp(images: Tensor, grid: Tensor) -> Tensor:
    """Samples [N, C, H, W] at a grid [N, H, W, 2]: bilinear, borders repeated."""
    return F.grid_sample(images, grid.to(images.dtype), mode="bilinear", padding_mode="border", align_corners=True)


def spline(height: int, width: int) -> tuple[Tensor, Tensor]:
    """What the resampling of `height` x `width` pixels needs beside the control points, which is the same for all crops: [F + 3, F + 3] and
    [H W, F + 3], float32."""
    points = _border_points()
    return _inverse_kernel(points).float(), _pixel_basis(points, height, width).float()


def _published_points() -> Tensor:
    """Where the published network starts: a line that falls along the top, one that falls along the bottom."""
    x = torch.linspace(-1, 1, POINTS // 2)
    top = torch.stack([x, torch.linspace(0, -1, POINTS // 2)], 1)
    bottom = torch.stack([x, torch.linspace(1, 0, POINTS // 2)], 1)
    return torch.cat([top, bottom])


def _border_points() -> Tensor:
    x = torch.linspace(-1, 1, POINTS // 2, dtype=torch.float64)
    one = torch.ones_like(x)
    return torch.cat([torch.stack([x, -one], 1), torch.stack([x, one], 1)])


def _inverse_kernel(points: Tensor) -> Tensor:
    """Rows [1, C, R], [0, C^T], [0, 1]: solved once for all crops; [F + 3, F + 3], used without its last rows' targets."""
    distance = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    distance.fill_diagonal_(1)
    radial = distance**2 * distance.log()
    one = torch.ones(len(points), 1, dtype=points.dtype)
    top = torch.cat([one, points, radial], 1)
    middle = torch.cat([torch.zeros(2, 3, dtype=points.dtype), points.T], 1)
    bottom = torch.cat([torch.zeros(1, 3, dtype=points.dtype), one.T], 1)
    inverse: Tensor = torch.linalg.inv(torch.cat([top, middle, bottom]))
    return inverse


def _pixel_basis(points: Tensor, height: int, width: int) -> Tensor:
    """[1, x, y, r^2 ln r to each point] for every pixel centre: [H W, F + 3]."""
    x = (torch.arange(width, dtype=points.dtype) * 2 + 1 - width) / width
    y = (torch.arange(height, dtype=points.dtype) * 2 + 1 - height) / height
    pixels = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).reshape(-1, 2)
    distance = torch.cdist(pixels, points, compute_mode="donot_use_mm_for_euclid_dist")
    radial = distance**2 * (distance + 1e-6).log()
    return torch.cat([torch.ones(len(pixels), 1, dtype=points.dtype), pixels, radial], 1)
