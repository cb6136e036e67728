"""The house: imports point down as docs/architecture.md says, and files and functions stay small."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "siga_ocr"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name not in ("__init__.py", "__main__.py"))
"""All but the public door, which is lazy and belongs to no layer."""

FOREIGN = {1: {"torch", "cv2"}, 2: {"torch", "cv2"}, 3: {"numpy", "pathlib", "cv2", "PIL"}}
"""What a layer does without; `decode` needs no torch either."""

MAX_PARAMETERS = 6
"""Beyond it a function takes a dataclass; Typer commands and methods' `self` aside."""

FORBIDDEN_NAMES = {"utils", "util", "helper", "helpers", "manager", "base", "common"}


def layer_table() -> dict[str, int]:
    """Module or folder (ends in /) -> layer, from the first table of the architecture page."""
    rows = re.findall(r"^\| (\d) \| (.*) \|$", (ROOT / "docs" / "architecture.md").read_text(), flags=re.MULTILINE)
    return {name: int(layer) for layer, modules in rows for name in re.findall(r"`([a-z_/]+)`", modules)}


LAYERS = layer_table()


def layer_of(name: str) -> int:
    """The layer of a module, named below the package: `crops`, `data.labels`."""
    first = name.split(".")[0]
    layer = LAYERS.get(first, LAYERS.get(first + "/"))
    assert layer is not None, f"name {first} in the first table of docs/architecture.md"
    return layer


def imported(path: Path) -> Iterator[str]:
    """The full name of everything that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


@pytest.mark.parametrize("path", MODULES, ids=own_name)
def test_imports_point_down(path: Path) -> None:
    layer = layer_of(own_name(path))
    for name in imported(path):
        package, _, rest = name.partition(".")
        if package == "siga_ocr" and rest != "__version__":
            assert layer_of(rest) <= layer, f"{own_name(path)} (layer {layer}) imports {name}"
        assert package not in FOREIGN.get(layer, set()), f"{own_name(path)} (layer {layer}) imports {name}"


def test_decode_needs_no_torch() -> None:
    assert not [name for name in imported(PACKAGE / "decode.py") if name.startswith("torch")]


def test_every_name_in_the_table_exists() -> None:
    for name in LAYERS:
        assert (PACKAGE / name).is_dir() if name.endswith("/") else (PACKAGE / f"{name}.py").is_file(), name


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("path", MODULES, ids=own_name)
def test_files_and_functions_stay_small(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) <= 250
    assert path.stem not in FORBIDDEN_NAMES
    assert ast.get_docstring(ast.parse(source)), f"{own_name(path)} says in its first line what it knows"
    for function in functions(path):
        assert function.end_lineno is not None
        is_command = path.parent.name == "cli" and function.name == path.stem
        first = function.body[0].lineno if is_command else function.lineno  # the options of a command are a table
        assert function.end_lineno - first < 40, f"{own_name(path)}.{function.name} is too long"
        parameters = [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs) if a.arg not in ("self", "cls")]
        assert is_command or len(parameters) <= MAX_PARAMETERS, (
            f"{own_name(path)}.{function.name} takes {len(parameters)} parameters: make a dataclass"
        )


def test_the_top_level_holds_only_what_belongs_there() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {name.split("/")[0] for name in listed.stdout.splitlines()}
    allowed = {"siga_ocr", "models", "tests", "docs", "pyproject.toml", "CHANGELOG.md", "README.md", "LICENSE", "constraints.txt"}
    assert {name for name in top if not name.startswith(".")} <= allowed
