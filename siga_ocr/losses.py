"""The losses of the paper, one function a term, and `total_loss`: nothing else sums losses."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from siga_ocr.model.outputs import TrainOutput
from siga_ocr.model.pseudo_label import glyph_pseudo_labels
from siga_ocr.model.rectifier import warp
from siga_ocr.recipe_losses import LossConfig

REFERENCE_COLUMNS = 32
SMALLEST = 1e-4
"""Saliency is clamped here before its logarithm."""


@dataclass(frozen=True)
class Losses:
    """`total` carries the gradient; `parts` are the weighted terms, detached, by name."""

    total: Tensor
    parts: dict[str, Tensor]


@dataclass(frozen=True)
class Truth:
    """`targets` [N, T] (end mark and padding are class 0), `lengths` [N] in characters, `pseudo_mask` [N, 1, H, W] of 0/1 with its
    `pseudo_weight` [N], `mask` [N, W] of 1 on a crop's own columns."""

    targets: Tensor
    lengths: Tensor
    pseudo_mask: Tensor
    pseudo_weight: Tensor
    mask: Tensor


def total_loss(output: TrainOutput, truth: Truth, config: LossConfig, progress: float) -> Losses:
    """All terms, weighted (specification, section 7); `progress` is the share 0..1 of the schedule that is done.

    An empty text trains the recognition heads alone. The text mask reaches the other terms without a
    gradient, and so does attention the glyph labels.
    """
    late = progress >= config.switch_share
    pseudo = truth.pseudo_mask if output.grid is None else warp(truth.pseudo_mask, output.grid)
    written = (truth.lengths > 0).float()
    found = (torch.softmax(output.mask_logits.detach().float(), 1)[:, 1:] > 0.5).float() * truth.mask[:, None, None]
    terms = {name: config.recognition * recognition_loss(logits, truth.targets, truth.lengths) for name, logits in sorted(output.logits.items())}
    terms["segmentation"] = config.segmentation * text_segmentation_loss(
        output.mask_logits, (pseudo > 0.5).float(), truth.pseudo_weight * written, truth.mask, config, late=late
    )
    weight = config.alignment_late if late else config.alignment
    terms["alignment"] = weight * alignment_loss(output.attention, output.column_mask, found, truth, config)
    delta = _scaled(config.delta, output.column_mask, config)
    for name, maps in zip(("low", "middle"), output.glyph_maps, strict=True):
        size = (maps.shape[2], maps.shape[3])
        labels = glyph_pseudo_labels(output.attention.detach(), truth.lengths, found, size, delta, config.foreground_share)
        terms[f"maps_{name}"] = config.glyph * glyph_loss(maps, labels, truth.lengths, _cells(truth.mask, size[1]), config)
    return Losses(torch.stack(list(terms.values())).sum(), {name: term.detach() for name, term in terms.items()})


def recognition_loss(logits: Tensor, targets: Tensor, lengths: Tensor) -> Tensor:
    """Cross entropy over each text's characters and its end mark; [N, T, K], [N, T], [N] -> scalar (section 7)."""
    steps = torch.arange(targets.shape[1], device=targets.device)[None] <= lengths[:, None]
    return F.cross_entropy(logits[steps].float(), targets[steps])


def text_segmentation_loss(logits: Tensor, pseudo: Tensor, weight: Tensor, mask: Tensor, config: LossConfig, *, late: bool) -> Tensor:
    """L_ins (section 2.3): logits [N, 2, H, W] against the pseudo-mask [N, 1, H, W]; `late` drops crops whose polarity must be wrong."""
    logits, labels = logits.float(), pseudo[:, 0].long()
    compat = config.style == "compat"
    pixels = F.cross_entropy(torch.softmax(logits, 1) if compat else logits, labels, reduction="none")  # [N, H, W]
    loss = _own_mean(pixels, mask)
    wrong = _own_mean((logits.argmax(1) != labels).float(), mask)
    drop = (loss >= config.ignore_loss) if compat else (wrong > config.ignore_disagreement)
    kept = weight * (~drop).float() if late else weight
    return (loss * kept).sum() / kept.sum().clamp_min(1e-6)


def alignment_loss(attention: Tensor, column_mask: Tensor, text_mask: Tensor, truth: Truth, config: LossConfig) -> Tensor:
    """L_dif + L_cor (section 3): the characters' attentions [N, T, w] should not overlap and together cover the text's columns."""
    width = text_mask.shape[3]
    rows = (torch.arange(attention.shape[1], device=attention.device)[None] < truth.lengths[:, None]).float()
    beta = F.interpolate(attention.float(), size=width, mode="linear", align_corners=False) * rows[..., None]
    cor = orthogonal_loss(beta, truth.lengths, config)
    slope = config.slope * _columns(column_mask, config) / REFERENCE_COLUMNS
    shift = _scaled(config.shift, column_mask, config)
    eta = torch.sigmoid(slope[:, None, None] * (beta - shift[:, None, None])) * rows[..., None]
    saliency = eta.sum(1).clamp(0, 1)  # [N, W]
    return cor + difference_loss(saliency, text_mask, truth, config)


def orthogonal_loss(beta: Tensor, lengths: Tensor, config: LossConfig) -> Tensor:
    """L_cor of attentions [N, T, W] by its closed form: the sum over all pairs of characters of their overlap, per character (section 3.2)."""
    power = beta**2 if config.correlation == "sq_elem" else beta
    pairs = 0.5 * (power.sum(1) ** 2 - (power**2).sum(1)).sum(1)
    each = pairs / lengths.clamp_min(1)
    return each.sum() if config.style == "compat" else each.mean()


def difference_loss(saliency: Tensor, text_mask: Tensor, truth: Truth, config: LossConfig) -> Tensor:
    """L_dif (section 3.2): saliency [N, W], the same on every row, against the text mask [N, 1, H, W]; background has saliency 0 by construction."""
    ink = text_mask.sum((1, 2))  # pixels of each column, [N, W]
    if config.style == "compat":
        background = text_mask.shape[2] - ink
        constant = F.softplus(saliency.new_tensor(-1.0))
        return (ink * F.softplus(1 - 2 * saliency) + background * constant).mean() / text_mask.shape[2]
    written = (truth.lengths > 0).float()
    area = truth.mask.sum(1) * text_mask.shape[2]
    loss = -(ink * saliency.clamp_min(SMALLEST).log()).sum(1) / area
    return (loss * written).sum() / written.sum().clamp_min(1)


def glyph_loss(maps: Tensor, labels: Tensor, lengths: Tensor, cells: Tensor, config: LossConfig) -> Tensor:
    """L_seg of one scale (section 5): map logits [N, 1 + T, h, w] (or more), pseudo-labels as many, own columns [N, w] -> cross entropy + Dice."""
    maps = maps.float()
    form = _cross_entropy if config.segmentation_form == "ce27" else _binary_cross_entropy
    written = torch.ones_like(lengths) if config.style == "compat" else (lengths > 0)
    pixels, counted = form(maps, labels, compat=config.style == "compat")
    counted = counted * cells[:, None] * written[:, None, None] * _channel_weights(labels, config)
    cel = (pixels * counted).sum() / counted.sum().clamp_min(1)
    return cel + dice_loss(maps, labels, lengths)


def _channel_weights(labels: Tensor, config: LossConfig) -> Tensor:
    """What each cell of the pseudo-labels [N, 1 + T, h, w] weighs for the channel that it belongs to: [N, h, w], or 1."""
    if not config.map_weights or config.segmentation_form != "ce27":
        return labels.new_ones(())
    given = labels.new_tensor(config.map_weights[: labels.shape[1]])
    return F.pad(given, (0, labels.shape[1] - len(given)), value=1.0)[labels.argmax(1)]


def dice_loss(maps: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
    """Dice over the real characters, smoothed by 1 (section 5); crops without text do not count."""
    count = labels.shape[1] - 1
    soft = torch.softmax(maps, 1)[:, 1 : 1 + count].flatten(2)
    hard = labels[:, 1:].flatten(2)
    dice = 1 - (2 * (soft * hard).sum(2) + 1) / (soft.sum(2) + hard.sum(2) + 1)  # [N, T]
    rows = (torch.arange(count, device=maps.device)[None] < lengths[:, None]).float()
    each = (dice * rows).sum(1) / lengths.clamp_min(1)
    written = (lengths > 0).float()
    return (each * written).sum() / written.sum().clamp_min(1)


def _cross_entropy(maps: Tensor, labels: Tensor, *, compat: bool) -> tuple[Tensor, Tensor]:
    """Over all channels; a cell of several characters belongs to the first. Ink that no attention covers is background (compat) or not counted."""
    counted = torch.ones_like(labels[:, 0]) if compat else labels.amax(1)
    return F.cross_entropy(maps, labels.argmax(1), reduction="none"), counted


def _binary_cross_entropy(maps: Tensor, labels: Tensor, *, compat: bool) -> tuple[Tensor, Tensor]:
    """The paper's form: text or not, whichever character it is; the same in both styles."""
    del compat
    probability = torch.log_softmax(maps, 1)
    ink = torch.logsumexp(probability[:, 1:], 1)
    background = labels[:, 0]
    return -(background * probability[:, 0] + (1 - background) * ink), torch.ones_like(background)


def _own_mean(pixels: Tensor, mask: Tensor) -> Tensor:
    """Mean of [N, H, W] over each crop's own columns: [N]."""
    return (pixels * mask[:, None]).sum((1, 2)) / (mask.sum(1) * pixels.shape[1]).clamp_min(1)


def _cells(mask: Tensor, width: int) -> Tensor:
    """The column mask [N, W] on a scale that is `width` wide."""
    return mask[:, :: mask.shape[1] // width]


def _columns(column_mask: Tensor, config: LossConfig) -> Tensor:
    own = column_mask.sum(1)
    return own if config.scale_with_columns else torch.full_like(own, REFERENCE_COLUMNS)


def _scaled(value: float, column_mask: Tensor, config: LossConfig) -> Tensor:
    """A threshold on attention given for 32 columns, for each crop's own number of columns: [N]."""
    return value * REFERENCE_COLUMNS / _columns(column_mask, config).clamp_min(1)
