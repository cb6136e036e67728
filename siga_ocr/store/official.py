"""The authors' checkpoints: which of their keys is which of ours."""

import re
from collections.abc import Mapping

from torch import Tensor

from siga_ocr.errors import ModelError

DROPPED = (
    r"model_two\.downsampler\.(weight|bias)",  # never used
    r"model_one\.Transformation\.GridGenerator\.(inv_delta_C|P_hat)",  # computed from the sizes
)

_NORM = r"(weight|bias|running_mean|running_var|num_batches_tracked)"
_PREDICTORS = {
    "model_one.Prediction": "aligned_decoder",
    "model_two.Prediction": "plain_decoder",
    "model_two.Iterable_Predicition_one": "fused_decoders.0",
    "model_two.Iterable_Predicition_two": "fused_decoders.1",
}
_CHARACTER_DECODERS = {
    "model_two.FC_Prediction_1": "glyph_decoders.0",
    "model_two.FC_Prediction_2": "glyph_decoders.1",
    "model_two.generator": "head.decoder",
}
_TRUNK = {"conv1": "enter", "conv2": "coarse", "conv3": "join_middle", "conv4": "refine_middle", "conv5": "join_fine"}
_UNITS = {"conv1": "stem", "bn1": "stem", "conv6": "conv6", "bn6": "conv6", "conv7_1": "conv7_1", "bn7_1": "conv7_1", "conv7_2": "conv7_2"}
_UNITS |= {"bn7_2": "conv7_2"}


def siga_r_state(official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published SIGA-R state (keys with or without `module.`) under our names (specification, section 9).

    Raises:
        ModelError: a key is not one of SIGA-R's.
    """
    state: dict[str, Tensor] = {}
    for key, value in official.items():
        name = key.removeprefix("module.")
        if any(re.fullmatch(pattern, name) for pattern in DROPPED):
            continue
        state[siga_r_key(name)] = value
    return state


def siga_r_key(name: str) -> str:
    """Our name for one official key.

    Raises:
        ModelError: the key is not one of SIGA-R's.
    """
    for pattern, translate in _RULES:
        match = re.fullmatch(pattern, name)
        if match:
            return translate(match)
    raise ModelError(f"The checkpoint holds {name!r}, which SIGA-R does not have: is it a checkpoint of SIGA-R?")


def _rectifier(match: re.Match[str]) -> str:
    layer, index, rest = match.groups()
    if layer == "conv":
        place = int(index)
        return f"rectifier.{'convolutions' if place % 4 == 0 else 'norms'}.{place // 4}.{rest}"
    return f"rectifier.{'hidden' if layer == 'localization_fc1' else 'locate'}.{rest}"


def _unit(match: re.Match[str]) -> str:
    layer, rest = match.groups()
    return f"backbone.{_UNITS[layer]}.{'norm' if layer.startswith('bn') else 'conv'}.{rest}"


def _block(match: re.Match[str]) -> str:
    stage, index, part, rest = match.groups()
    places = {"conv1": "enter.conv", "bn1": "enter.norm", "conv2": "conv", "bn2": "norm"}
    inside = places.get(part) or part.replace("downsample", "shortcut")
    return f"backbone.layer{stage}.{index}.{inside}.{rest}"


def _recurrent(ours: str, rest: str) -> str:
    """Inside one bidirectional unit: `rnn.weight_ih_l0_reverse` becomes the backward LSTM's `weight_ih_l0`."""
    if rest.startswith("linear"):
        return f"{ours}.{rest}"
    weight = rest.removeprefix("rnn.")
    return f"{ours}.{'backward' if weight.endswith('_reverse') else 'forward'}_rnn.{weight.removesuffix('_reverse')}"


def _encoder(match: re.Match[str]) -> str:
    which, index, rest = match.groups()
    return _recurrent(f"{'aligned_encoder' if which == 'one.SequenceModeling' else 'encoder'}.units.{index}", rest)


def _glyph_order(match: re.Match[str]) -> str:
    return _recurrent(f"glyph.{'low' if match[1] == '0' else 'middle'}.order", match[2])


def _attention_decoder(match: re.Match[str]) -> str:
    decoder, rest = _PREDICTORS[match[1]], match[2]
    parts = {"i2h": "key", "h2h": "query", "score": "score", "rnn": "cell", "fusion.W": "gate.weigh"}
    for theirs, ours in parts.items():
        if rest.startswith(f"attention_cell.{theirs}."):
            return f"{decoder}.{ours}.{rest.removeprefix(f'attention_cell.{theirs}.')}"
    return f"{decoder}.{_character_part(rest)}"


def _character_decoder(match: re.Match[str]) -> str:
    rest = match[2]
    if rest.startswith("rnn."):
        return f"{_CHARACTER_DECODERS[match[1]]}.{rest}_l0"
    return f"{_CHARACTER_DECODERS[match[1]]}.{_character_part(rest)}"


def _character_part(rest: str) -> str:
    return rest.replace("generator.", "classify.").replace("char_embeddings.", "previous.table.")


def _trunk_unit(match: re.Match[str]) -> str:
    kind, index, rest = match.groups()
    return f"trunk.{_TRUNK['conv' + index]}.{'norm' if kind == 'bn' else 'conv'}.{rest}"


def _trunk_up(match: re.Match[str]) -> str:
    return f"trunk.{'up_middle' if match[1] == '2' else 'up_fine'}.{'conv' if match[2] == '0' else 'norm'}.{match[3]}"


def _describe(match: re.Match[str]) -> str:
    return f"glyph.{match[1].lower()}.describe.{'conv' if match[2] == '0' else 'norm'}.{match[3]}"


_ALTERNATIVES = "|".join(re.escape(name) for name in _PREDICTORS)
_CHARACTERS = "|".join(re.escape(name) for name in _CHARACTER_DECODERS)
_CLS = r"model_two\.Attention_Cls\."
_NET = r"model_one\.FeatureExtraction\.ConvNet\."
_RULES = (
    (r"model_one\.Transformation\.LocalizationNetwork\.(conv|localization_fc1|localization_fc2)\.?(\d*)\.(\w+)", _rectifier),
    (_NET + r"(conv1|bn1|conv6|bn6|conv7_1|bn7_1|conv7_2|bn7_2)\.(\w+)", _unit),
    (_NET + r"layer(\d)\.(\d+)\.(conv1|bn1|conv2|bn2|downsample\.0|downsample\.1)\." + _NORM, _block),
    (r"model_(one\.SequenceModeling|two\.SequenceEncoding)\.(\d)\.(.+)", _encoder),
    (rf"({_ALTERNATIVES})\.((?:attention_cell\.(?:i2h|h2h|score|rnn|fusion\.W)|generator|char_embeddings)\.\w+)", _attention_decoder),
    (rf"({_CHARACTERS})\.((?:rnn|generator|char_embeddings)\.\w+)", _character_decoder),
    (_CLS + r"unpool([23])\.([01])\.(\w+)", _trunk_up),
    (_CLS + r"(conv|bn)([1-5])\.(\w+)", _trunk_unit),
    (_CLS + r"seg_cls\.(\w+)", lambda match: f"trunk.classify.{match[1]}"),
    (_CLS + r"cls_Head_(Low|Middle)\.0\.(\w+)", lambda match: f"glyph.{match[1].lower()}.locate.{match[2]}"),
    (_CLS + r"(Low|Middle)\.([01])\.(\w+)", _describe),
    (_CLS + r"lstm\.([01])\.(.+)", _glyph_order),
    (r"model_two\.Fusion\.W\.(\w+)", lambda match: f"head.gate.weigh.{match[1]}"),
    (r"model_two\.pw\.(\w+)", lambda match: f"head.widen.{match[1]}"),
)
