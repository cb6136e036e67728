"""Whether a reading is accepted: every rule that was given, and the words for those that were not met."""

from dataclasses import dataclass
from typing import Literal

from siga_ocr.decode import Decoded
from siga_ocr.read_options import ReadOptions


@dataclass(frozen=True)
class Judgement:
    """The status, the text as it is shown, why it is to be looked at, and the text as it was read where another one is shown or could be."""

    status: Literal["ok", "review"]
    text: str
    reason: str
    raw_text: str | None


def judge(decoded: Decoded, rules: ReadOptions) -> Judgement:
    """The judgement of one crop; without rules every reading is accepted."""
    reasons = _reasons(decoded, rules)
    text = raw = decoded.text
    if rules.unknown:
        weak = rules.min_character_confidence
        text = "".join(rules.unknown if one.confidence < weak else one.character for one in decoded.characters)
    kept: str | None = raw if rules.unknown else None
    if decoded.found is not None and decoded.found.raw_text is not None:
        kept = decoded.found.raw_text
    return Judgement("review" if reasons else "ok", text, "; ".join(reasons), kept)


def _reasons(decoded: Decoded, rules: ReadOptions) -> list[str]:
    found, reasons = decoded.found, list[str]()
    if found is not None and found.raw_text is not None and found.constraint_cost is None:
        return ["no likely text fits the format"]
    if found is not None and found.constraint_cost is not None and found.constraint_cost > rules.max_constraint_cost:
        reasons.append(f"fits the format only at a cost of {found.constraint_cost:.1f} nats")
    if decoded.confidence < rules.min_confidence:
        reasons.append(f"less sure than {rules.min_confidence:g}")
        if decoded.second_line:
            reasons.append(f"there may be a second line: {decoded.second_line}")
    if decoded.weakest < rules.min_character_confidence:
        reasons.append(f"a character is less sure than {rules.min_character_confidence:g}")
    if rules.min_margin and found is not None and found.margin is not None and found.margin < rules.min_margin:
        reasons.append(f"only {found.margin:.1f} nats before the runner-up")
    return reasons
