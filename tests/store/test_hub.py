"""Rules of models from the hub: what arrives is whole and is what was announced, and what is here is never asked for again."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from siga_ocr.errors import DiskError, ModelError, UsageError
from siga_ocr.store import home, hub, shelf, weights
from siga_ocr.store.folder import CONFIG_NAME, WEIGHTS_NAME, describe
from siga_ocr.store.hub_errors import explained
from tests.hub_server import Hub, Repository, serving

ADDRESS = "hf:acme/line3"

pytestmark = pytest.mark.usefixtures("repository")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that the environment points to, and an empty store; nobody waits between tries."""
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "SIGA_OCR_HUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SIGA_OCR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setattr("time.sleep", lambda _: None)
    with serving() as state:
        monkeypatch.setenv("HF_ENDPOINT", state.endpoint)
        yield state


@pytest.fixture
def files(tiny_model_folder: Path) -> dict[str, bytes]:
    """A model as a repository holds it, with something beside it that is none of ours."""
    model = {path.name: path.read_bytes() for path in tiny_model_folder.iterdir() if path.is_file()}
    return model | {"README.md": b"# card\n", "pytorch_model.bin": b"\x80\x04pickle", "modeling.py": b"raise SystemExit"}


@pytest.fixture
def repository(server: Hub, files: dict[str, bytes]) -> Repository:
    """`acme/line3`, with one commit on its branch."""
    made = Repository()
    made.commit(files)
    server.repositories["acme/line3"] = made
    return made


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def child() -> "subprocess.Popen[str]":
    """Another process that finds the model and prints its folder."""
    script = f"from siga_ocr.store import weights; print(weights.find({ADDRESS!r}).folder)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("hf:acme/line3", hub.Address("acme/line3")),
        ("hf:acme/models/line3@v1.2", hub.Address("acme/models", "line3", "v1.2")),
        ("hf:acme/line3@feature/x", hub.Address("acme/line3", "", "feature/x")),
    ],
)
def test_an_address_says_repository_folder_and_revision(text: str, address: hub.Address) -> None:
    assert hub.parse(text) == address
    assert hub.parse(str(address)) == address


@pytest.mark.parametrize("text", ["hf:", "hf:acme", "hf:acme/a/b/c", "hf:acme/../x", "hf:acme/x@", "hf:acme/x@a/../b", "hf:acme/x y", "acme/x"])
def test_what_is_no_address_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError, match="no address on the hub"):
        hub.parse(text)


def test_a_model_arrives_with_its_commit_and_nothing_else_of_the_repository(server: Hub, repository: Repository, files: dict[str, bytes]) -> None:
    found = weights.find(ADDRESS)
    assert found.revision == repository.branches["main"]
    assert names(found.folder) == {CONFIG_NAME, WEIGHTS_NAME, "README.md"}
    assert all((found.folder / name).read_bytes() == files[name] for name in names(found.folder))
    assert not [path for path in server.paths("GET") if path.endswith((".bin", ".py"))]


def test_what_is_here_is_never_asked_for_again(server: Hub, repository: Repository, files: dict[str, bytes]) -> None:
    first = weights.find(ADDRESS)
    asked = len(server.requests)
    repository.commit(files | {"README.md": b"# second card\n"})
    for same in (ADDRESS, f"{ADDRESS}@main", f"{ADDRESS}@{first.revision}"):
        assert weights.find(same) == first
    assert len(server.requests) == asked
    pulled = weights.pull(ADDRESS)
    assert pulled.origin.commit == repository.branches["main"] != first.revision
    assert weights.find(ADDRESS).revision == pulled.origin.commit
    assert not first.folder.exists(), "what no name points to is gone"


def test_an_old_commit_stays_as_long_as_it_has_a_name(server: Hub, repository: Repository, files: dict[str, bytes]) -> None:
    first = weights.find(f"{ADDRESS}@{weights.pull(ADDRESS).origin.commit}").revision
    repository.commit(files | {"README.md": b"# second card\n"})
    weights.pull(f"{ADDRESS}@{first}")
    weights.pull(ADDRESS)
    assert weights.find(f"{ADDRESS}@{first}").revision == first != weights.find(ADDRESS).revision
    assert len(server.paths("HEAD")) == 6, "three files of each commit, once"


def test_a_transfer_that_breaks_off_goes_on_where_it_was(server: Hub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1000)
    server.cut = [9000]
    with suppress(ModelError):  # older versions of the library leave the rest to the next run
        weights.find(ADDRESS)
    found = weights.find(ADDRESS)
    assert (found.folder / WEIGHTS_NAME).read_bytes() == files[WEIGHTS_NAME]
    assert [request.range for request in server.requests if request.range] == ["bytes=9000-"]


def test_a_run_that_was_cut_off_leaves_no_model_and_the_next_keeps_its_whole_files(server: Hub) -> None:
    server.short = {WEIGHTS_NAME}
    with pytest.raises(ModelError, match="models pull"):
        weights.find(ADDRESS)
    assert not shelf.entries()
    assert not list((home.home() / "models").glob("*"))
    server.short, server.requests = set(), []
    assert describe(weights.find(ADDRESS).folder)
    assert not [path for path in server.paths("GET") if path.endswith(CONFIG_NAME)]


def test_a_killed_run_leaves_nothing_that_is_taken_for_a_model(server: Hub, files: dict[str, bytes]) -> None:
    server.released.clear()
    with child() as process:
        assert server.half_sent.wait(60)
        process.kill()
    server.released.set()
    assert list(home.incoming().iterdir())
    assert not shelf.entries()
    with pytest.raises(ModelError, match="not on this machine"):
        weights.find(ADDRESS, fetch=False)
    assert (weights.find(ADDRESS).folder / WEIGHTS_NAME).read_bytes() == files[WEIGHTS_NAME]


@pytest.mark.parametrize("name", [WEIGHTS_NAME, CONFIG_NAME])
def test_a_file_that_arrives_as_another_one_is_fetched_anew_and_then_refused(server: Hub, repository: Repository, name: str) -> None:
    server.damaged = {name}
    with pytest.raises(ModelError, match=rf"{name} of hf:acme/line3@main arrived damaged twice"):
        weights.find(ADDRESS)
    assert not shelf.entries()
    server.damaged = set()
    assert weights.find(ADDRESS).revision == repository.branches["main"]


def test_weights_that_the_config_does_not_describe_are_refused(repository: Repository, files: dict[str, bytes]) -> None:
    good = weights.find(ADDRESS)
    other = files[WEIGHTS_NAME][:-1] + bytes([files[WEIGHTS_NAME][-1] ^ 1])
    repository.commit(files | {WEIGHTS_NAME: other})
    with pytest.raises(ModelError, match="sha256 differs"):
        weights.pull(ADDRESS)
    assert weights.find(ADDRESS) == good, "what was there stays"
    assert weights.damage(ADDRESS) == []


@pytest.mark.parametrize("change", [{"code": "import os"}, {"model": {"architecture": "__import__('os')"}}, {"format": 99}])
def test_a_config_is_data_and_is_checked(repository: Repository, files: dict[str, bytes], change: dict[str, object]) -> None:
    content = json.loads(files[CONFIG_NAME]) | change
    if "code" in change:
        content["model"]["code"] = content.pop("code")
    repository.commit(files | {CONFIG_NAME: json.dumps(content).encode()})
    with pytest.raises(ModelError, match=CONFIG_NAME):
        weights.find(ADDRESS)
    assert not shelf.entries()


def test_a_repository_without_safetensors_is_none_of_ours(repository: Repository, files: dict[str, bytes]) -> None:
    repository.commit({name: content for name, content in files.items() if name != WEIGHTS_NAME})
    with pytest.raises(ModelError, match=f"holds no {WEIGHTS_NAME}"):
        weights.find(ADDRESS)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("hf:acme/nothing", r"hf:acme/nothing@main does not exist \(404\)"),
        (f"{ADDRESS}@v9", r"no such revision \(404\)"),
        ("hf:acme/secret", r"wants a token \(401\).*HF_TOKEN"),
    ],
)
def test_what_the_hub_refuses_is_said(server: Hub, repository: Repository, model: str, message: str) -> None:
    server.repositories["acme/secret"] = Repository(repository.commits, repository.branches, token="hf_secret")
    with pytest.raises(ModelError, match=message):
        weights.find(model)


@pytest.mark.parametrize(("status", "message"), [(403, "not open to you"), (500, "answered 500"), (429, "answered 429")])
def test_a_hub_that_says_no_is_quoted(server: Hub, status: int, message: str) -> None:
    server.status = status
    with pytest.raises(ModelError, match=message):
        weights.find(ADDRESS)


def test_a_commit_is_a_commit_before_it_becomes_a_path(server: Hub, repository: Repository) -> None:
    repository.commits["../../../escaped"] = repository.commits[repository.branches["main"]]
    repository.branches["main"] = "../../../escaped"
    with pytest.raises(ModelError, match="which commit"):
        weights.find(ADDRESS)
    assert server.paths("HEAD") == []


def test_a_full_disk_is_no_matter_of_the_network() -> None:
    full = explained(OSError(errno.ENOSPC, "No space left on device"), ADDRESS, "advice")
    assert isinstance(full, DiskError)
    assert "SIGA_OCR_HOME" in str(full)
    gone = explained(ConnectionError("no route"), ADDRESS, "advice")
    assert isinstance(gone, ModelError)
    assert str(gone).endswith("(ConnectionError: no route). advice")


def test_the_token_goes_to_the_hub_and_not_to_where_it_keeps_large_files(
    server: Hub, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.token = "hf_secret"
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert weights.find(ADDRESS).revision
    tokens = {request.host.partition(":")[0]: request.token for request in server.requests}
    assert tokens == {"127.0.0.1": "hf_secret", "localhost": ""}


def test_plain_names_are_folders_of_the_set_repository(server: Hub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    server.repositories["acme/models"] = made = Repository()
    commit = made.commit({f"large/{name}": content for name, content in files.items()})
    with pytest.raises(ModelError, match=r"models import DIR\|ZIP --name large"):
        weights.find("large")
    monkeypatch.setenv("SIGA_OCR_HUB_REPOSITORY", "acme/models")
    assert weights.find("large").revision == commit
    monkeypatch.delenv("SIGA_OCR_HUB_REPOSITORY")
    assert weights.find("large").revision == commit
    with pytest.raises(UsageError, match="SIGA_OCR_HUB_REPOSITORY"):
        weights.pull("large")


def test_without_a_network_what_is_here_works_and_what_is_not_is_said(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    here = weights.find(ADDRESS)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert weights.find(ADDRESS) == here
    with pytest.raises(ModelError, match=r"models pull hf:acme/other@main.*models import"):
        weights.find("hf:acme/other")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked = len(server.requests)
    assert weights.find(ADDRESS) == here
    with pytest.raises(ModelError, match=r"HF_HUB_OFFLINE.*models pull hf:acme/other@main.*models import"):
        weights.find("hf:acme/other")
    assert len(server.requests) == asked


def test_two_processes_at_once_fetch_one_model(server: Hub) -> None:
    with child() as first, child() as second:
        folders = {process.communicate(timeout=120)[0].strip() for process in (first, second)}
    assert (first.returncode, second.returncode) == (0, 0)
    assert folders == {str(weights.find(ADDRESS).folder)}
    assert len([path for path in server.paths("GET") if path.startswith("/cdn/")]) == 1
    assert weights.damage(ADDRESS) == []


def test_a_pushed_model_can_be_pulled(server: Hub, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, folder = hub.parse("hf:acme/models/tiny"), tmp_path / "best"
    shutil.copytree(tiny_model_folder, folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# card\n")
    (folder / "optimizer.bin").write_bytes(b"no part of a model")
    with pytest.raises(ModelError, match=r"wants a token \(401\)"):
        hub.push(folder, target, public=False)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match="Push again when the network is back"):
        hub.push(folder, target, public=False)
    monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
    url = hub.push(folder, target, public=False)
    found = weights.find("hf:acme/models/tiny")
    assert url.endswith(found.revision)
    assert server.repositories["acme/models"].token == "hf_secret", "a new repository is private"
    assert describe(found.folder) == describe(tiny_model_folder)
    assert {path.name for path in found.folder.iterdir()} == {CONFIG_NAME, WEIGHTS_NAME, "README.md"}
    assert not [name for files in server.repositories["acme/models"].commits.values() for name in files if name.endswith(".bin")]
