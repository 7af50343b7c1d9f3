"""The gateways that nemoserve is measured beside: how each is installed, started and asked. Measures nothing.

Each lives in a folder of its own under the user's cache, so that no version of anything here disturbs another.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests
from packaging.requirements import Requirement

MODEL = "nvidia/nemotron-nano-9b-v2"
LITELLM, SMG, PORTKEY = "1.108.1", "1.13.0", "1.15.2"
_KEY = re.compile(r"sk-nemo-[A-Za-z0-9]+-[A-Za-z0-9]+")
_SECRET = secrets.token_hex(32)
"""Of all nemoserve servers: those that share a database share it."""
_START_S = 240.0
_SETTLE_S = 0.3
"""A gateway that was frozen catches up with its timers."""


class Missing(Exception):
    """A peer cannot be run here; the message says why and what would help."""


@dataclass
class Peer:
    """A running gateway, or the mock itself. `headers` go with every request."""

    name: str
    port: int
    process: subprocess.Popen[bytes] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    version: str = ""

    def request(self, *, stream: bool, path: str = "/v1/chat/completions") -> bytes:
        """The bytes of one chat call."""
        question = {
            "model": MODEL,
            "messages": [{"role": "user", "content": "How many apples are left of seven when two are eaten?"}],
            "stream": stream,
        }
        body = json.dumps(question).encode()
        headers = {"Authorization": "Bearer sk-bench", "Content-Type": "application/json", **self.headers}
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

    def freeze(self) -> None:
        """Stops its processes, so that an idle gateway costs the others nothing."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets it run again."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGCONT)
            time.sleep(_SETTLE_S)

    def cpu_s(self) -> float:
        """What its processes have used until now."""
        if self.process is None:
            return 0.0
        root = psutil.Process(self.process.pid)
        times = [each.cpu_times() for each in (root, *root.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    def memory(self) -> float:
        """MiB of its processes; what they share is counted in each."""
        if self.process is None:
            return 0.0
        root = psutil.Process(self.process.pid)
        return sum(each.memory_info().rss for each in (root, *root.children(recursive=True))) / (1 << 20)


def cache_folder() -> Path:
    """Where the peers are installed."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nemoserve" / "peers"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(
    name: str, command: list[str], port: int, log: Path, *, cores: set[int], environment: dict[str, str] | None = None
) -> Iterator[Peer]:
    """A process on these cores that answers on the port; it and its children end with the block."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            cwd=log.parent,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
    peer = Peer(name, port, process)
    try:
        deadline = time.monotonic() + _START_S
        while not _answers(peer):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Missing(f"{name} did not start; its last words:\n{log.read_text(errors='replace')[-1500:]}")
            time.sleep(0.1)
        yield peer
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGCONT)
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(peer: Peer) -> bool:
    """Whether something takes connections there; the first measured rounds are a warm-up."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", peer.port), timeout=2):
        return True
    return False


def ask_until_right(peer: Peer, patience_s: float = 60.0) -> None:
    """Asks one question until it is answered; a gateway may listen before it can. Raises Missing with its last words."""
    head, _, body = peer.request(stream=False).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    url = f"http://127.0.0.1:{peer.port}/v1/chat/completions"
    deadline = time.monotonic() + patience_s
    said = "nothing"
    while time.monotonic() < deadline:
        try:
            answer = requests.post(url, body, headers=headers, timeout=10)
            if answer.status_code == 200 and answer.json()["choices"][0]["message"]["content"]:
                return
            said = f"{answer.status_code} {answer.text[:300]}"
        except (requests.RequestException, ValueError, KeyError) as error:
            said = repr(error)
        time.sleep(0.3)
    raise Missing(f"{peer.name} does not answer: {said}")


# The mock, and nemoserve before it.


@contextlib.contextmanager
def mock(folder: Path, core: int, tokens: int, *, pace_ms: float = 0.0) -> Iterator[Peer]:
    """The provider behind all of them, in OpenAI's format and without thinking."""
    port = free_port()
    options = ["--port", str(port), "--tokens", str(tokens), "--pace-ms", str(pace_ms), "--models", MODEL]
    command = [sys.executable, "-m", "nemoserve", "mock", *options]
    with started("direct", command, port, folder / f"mock-{port}.log", cores={core}) as peer:
        yield peer


@contextlib.contextmanager
def nemoserve(folder: Path, core: int, upstream: int, *, database_url: str | None = None) -> Iterator[Peer]:
    """One worker with a key asked for and the ledger written."""
    folder.mkdir()
    database = ["--database-url", database_url] if database_url else []
    environment = {"NEMOSERVE_SECRET": _SECRET, "NEMOSERVE_BENCH_UPSTREAM_KEY": "sk-mock"}
    made = subprocess.run(
        [sys.executable, "-m", "nemoserve", "keys", "create", "bench", "--json", "--data-dir", str(folder), *database],
        capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip
    key = _KEY.search(made.stdout)
    if key is None:
        raise Missing(f"no key could be made for nemoserve: {made.stderr or made.stdout}")
    config = folder / "nemoserve.toml"
    config.write_text(nemoserve_config(upstream))
    port = free_port()
    options = ["--config", str(config), "--port", str(port), "--data-dir", str(folder), "--require-key", *database]
    command = [sys.executable, "-m", "nemoserve", "serve", *options]
    with started("nemoserve", command, port, folder / "server.log", cores={core}, environment=environment) as peer:
        peer.headers["Authorization"] = f"Bearer {key[0]}"
        yield peer


def nemoserve_config(upstream: int) -> str:
    """Its configuration: the mock is the only provider, and no model runs on this machine."""
    return f"""[server]
embedded = false

[[providers]]
name = "mock"
type = "openai"
base_url = "http://127.0.0.1:{upstream}/v1"
api_key = "env:NEMOSERVE_BENCH_UPSTREAM_KEY"

[[providers.models]]
id = "{MODEL}"
upstream_id = "{MODEL}"
price = {{ prompt = "0.04", completion = "0.16" }}
"""


# The peers.


@contextlib.contextmanager
def litellm(folder: Path, core: int, upstream: int) -> Iterator[Peer]:
    """The proxy with one worker and a master key; keys of its own and spending would need PostgreSQL."""
    program = _venv("litellm", f"litellm[proxy]=={LITELLM}") / "litellm"
    config = folder / "litellm.yaml"
    config.write_text(f"""model_list:
  - model_name: {MODEL}
    litellm_params:
      model: openai/{MODEL}
      api_base: http://127.0.0.1:{upstream}/v1
      api_key: sk-mock
general_settings:
  master_key: sk-bench
litellm_settings:
  telemetry: false
""")
    port = free_port()
    command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION"}
    with started("LiteLLM", command, port, folder / "litellm.log", cores={core}, environment=environment) as peer:
        peer.version = LITELLM
        yield peer


@contextlib.contextmanager
def portkey(folder: Path, core: int, upstream: int) -> Iterator[Peer]:
    """The gateway alone, told by headers where to go; it knows no keys."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Missing("Portkey needs Node.js and npm (Debian: apt-get install nodejs npm)")
    home = cache_folder() / "portkey"
    script = home / "node_modules/@portkey-ai/gateway/build/start-server.js"
    if not script.exists():
        home.mkdir(parents=True, exist_ok=True)
        # A newer server library shares a fetched reply's headers, which are frozen, and every stream becomes a 500.
        wanted = {"dependencies": {"@portkey-ai/gateway": PORTKEY}, "overrides": {"@hono/node-server": "1.13.8"}}
        (home / "package.json").write_text(json.dumps(wanted))
        _install(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], home)
    port = free_port()
    command = ["node", str(script), f"--port={port}", "--headless"]
    with started(
        "Portkey", command, port, folder / "portkey.log", cores={core}, environment={"NODE_ENV": "production"}
    ) as peer:
        peer.headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"http://127.0.0.1:{upstream}/v1"}
        peer.version = PORTKEY
        yield peer


@contextlib.contextmanager
def smg(folder: Path, core: int, upstream: int) -> Iterator[Peer]:
    """The Rust gateway before an OpenAI-compatible worker; one thread runs where one core is given."""
    program = _venv("smg", f"smg=={SMG}") / "smg"
    port = free_port()
    command = [
        str(program), "launch", "--backend", "openai", "--worker-urls", f"http://127.0.0.1:{upstream}",
        "--host", "127.0.0.1", "--port", str(port), "--log-level", "warn",
    ]  # fmt: skip
    with started("smg", command, port, folder / "smg.log", cores={core}) as peer:
        peer.version = SMG
        yield peer


@contextlib.contextmanager
def nginx(folder: Path, core: int, upstream: int) -> Iterator[Peer]:
    """A plain reverse proxy with kept-alive connections: what any hop costs."""
    program = shutil.which("nginx") or _unpacked_nginx()
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(f"""worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000000;
  upstream mock {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    tcp_nodelay on;
    location / {{
      proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }}
  }}
}}
""")
    with started(
        "nginx", [program, "-p", str(folder), "-c", str(config)], port, folder / "nginx.log", cores={core}
    ) as peer:
        said = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
        peer.version = said.rpartition("/")[2].strip()
        yield peer


PEERS = {"LiteLLM": litellm, "Portkey": portkey, "smg": smg, "nginx": nginx}


# Installing.


def _venv(name: str, package: str) -> Path:
    """The programs' folder of an environment that holds this package alone."""
    home = cache_folder() / name
    done = home / f"{package.replace('/', '-')}.installed"
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        _install([sys.executable, "-m", "venv", "--without-pip", str(home)])
        pip = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "--disable-pip-version-check"]
        _install([*pip, "install", "--quiet", "--no-deps", package])
        _install([*pip, "install", "--quiet", *_needs(home, package)])
        done.touch()
    return home / "bin"


def _needs(home: Path, package: str) -> list[str]:
    """What an installed package needs, but any version of the certificates: LiteLLM's floor for them is days old."""
    wanted = Requirement(package)
    places = [str(place) for place in home.glob("lib/python*/site-packages")]
    (found,) = importlib.metadata.distributions(name=wanted.name, path=places)
    needs: list[str] = []
    for text in found.requires or []:
        need = Requirement(text)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
            needs.append(need.name if need.name == "certifi" else text.partition(";")[0].strip())
    return needs or ["certifi"]


def _unpacked_nginx() -> str:
    """Debian's own package, unpacked rather than installed: no service is started and nobody has to be root."""
    home = cache_folder() / "nginx"
    program = home / "usr/sbin/nginx"
    if not program.exists():
        if shutil.which("apt-get") is None:
            raise Missing("nginx is not installed")
        home.mkdir(parents=True, exist_ok=True)
        _install(["apt-get", "download", "nginx"], home)
        for package in home.glob("nginx_*.deb"):
            _install(["dpkg-deb", "-x", str(package), str(home)])
    return str(program)


def _install(command: list[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    if done.returncode:
        raise Missing(f"{' '.join(command[:4])} … failed: {(done.stderr or done.stdout)[-500:]}")
