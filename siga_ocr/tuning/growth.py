"""A network that learns more characters or longer texts, or gets deeper: what it knew stays in place."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from siga_ocr.config import ModelConfig
from siga_ocr.errors import UsageError
from siga_ocr.model import SigaModel, build_model
from siga_ocr.model.convolution import ResidualBlock
from siga_ocr.model.decoder import AttentionDecoder, CharacterDecoder, PreviousCharacter
from siga_ocr.model.glyph import GlyphScale

MARGIN = 4.0
"""By how much the bias of what is new lies below all others: before it is trained it takes less than 2 % of the weight of the least likely."""


def grown_config(config: ModelConfig, added: str, max_length: int | None) -> ModelConfig:
    """The configuration with characters appended, and for texts of up to `max_length` characters.

    Raises:
        UsageError: a character is a blank or named twice, or the length is less than what the network reads.
    """
    if any(c.isspace() for c in added):
        raise UsageError("Blanks cannot be added to the characters: codes are read without them.")
    wanted = config.max_length if max_length is None else max_length
    if wanted < config.max_length:
        raise UsageError(f"The model reads up to {config.max_length} characters already: --max-length {wanted} would take some away.")
    new = "".join(c for c in dict.fromkeys(added) if c not in config.characters)
    return replace(config, characters=config.characters + new, max_length=wanted)


@torch.no_grad()
def grown(model: SigaModel, config: ModelConfig) -> SigaModel:
    """A network of a larger `config` (see `grown_config`) with the weights of `model`, on its device; `model` itself where nothing grows.

    Logits of known characters and glyph maps of known positions stay as they were; new ones are the same for every crop.
    """
    if config == model.config:
        return model
    larger = build_model(config).to(next(model.parameters()).device).eval()
    weights = dict(model.state_dict())
    for name, module in larger.named_modules():
        for part, rows in _growing(module, model.config.charset.class_count):
            old = model.get_parameter(f"{name}.{part}")
            place = len(old) if rows < 0 else rows
            weights[f"{name}.{part}"] = torch.cat([old[:place], _fresh(part, old, len(module.get_parameter(part)) - len(old)), old[place:]])
    larger.load_state_dict(weights)
    return larger


@torch.no_grad()
def deepened(model: SigaModel, config: ModelConfig) -> SigaModel:
    """A network of `config`, which may have more residual blocks in its stages and let other heads vote, with the weights of `model`, on its
    device; `model` itself where nothing differs.

    New blocks stand last in their stage and begin as the identity (the scale of their last normalisation is 0), so that every output is what it was.

    Raises:
        UsageError: the configurations differ in anything else, a stage would lose blocks, or they are blocks of a transformer.
    """
    if config == model.config:
        return model
    like = replace(config, blocks=model.config.blocks, aligned_votes=model.config.aligned_votes)
    same = like == model.config and len(config.blocks) == len(model.config.blocks)
    if not same or any(new < old for new, old in zip(config.blocks, model.config.blocks, strict=True)):
        raise UsageError("The model to start from is not the recipe's: [model] may only name more blocks than it has. Change the recipe.")
    if config.head_size:
        raise UsageError(f"{config.architecture} does not get deeper: leave the blocks of the model in the recipe's [model] as they are.")
    deeper = build_model(config).to(next(model.parameters()).device).eval()
    known = model.state_dict()
    for name, module in deeper.named_modules():
        if isinstance(module, ResidualBlock) and f"{name}.norm.weight" not in known:
            nn.init.zeros_(module.norm.weight)
    deeper.load_state_dict(deeper.state_dict() | known)
    return deeper


def _growing(module: nn.Module, old_classes: int) -> list[tuple[str, int]]:
    """The parameters of a module that grow, each with the row before which new ones are put in (-1: after all): the start mark stays last."""
    if isinstance(module, GlyphScale):
        return [("locate.weight", -1), ("locate.bias", -1)]
    if isinstance(module, PreviousCharacter) and module.table is not None:
        return [("table.weight", old_classes)]
    if isinstance(module, AttentionDecoder | CharacterDecoder):
        return [("classify.weight", old_classes), ("classify.bias", old_classes)]
    return []


def _fresh(part: str, old: Tensor, count: int) -> Tensor:
    """So many new rows beside the `old` ones: biases lie below all others, weights are 0, embeddings the mean."""
    if part == "table.weight":
        return old.mean(0, keepdim=True).repeat(count, 1)
    zeros = old.new_zeros(count, *old.shape[1:])
    return zeros if old.ndim > 1 else zeros + old.min() - MARGIN
