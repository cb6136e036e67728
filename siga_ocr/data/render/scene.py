"""One crop on its way: the text, the choices, the style, and how a line of it comes before the camera; the marking families build on it."""

from dataclasses import dataclass, replace

from siga_ocr.data.corpus import Code
from siga_ocr.data.draw import Draw
from siga_ocr.data.render.fonts import choice
from siga_ocr.data.render.geometry import Pose, View, fault_pose, look, random_pose
from siga_ocr.data.render.glyphs import Face
from siga_ocr.data.render.lettering import lettering_face
from siga_ocr.data.render.mark import wear
from siga_ocr.data.render.surface import Image
from siga_ocr.data.render.typeset import Artwork, Margins, Setting, typeset
from siga_ocr.render_style import RenderStyle

WIDEST = 620  # pixels: wider crops are squeezed by every model, they only cost time
CAPS = (14, 20, 28, 40, 56)  # cap heights of the flat artwork: few, so that glyph bitmaps are drawn once


@dataclass(frozen=True)
class Job:
    """What one crop is to show, and the stream of its choices."""

    code: Code
    draw: Draw
    style: RenderStyle
    difficulty: float
    """0 for a clean crop; every crop has its own share of the style's difficulty, so that faults seldom all come at once."""


@dataclass(frozen=True)
class Shot:
    """A crop before the camera's faults: `image` float [h, w, 3] at working resolution, the view it was painted from, the file's `height`."""

    image: Image
    view: View
    height: int


def file_face(job: Job, words: tuple[str, ...] = (), upright: bool = False) -> Face:
    """A face from font files that draws the text; with `words`, one whose file name holds one of them where there is any."""
    if job.style.lettering:
        return lettering_face(job.draw, job.style.lettering, words, job.code.text)
    offered = choice(job.style.fonts, words, upright)
    for _ in range(6):
        face = offered.at(job.draw.unit())
        if face.covers(job.code.text):
            return face
    return next((face for face in choice(job.style.fonts).faces if face.covers(job.code.text)), offered.faces[0])


def random_margins(draw: Draw, difficulty: float) -> Margins:
    """Tight, loose or clipped, each side by itself now and then."""
    if draw.chance(0.05 * difficulty):
        return _corner(draw)
    kinds = (("tight", 0.30), ("near", 0.40), ("loose", 0.10 + 0.12 * difficulty), ("far", 0.09 * difficulty), ("clipped", 0.14 * difficulty))
    spans = {"tight": (0.01, 0.12), "near": (0.08, 0.4), "loose": (0.35, 0.9), "far": (0.6, 1.5), "clipped": (-0.14, 0.04)}
    common = draw.weighted(kinds)
    sides = [spans[common if draw.chance(0.7) else draw.weighted(kinds)] for _ in range(4)]
    left, top, right, bottom = (draw.between(low, high) for low, high in sides)
    far = 1.6 if draw.chance(0.12 * difficulty) else 1.0
    return Margins(left=max(left, -0.1) * far, top=top, right=max(right, -0.1) * far, bottom=bottom)


def _corner(draw: Draw) -> Margins:
    """The text sits in a corner of its crop."""
    near, far = (draw.between(0.02, 0.3), draw.between(0.02, 0.3)), (draw.between(0.8, 4.0), draw.between(0.6, 1.6))
    left, right = (near[0], far[0]) if draw.chance(0.5) else (far[0], near[0])
    top, bottom = (near[1], far[1]) if draw.chance(0.5) else (far[1], near[1])
    return Margins(left=left, top=top, right=right, bottom=bottom)


def _cut_off(draw: Draw) -> Margins:
    """One side or two cut the text by less than a stroke, so that no E becomes an F."""
    margins = Margins(left=draw.between(0.02, 0.2), top=draw.between(0.02, 0.2), right=draw.between(0.02, 0.2), bottom=draw.between(0.02, 0.2))
    for side in {draw.pick(("left", "top", "right", "bottom")), draw.pick(("top", "bottom"))}:
        margins = replace(margins, **{side: -draw.between(0.05, 0.11)})
    return margins


def fault_setting(setting: Setting, draw: Draw, fault: str) -> Setting:
    """The setting with the one fault that was asked for; as it is where that is no fault of setting."""
    if fault == "uneven_baseline":
        return replace(setting, wobble=draw.between(0.05, 0.1), unrest=draw.between(0.0, 0.04))
    if fault == "uneven_spacing":
        return replace(setting, tracking=setting.tracking + 0.12, ragged=draw.between(0.12, 0.3), pitch=0.0)
    if fault in ("far_margins", "part_edge", "fasteners", "symbols", "frames", "handwriting"):
        room = [draw.between(0.7, 1.5) if fault == "far_margins" else draw.between(0.4, 1.2) for _ in range(4)]
        return replace(setting, margins=Margins(left=room[0] * 1.5, top=room[1], right=room[2] * 1.5, bottom=room[3]))
    if fault == "corner":
        return replace(setting, margins=_corner(draw))
    if fault == "cut_off":
        return replace(setting, margins=_cut_off(draw))
    if fault == "other_lines":
        return with_neighbours(setting, draw, 1.0, 0.0)
    return with_neighbours(setting, draw, 0.0, 1.0) if fault == "neighbours" else setting


def random_setting(draw: Draw, difficulty: float) -> Setting:
    """Spacing and what stands around the line."""
    margins = random_margins(draw, difficulty)
    setting = Setting(
        tracking=draw.bell(0.05) + draw.log_between(0.02, 0.25),
        pitch=draw.between(0.62, 1.05) if draw.chance(0.12) else 0.0,
        gap=draw.between(0.3, 0.8),
        wobble=draw.between(0.0, 0.06) * difficulty if draw.chance(0.15) else 0.0,
        ragged=draw.between(0.0, 0.2) * difficulty if draw.chance(0.06) else 0.0,
        margins=margins,
    )
    return with_neighbours(setting, draw, 0.22 * difficulty, 0.10 * difficulty)


def with_neighbours(setting: Setting, draw: Draw, lines: float, fields: float) -> Setting:
    """Adds lines above and below with chance `lines` and half characters at either end with chance `fields`, never so much that they read."""
    margins = setting.margins
    if draw.chance(lines):
        gap = draw.between(0.15, 0.6)
        reach = gap + draw.between(0.05, 0.4)
        margins = replace(margins, top=min(margins.top, reach), bottom=min(margins.bottom, reach))
        if draw.chance(0.6):
            margins = replace(margins, top=gap + draw.between(0.02, 0.35), bottom=gap + draw.between(0.02, 0.35))
        setting = replace(setting, line_pitch=1.0 + gap)
    shares = [draw.between(0.1, 0.35) if draw.chance(fields) else 0.0 for _ in range(2)]
    apart = draw.between(0.35, 0.6) + max(setting.tracking, 0.0) + 0.3 * setting.pitch
    left = max(margins.left, apart + 0.7 * shares[0]) if shares[0] else margins.left
    right = max(margins.right, apart + 0.7 * shares[1]) if shares[1] else margins.right
    return replace(setting, margins=replace(margins, left=left, right=right), neighbours=(shares[0], shares[1]))


def native_height(draw: Draw, difficulty: float) -> int:
    """The height of the file in pixels: mostly 24 to 64, 10 to 90 at the ends."""
    low, high = draw.weighted((((24.0, 64.0), 0.62), ((9.0 + 6.0 * (1.0 - difficulty), 24.0), 0.28), ((60.0, 90.0), 0.10)))
    return round(draw.log_between(low, high))


def shoot(job: Job, face: Face, setting: Setting, pose: Pose | None = None, height: int = 0) -> tuple[View, int]:
    """Sets the code and puts it before the camera; the view at working resolution, and the height that the file will have."""
    height = height or native_height(job.draw, job.difficulty)
    if job.style.fault == "low_resolution" and job.draw.chance(0.5):
        height = job.draw.whole(10, 14)
    setting = fault_setting(setting, job.draw, job.style.fault)
    sketch = 1.0 + max(0.0, setting.margins.top) + max(0.0, setting.margins.bottom)
    working = max(height, min(2 * height, 44))
    cap = next((size for size in CAPS if size >= 0.95 * working / sketch), CAPS[-1])
    return frame(job, typeset(job.code.shown, face, cap, setting, job.draw), setting, pose, height)


def frame(job: Job, artwork: Artwork, setting: Setting, pose: Pose | None, height: int) -> tuple[View, int]:
    """Puts artwork before the camera. Where the characters would come out too small to read, the crop grows."""
    left, top, right, bottom = artwork.box
    aspect = (right - left) / (bottom - top)
    pose = fault_pose(job.draw, job.style.fault, aspect) or pose or random_pose(job.draw, job.difficulty, aspect)
    if setting.line_pitch or any(setting.neighbours):
        bound = 14.0 / max(right - left, 1.0)
        pose = replace(pose, turn=min(max(pose.turn, -bound), bound), arc=0.0)
    working = max(height, min(2 * height, 44))
    view = look(artwork, pose, setting.margins, working, WIDEST)
    if job.style.fault == "wear":
        view = replace(view, ink=wear(view.ink, job.draw, view.cap, job.draw.between(0.6, 0.9)))
    smallest = 6.5 + 2.5 * (1.0 - job.difficulty) * (job.style.fault != "low_resolution")
    height = max(height, round(smallest * view.ink.shape[0] / view.cap))
    return view, min(height, view.ink.shape[0])
