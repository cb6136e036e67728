"""Where each part of our networks lies in the authors' checkpoints (specification, section 9)."""

import re
from dataclasses import dataclass

from siga_ocr.config import Architecture

Rules = tuple[tuple[str, str], ...]
"""Patterns in our names, and what stands in theirs instead."""


@dataclass(frozen=True)
class Place:
    """A part: how our names begin, how theirs begin, and how what follows is called there."""

    ours: str
    theirs: str
    inside: Rules = ()


def official_name(ours: str, architecture: Architecture) -> str:
    """The key of the checkpoint that holds one of our tensors.

    Raises:
        KeyError: no part has a tensor of this name.
    """
    for place in PLACES[architecture]:
        if ours.startswith(place.ours):
            rest = ours.removeprefix(place.ours)
            for pattern, replacement in place.inside:
                rest = re.sub(pattern, replacement, rest)
            return place.theirs + rest
    raise KeyError(ours)


_RECURRENT: Rules = ((r"forward_rnn\.", "rnn."), (r"backward_rnn\.(\w+)$", r"rnn.\1_reverse"))
_CHARACTERS: Rules = ((r"^(rnn\.\w+)_l0$", r"\1"), (r"^classify\.", "generator."), (r"^previous\.table\.", "char_embeddings."))
_ATTENDING: Rules = (
    (r"^key\.", "attention_cell.i2h."),
    (r"^query\.", "attention_cell.h2h."),
    (r"^score\.", "attention_cell.score."),
    (r"^cell\.", "attention_cell.rnn."),
    (r"^gate\.weigh\.", "attention_cell.fusion.W."),
    *_CHARACTERS,
)
_UNIT: Rules = ((r"^conv\.", "0."), (r"^norm\.", "1."))
_BLOCK: Rules = (
    (r"^(\d\.\d+)\.conv\.", r"\1.conv2."),
    (r"^(\d\.\d+)\.norm\.", r"\1.bn2."),
    (r"\.enter\.conv\.", ".conv1."),
    (r"\.enter\.norm\.", ".bn1."),
    (r"\.shortcut\.", ".downsample."),
)
_TRANSFORMER: Rules = ((r"\.expand\.", ".mlp.fc1."), (r"\.contract\.", ".mlp.fc2."))


_LOCALISER = "model_one.Transformation.LocalizationNetwork."
_GLAN = "model_two.Attention_Cls."
_RESNET = "model_one.FeatureExtraction.ConvNet."
_SVTR = "model_one.FeatureExtraction."
_VIT = "mgp_str."
_NECK = "mgp_str.segmentation."


def _numbered(ours: str, theirs: str, number: int | str) -> Place:
    """A convolution and its normalisation, which are `conv3` and `bn3` there."""
    return Place(ours, theirs, ((r"^conv\.", f"conv{number}."), (r"^norm\.", f"bn{number}.")))


def _neck(theirs: str) -> tuple[Place, ...]:
    """The stages that ResNet-45 and SIGA-T end in."""
    return (
        *(_numbered(f"backbone.conv{number}.", theirs, number) for number in ("6", "7_1", "7_2")),
        Place("backbone.layer", f"{theirs}layer", _BLOCK),
    )


def _scale(scale: str, recurrent: int) -> tuple[Place, ...]:
    """One scale of the glyph attention of SIGA-R and SIGA-S."""
    return (
        Place(f"glyph.{scale.lower()}.locate.", f"{_GLAN}cls_Head_{scale}.0."),
        Place(f"glyph.{scale.lower()}.describe.", f"{_GLAN}{scale}.", _UNIT),
        Place(f"glyph.{scale.lower()}.order.", f"{_GLAN}lstm.{recurrent}.", _RECURRENT),
    )


_R_AND_S = (
    *(Place(f"rectifier.convolutions.{index}.", f"{_LOCALISER}conv.{4 * index}.") for index in range(4)),
    *(Place(f"rectifier.norms.{index}.", f"{_LOCALISER}conv.{4 * index + 1}.") for index in range(4)),
    Place("rectifier.hidden.", f"{_LOCALISER}localization_fc1.0."),
    Place("rectifier.locate.", f"{_LOCALISER}localization_fc2."),
    Place("aligned_encoder.units.", "model_one.SequenceModeling.", _RECURRENT),
    Place("aligned_decoder.", "model_one.Prediction.", _ATTENDING),
    Place("encoder.units.", "model_two.SequenceEncoding.", _RECURRENT),
    Place("plain_decoder.", "model_two.Prediction.", _ATTENDING),
    *(_numbered(f"trunk.{ours}.", _GLAN, number) for number, ours in enumerate(("enter", "coarse", "join_middle", "refine_middle", "join_fine"), 1)),
    *(Place(f"trunk.{ours}.", f"{_GLAN}unpool{number}.", _UNIT) for number, ours in enumerate(("up_middle", "up_fine", "up_full"), 2)),
    Place("trunk.classify.", f"{_GLAN}seg_cls."),
    *_scale("Low", 0),
    *_scale("Middle", 1),
    Place("glyph_decoders.0.", "model_two.FC_Prediction_1.", _CHARACTERS),
    Place("glyph_decoders.1.", "model_two.FC_Prediction_2.", _CHARACTERS),
    Place("head.gate.weigh.", "model_two.Fusion.W."),
    Place("head.widen.", "model_two.pw."),
    Place("head.decoder.", "model_two.generator.", _CHARACTERS),
)

_R = (
    _numbered("backbone.stem.", _RESNET, 1),
    *_neck(_RESNET),
    Place("fused_decoders.0.", "model_two.Iterable_Predicition_one.", _ATTENDING),
    Place("fused_decoders.1.", "model_two.Iterable_Predicition_two.", _ATTENDING),
    *_R_AND_S,
)

_S = (
    Place("backbone.positions", f"{_SVTR}pos_embed"),
    Place("backbone.embed0.", f"{_SVTR}patch_embed.proj0.", _UNIT),
    Place("backbone.embed1.", f"{_SVTR}patch_embed.proj1.", _UNIT),
    *(Place(f"backbone.stages.{index}.blocks.", f"{_SVTR}blocks{index + 1}.", (*_TRANSFORMER, (r"\.attention\.", ".mixer."))) for index in range(3)),
    Place("backbone.merge1.", f"{_SVTR}sub_sample1."),
    Place("backbone.merge2.", f"{_SVTR}sub_sample2."),
    Place("backbone.norm.", f"{_SVTR}norm."),
    Place("backbone.collapse.", f"{_SVTR}last_conv."),
    Place("fused_decoders.0.", "model_two.Iterable_Predicition_one.Prediction.", _ATTENDING),
    Place("fused_decoders.1.", "model_two.Iterable_Predicition_two.Prediction.", _ATTENDING),
    *_R_AND_S,
)

_T = (
    Place("backbone.class_token", f"{_VIT}cls_token"),
    Place("backbone.positions", f"{_VIT}pos_embed"),
    Place("backbone.embed.", f"{_VIT}patch_embed.proj."),
    Place("backbone.blocks.", f"{_VIT}blocks.", (*_TRANSFORMER, (r"\.attention\.", ".attn."))),
    Place("backbone.tap_norms.", f"{_VIT}norm_seg."),
    Place("backbone.last_norm.", f"{_NECK}token_norm_1."),
    Place("backbone.narrow.", f"{_NECK}conv5."),
    *_neck(_NECK),
    Place("aligned_encoder.units.", f"{_VIT}SequenceModeling.", _RECURRENT),
    Place("aligned_decoder.", f"{_VIT}Prediction_our.", _ATTENDING),
    Place("encoder.units.", f"{_VIT}SequenceEncoding.", _RECURRENT),
    Place("plain_decoder.", f"{_VIT}Prediction_TRBA.", _ATTENDING),
    *(
        Place(
            f"trunk.heads.{index}.",
            f"{_NECK}mlahead.head{index + 2}.",
            ((r"^gather\.conv\.", "0."), (r"^gather\.norm\.", "1."), (r"^refine\.conv\.", "3."), (r"^refine\.norm\.", "4.")),
        )
        for index in range(2)
    ),
    *(_numbered(f"trunk.{ours}.", _NECK, number) for number, ours in enumerate(("enter", "join_middle", "refine_fine"), 1)),
    *(Place(f"trunk.{ours}.", f"{_NECK}unpool{number}.", _UNIT) for number, ours in enumerate(("up_middle", "up_entered", "up_fine"), 1)),
    Place("trunk.classify.", f"{_NECK}seg_cls."),
    Place("glyph.low.locate.", f"{_NECK}cls_Head_low.0."),
    Place("glyph.middle.locate.", f"{_NECK}cls_Head_middle.0."),
    Place("glyph.low.describe.", f"{_NECK}unpool0.", _UNIT),
    Place("glyph.middle.describe.conv.", f"{_NECK}feat."),
    Place("glyph.low.order.", f"{_NECK}lstm.1.", _RECURRENT),
    Place("glyph.middle.order.", f"{_NECK}lstm.0.", _RECURRENT),
    Place("glyph_decoders.0.", f"{_VIT}FC_Prediction_2.", _CHARACTERS),
    Place("glyph_decoders.1.", f"{_VIT}FC_Prediction_1.", _CHARACTERS),
    Place("fused_decoders.0.", f"{_VIT}Iterable_Predicition_two.", _ATTENDING),
    Place("fused_decoders.1.", f"{_VIT}Iterable_Predicition_one.", _ATTENDING),
    Place("head.gate.weigh.", f"{_VIT}Fusion.W."),
    Place("head.widen.", f"{_VIT}pw."),
    Place("head.decoder.", f"{_VIT}generator.", _CHARACTERS),
)
"""SIGA-T counts the scales the other way round."""

PLACES: dict[Architecture, tuple[Place, ...]] = {"siga-r": _R, "siga-s": _S, "siga-t": _T}
