"""Small charts as inline SVG: curves and bars in per cent; text goes in escaped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 44


@dataclass(frozen=True)
class Axes:
    """What stands at the axes; x runs from 0 to 1, y from 0 to `top`, both shown in per cent."""

    x: str
    y: str
    top: float = 1.0


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its height in 0..1, and what is shown when it is pointed at."""

    name: str
    share: float
    hint: str


def curves(axes: Axes, lines: Sequence[tuple[str, Sequence[tuple[float, float]]]], diagonal: bool = False) -> str:
    """One line a name, through points (x, y); the names stand in a legend where there are several."""
    parts = [*_frame(axes), *_ticks_below([(step / 5, f"{20 * step}") for step in range(6)])]
    if diagonal:
        parts.append(f'<path class="guide" d="M{_x(0):.1f} {_y(0, axes.top):.1f}L{_x(1):.1f} {_y(1, axes.top):.1f}"/>')
    for number, (name, points) in enumerate(lines):
        path = "L".join(f"{_x(x):.1f} {_y(y, axes.top):.1f}" for x, y in points)
        if path:
            parts.append(f'<path class="line line{number}" d="M{path}"/>')
        parts += [f'<circle class="dot{number}" cx="{_x(x):.1f}" cy="{_y(y, axes.top):.1f}" r="2.5"/>' for x, y in points if len(points) <= 20]
        if len(lines) > 1:
            parts.append(f'<text class="legend{number}" x="{LEFT + 10}" y="{TOP + 16 + 16 * number}">{escape(name)}</text>')
    return _svg(parts, f"{axes.y} by {axes.x}")


def bars(axes: Axes, shown: Sequence[Bar]) -> str:
    """Bars side by side in the order given; names are left out where they would touch."""
    width, parts = (WIDTH - LEFT - RIGHT) / max(len(shown), 1), _frame(axes)
    every = max(1, round(28 / max(width, 1)))
    for number, bar in enumerate(shown):
        top, bottom = _y(bar.share, axes.top), _y(0, axes.top)
        gap = min(width * 0.1, 3)
        rectangle = f'x="{LEFT + number * width + gap:.1f}" y="{top:.1f}" width="{max(width - 2 * gap, 1):.1f}" height="{bottom - top:.1f}"'
        parts.append(f'<rect class="bar" {rectangle}><title>{escape(bar.hint)}</title></rect>')
    names = [((number + 0.5) / max(len(shown), 1), bar.name) for number, bar in enumerate(shown) if number % every == 0]
    return _svg([*parts, *_ticks_below(names)], f"{axes.y} by {axes.x}")


def _frame(axes: Axes) -> list[str]:
    """Grid lines with their values, and the names of the axes."""
    parts = []
    for step in range(5):
        y = _y(axes.top * step / 4, axes.top)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{100 * axes.top * step / 4:.3g}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(axes.x)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">{escape(axes.y)}</text>')
    return parts


def _ticks_below(names: Sequence[tuple[float, str]]) -> Iterator[str]:
    return (f'<text x="{_x(place):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{escape(name)}</text>' for place, name in names)


def _svg(parts: Sequence[str], name: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">{"".join(parts)}</svg>'


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float, top: float) -> float:
    return HEIGHT - BOTTOM - min(share / top, 1.0) * (HEIGHT - TOP - BOTTOM)
