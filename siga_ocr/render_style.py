"""What rendered crops look like: the mixture of marking families and how hard they are; it does not know how anything is drawn."""

from dataclasses import dataclass, replace

from siga_ocr.errors import UsageError

DEFAULT_FAMILIES: tuple[tuple[str, float], ...] = (
    ("print", 0.11),  # ink and paint on any surface
    ("label", 0.08),  # thermal and laser print on paper and film
    ("sleeve", 0.14),  # wire sleeves and terminal markers
    ("inkjet", 0.08),  # dot-matrix ink-jet
    ("peen", 0.065),  # dots hammered into metal
    ("stamp", 0.075),  # stamped lines and single punches
    ("cast", 0.04),  # raised characters of castings, forgings and mouldings
    ("engrave", 0.03),  # milled and routed lines
    ("scribe", 0.03),  # scratched by hand or with a vibrating point
    ("etch", 0.05),  # laser on metal and plastic
    ("electro", 0.02),  # electrolytic marks
    ("chip", 0.05),  # chip packages and wafers at very low contrast
    ("plate", 0.085),  # number plates
    ("counter", 0.06),  # mechanical counter wheels
    ("stencil", 0.025),  # paint through stencils
    ("paint", 0.04),  # large painted characters, container marks, billets
    ("segment", 0.02),  # seven-segment displays
)
"""Family names with their share of the default mixture."""
RANDOM_WORDS = "arbittext"
"""What the default mixture leaves out: random characters in scenes, as the ArbitText set of the SIGA paper has them."""
RANDOM_WORD_LENGTH = 25
"""The most characters of such a word: what the published networks can read."""
FAMILY_NAMES = (*(name for name, _ in DEFAULT_FAMILIES), RANDOM_WORDS)
FAULTS = (
    *("wear", "scratches", "dirt", "glare", "shadow", "vignette", "low_contrast", "exposure", "colour_cast", "grey"),
    *("defocus", "motion", "low_resolution", "noise", "bands", "hot_pixels", "interlaced", "halo", "jpeg"),
    *("perspective", "rotation", "shear", "cylinder", "arc", "uneven_baseline", "uneven_spacing"),
    *("cut_off", "neighbours", "other_lines", "far_margins", "corner", "part_edge", "fasteners", "symbols", "frames", "handwriting"),
)
"""What can be wrong with a crop: the workpiece and its light, the camera, the geometry, what else the crop holds."""
LETTERINGS = ("shipped", "sans", "serif", "mono", "condensed", "technical", "strokes", "dots", "segments")
"""Kinds of face that are the same on every machine: all fonts of the package, one kind of them, or characters drawn in code."""


@dataclass(frozen=True, kw_only=True)
class RenderStyle:
    """The mixture that rendered crops are drawn from.

    `difficulty` runs from 0 (clean crops) to 1 (the whole field mixture): faults, geometry and loss of contrast grow with it. `surfaces` and
    `fonts` name optional folders of photographs and font files. `upside_down` is the share of crops turned by half a turn. `fault` names one
    of `FAULTS`: each crop then has that fault at full strength and no other, its difficulty is 0 whatever was asked. `lettering` names one of
    `LETTERINGS` instead of all the fonts that the machine has.

    Raises:
        UsageError: a share lies outside 0..1, a family, fault or lettering is unknown, a family is named twice, or none has weight.
    """

    difficulty: float = 1.0
    families: tuple[tuple[str, float], ...] = DEFAULT_FAMILIES
    max_length: int = 40
    blank: float = 0.02  # share of crops without any code
    upside_down: float = 0.0
    surfaces: str = ""
    fonts: str = ""
    fault: str = ""
    lettering: str = ""

    def __post_init__(self) -> None:
        for name, share in (("difficulty", self.difficulty), ("blank", self.blank), ("upside_down", self.upside_down)):
            if not 0.0 <= share <= 1.0:
                raise UsageError(f"{name} of a render style must lie in 0..1, got {share}.")
        if not 1 <= self.max_length <= 200:
            raise UsageError(f"max_length of a render style must lie in 1..200, got {self.max_length}.")
        for kind, name, known in (("fault", self.fault, FAULTS), ("lettering", self.lettering, LETTERINGS)):
            if name and name not in known:
                raise UsageError(f"Unknown {kind} {name!r} of a render style: known are {', '.join(known)}.")
        if self.fault:
            object.__setattr__(self, "difficulty", 0.0)
        self._check_families()

    def _check_families(self) -> None:
        names = [name for name, _ in self.families]
        unknown = [name for name in names if name not in FAMILY_NAMES]
        if unknown:
            raise UsageError(f"Unknown render family {unknown[0]!r}: the families are {', '.join(FAMILY_NAMES)}.")
        if len(set(names)) != len(names):
            raise UsageError(f"A render style names a family twice: {', '.join(names)}.")
        if any(weight < 0 for _, weight in self.families) or not sum(weight for _, weight in self.families) > 0:
            raise UsageError("The weights of a render style's families must not be negative, and one must be positive.")


def family_style(name: str, style: RenderStyle) -> RenderStyle:
    """`style` restricted to the one family `name`; `mixture` leaves it as it is, and random words are never blank."""
    if name == RANDOM_WORDS:
        style = replace(style, blank=0.0, max_length=min(style.max_length, RANDOM_WORD_LENGTH))
    return style if name == "mixture" else replace(style, families=((name, 1.0),))
