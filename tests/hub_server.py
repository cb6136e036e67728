"""A hub on loopback: it speaks the protocol of a model's information, of its files (HEAD, Range, redirects) and of a push; and it can fail."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from urllib.parse import unquote, urlsplit

WEIGHTS = "model.safetensors"


@dataclass
class Repository:
    """Commits with their files, branches that point to them, and the token that it takes to see it."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        """Make `files` the state of a branch and return the commit."""
        state = hashlib.sha1(repr((len(self.commits), sorted(files.items()))).encode()).hexdigest()
        self.commits[state] = files
        self.branches[branch] = state
        return state


@dataclass(frozen=True)
class Request:
    """What was asked of the server."""

    method: str
    path: str
    range: str
    token: str
    host: str


@dataclass
class Hub:
    """The server's state; `cut` ends the next answers after so many bytes, `damaged` and `short` change what files are sent, and a cleared
    `released` holds back the second half of large files until it is set; `half_sent` tells that one is waiting."""

    endpoint: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)
    short: set[str] = field(default_factory=set)
    status: int = 0
    half_sent: Event = field(default_factory=Event)
    released: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.released.set()

    def paths(self, method: str) -> list[str]:
        """The paths that were asked for by a method."""
        return [request.path for request in self.requests if request.method == method]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    hub: Hub

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        """Facts about a file."""
        self._answer()

    def do_GET(self) -> None:
        """A file, or facts about a repository."""
        self._answer()

    def do_POST(self) -> None:
        """A step of a push."""
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.hub.requests.append(Request(self.command, path, self.headers.get("Range", ""), token, self.headers.get("Host", "")))
        if self.hub.status:
            self._send(self.hub.status, b"{}")
        elif path == "/api/repos/create":
            self._create(json.loads(body), token)
        elif path == "/api/validate-yaml":  # the head of a card
            self._send(200, b'{"errors": [], "warnings": []}')
        elif path.startswith("/cdn/"):
            self._file(*self._elsewhere(path), {})
        else:
            self._of_repository(path.strip("/").split("/"), token, body)

    def _create(self, wanted: dict[str, object], token: str) -> None:
        name = f"{wanted['organization']}/{wanted['name']}"
        if not token:
            self._send(401, b"{}", {"X-Error-Message": "Invalid username or password."})
            return
        self.hub.repositories[name] = Repository(token=token if wanted.get("visibility") == "private" or wanted.get("private") else "")
        self._send(200, json.dumps({"url": f"{self.hub.endpoint}/{name}"}).encode())

    def _of_repository(self, parts: list[str], token: str, body: bytes) -> None:
        is_api = parts[:2] == ["api", "models"]
        owner, name, *rest = parts[2:] if is_api else parts
        repository = self.hub.repositories.get(f"{owner}/{name}")
        if repository is None:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif repository.token and repository.token != token:
            self._send(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif is_api and rest[:1] == ["preupload"]:
            modes = [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in json.loads(body)["files"]]
            self._send(200, json.dumps({"files": modes}).encode())
        elif is_api and rest[:1] == ["commit"]:
            self._commit(repository, rest[1], body)
        else:
            self._state(repository, rest, is_api)

    def _commit(self, repository: Repository, branch: str, body: bytes) -> None:
        files = dict(repository.commits.get(repository.branches.get(branch, ""), {}))
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
        state = repository.commit(files, branch)
        answer = {"commitUrl": f"{self.hub.endpoint}/x/y/commit/{state}", "commitOid": state, "pullRequestUrl": None}
        self._send(200, json.dumps(answer).encode())

    def _state(self, repository: Repository, rest: list[str], is_api: bool) -> None:
        revision = rest[1] if len(rest) > 1 else "main"
        state = repository.branches.get(revision, revision)
        files = repository.commits.get(state)
        if files is None:
            self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
        elif is_api:
            siblings = [_sibling(name, content) for name, content in files.items()]
            self._send(200, json.dumps({"id": "x/y", "sha": state, "siblings": siblings, "private": False}).encode())
        elif (name := "/".join(rest[2:])) not in files:
            self._send(404, b"{}", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": state})
        else:
            self._resolved(name, files[name], state)

    def _resolved(self, name: str, content: bytes, state: str) -> None:
        facts = {"X-Repo-Commit": state, "ETag": f'"{hashlib.sha1(content).hexdigest()}"'}
        if not name.endswith(WEIGHTS):
            self._file(name, content, facts)
            return
        elsewhere = self.hub.endpoint.replace("127.0.0.1", "localhost")
        facts |= {"X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Linked-Size": str(len(content))}
        self._send(302, b"", facts | {"Location": f"{elsewhere}/cdn/{state}/{name}"})

    def _elsewhere(self, path: str) -> tuple[str, bytes]:
        """What the host of large files has under a path."""
        state, _, name = path.removeprefix("/cdn/").partition("/")
        return name, next(repository.commits[state][name] for repository in self.hub.repositories.values() if state in repository.commits)

    def _file(self, name: str, content: bytes, facts: dict[str, str]) -> None:
        if name in self.hub.damaged:
            content = content[:-1] + bytes([content[-1] ^ 1])
        if name in self.hub.short and self.command == "GET":
            content = content[: len(content) // 2]
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        facts = facts | ({"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {})
        self._send(206 if start else 200, content[start:], facts)

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.hub.cut and len(content) > self.hub.cut[0]:
            self.wfile.write(content[: self.hub.cut.pop(0)])
            self.close_connection = True
            return
        half = len(content) // 2 if self.path.startswith("/cdn/") else len(content)
        self.wfile.write(content[:half])
        if half < len(content):
            self.hub.half_sent.set()
            self.hub.released.wait(60)
        with suppress(OSError):  # nobody listens any more
            self.wfile.write(content[half:])


def _sibling(name: str, content: bytes) -> dict[str, object]:
    if name.endswith(WEIGHTS):
        lfs = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        return {"rfilename": name, "size": len(content), "blobId": "0" * 40, "lfs": lfs}
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    return {"rfilename": name, "size": len(content), "blobId": blob}


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub of its own, on a free port."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"hub": hub}))
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
