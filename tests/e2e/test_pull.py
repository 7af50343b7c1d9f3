"""`nemoserve pull` against a hub that cuts off, spoils, refuses or is not there: complete and checked, or one sentence."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkpoints import tiny_checkpoint
from tests.ggufs import GGUF_TEXT, write_gguf
from tests.hub import Hub, running
from tests.servers import free_port

pytestmark = pytest.mark.slow
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "model.safetensors": bytes(range(256)) * 4096,
    "pytorch_model.bin": b"pickle",
    "tokenizer.json": b"{}",
}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running(Hub(dict(FILES))) as found:
        yield found


def pull(url: str, home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return run(url, home, "pull", *arguments, **env)


def run(url: str, home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    own = {"HF_ENDPOINT": url, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", **env}
    return subprocess.run(
        [sys.executable, "-m", "nemoserve", *arguments],
        env={**{k: v for k, v in os.environ.items() if not k.startswith("HF_")}, **own},
        capture_output=True,
        text=True,
        timeout=200,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1 and not done.stdout, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("nemoserve: ")]
    assert "Traceback" not in done.stderr
    return line


def snapshot(home: Path, commit: str = "a" * 40) -> Path:
    return home / "hub" / "models--acme--tiny" / "snapshots" / commit


def test_it_is_whole_pinned_without_pickles_and_not_fetched_twice(hub: Hub, tmp_path: Path) -> None:
    done = pull(hub.url, tmp_path, "acme/tiny")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"nemoserve serve --model acme/tiny@{'a' * 40}"
    assert "3 files, 1.0 MB" in done.stderr
    folder = snapshot(tmp_path)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        name: content for name, content in FILES.items() if not name.endswith(".bin")
    }
    hub.asked.clear()
    again = pull(hub.url, tmp_path, "acme/tiny@main")
    assert again.returncode == 0, again.stderr
    assert not [path for method, path, _ in hub.asked if method == "GET" and "resolve" in path]


@pytest.mark.parametrize("down", [False, True])
def test_what_was_cut_off_goes_on_where_it_was(down: bool, hub: Hub, tmp_path: Path) -> None:
    hub.cut["model.safetensors"] = 700_000
    hub.down_after_cut = down
    done = pull(hub.url, tmp_path, "acme/tiny")
    if down:
        assert "could not be downloaded from the hub" in refusal(done)
        hub.refuse = 0
        done = pull(hub.url, tmp_path, "acme/tiny")
    assert done.returncode == 0, done.stderr
    assert (snapshot(tmp_path) / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    ranges = [asked for method, path, asked in hub.asked if method == "GET" and path.endswith("model.safetensors")]
    assert ranges[0] == "" and 0 < int(ranges[-1].removeprefix("bytes=").rstrip("-")) <= 700_000
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("damage", ["flip", "longer"])
def test_a_damaged_file_is_not_kept(damage: str, hub: Hub, tmp_path: Path) -> None:
    getattr(hub, damage).add("model.safetensors")
    assert "acme/tiny/model.safetensors was damaged on its way" in refusal(pull(hub.url, tmp_path, "acme/tiny"))
    assert not (snapshot(tmp_path) / "model.safetensors").exists()
    getattr(hub, damage).clear()
    assert pull(hub.url, tmp_path, "acme/tiny").returncode == 0
    assert (snapshot(tmp_path) / "model.safetensors").read_bytes() == FILES["model.safetensors"]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
@pytest.mark.parametrize("cut", [False, True])
def test_what_was_damaged_in_the_cache_stays_damaged(cut: bool, name: str, hub: Hub, tmp_path: Path) -> None:
    assert pull(hub.url, tmp_path, "acme/tiny").returncode == 0
    blob = (snapshot(tmp_path) / name).resolve()
    content = blob.read_bytes()
    blob.write_bytes(content[:-1] if cut else bytes([content[0] ^ 1]) + content[1:])
    hub.asked.clear()
    done = pull(hub.url, tmp_path, "acme/tiny")
    assert done.returncode == 0, done.stderr
    assert (snapshot(tmp_path) / name).read_bytes() == FILES[name]
    fetched = {path.rpartition("/")[2] for method, path, _ in hub.asked if method == "GET" and "resolve" in path}
    assert fetched == {name}, "the others are whole"


def test_one_file_comes_with_all_its_parts(hub: Hub, tmp_path: Path) -> None:
    parts = [f"big-Q4_0-0000{i}-of-00002.gguf" for i in (1, 2)]
    hub.files = {"README.md": b"x", **dict.fromkeys(parts, b"GGUF"), "big-Q8_0.gguf": b"GGUF other"}
    assert "choose one with --file: big-Q4_0-00001-of-00002.gguf (4 bytes), big-Q8_0.gguf" in refusal(
        pull(hub.url, tmp_path, "acme/tiny")
    )
    done = pull(hub.url, tmp_path, "acme/tiny", "--file", parts[1])
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in snapshot(tmp_path).iterdir()) == parts
    assert done.stdout.strip() == f"nemoserve serve --model {snapshot(tmp_path) / parts[0]}"
    assert "has no file nothing.gguf; it has" in refusal(pull(hub.url, tmp_path, "acme/tiny", "--file", "nothing.gguf"))


@pytest.mark.parametrize(
    ("arguments", "env", "status", "words"),
    [
        (["acme/tiny"], {"HF_ENDPOINT": "nobody"}, 0, "the hub cannot be reached: connect to the network once"),
        (["acme/tiny"], {"HF_HUB_OFFLINE": "1"}, 0, "the hub cannot be reached"),
        (["acme/other"], {}, 0, "the hub has no model of that name; if it is private or gated, set HF_TOKEN"),
        (["acme/tiny", "--revision", "v9"], {}, 0, "has no such revision on the hub"),
        (["acme/tiny@a", "--revision", "b"], {}, 0, "The revision is given twice"),
        (["acme/tiny"], {}, 403, "must be unlocked on the hub first"),
        (["acme/tiny"], {}, 401, "could not be downloaded from the hub: it asks for a token: set HF_TOKEN"),
        (
            ["acme/tiny"],
            {},
            429,
            "could not be downloaded from the hub: it has been asked too often: wait some minutes",
        ),
        (["acme/tiny"], {}, 500, "could not be downloaded from the hub: it is out of order for now (status 500): run"),
        (["acme/tiny"], {}, 503, "could not be downloaded from the hub: it is out of order for now (status 503): run"),
        (["not an id"], {}, 0, "could not be downloaded from the hub"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(
    arguments: list[str], env: dict[str, str], status: int, words: str, hub: Hub, tmp_path: Path
) -> None:
    hub.refuse = status
    if env.get("HF_ENDPOINT"):
        env = {"HF_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    assert words in refusal(pull(hub.url, tmp_path, *arguments, **env))


def test_a_cache_that_cannot_be_made_and_a_name_that_leads_out_of_it_are_one_sentence(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = tmp_path / "file" / "hub"
    assert f"The hub's cache {cache} cannot be used (Not a directory)" in refusal(
        pull(hub.url, tmp_path, "acme/tiny", HF_HUB_CACHE=str(cache))
    )
    hub.files["../../outside.json"] = b"{}"
    assert "cannot contain a '..' path segment" in refusal(pull(hub.url, tmp_path, "acme/tiny"))
    assert not list(tmp_path.rglob("outside.json"))


@pytest.mark.parametrize("offline", [True, False])
def test_what_is_here_is_denied_without_the_hub(offline: bool, hub: Hub, tmp_path: Path) -> None:
    hub.files = {file.name: file.read_bytes() for file in tiny_checkpoint(tmp_path / "made").iterdir()}
    assert pull(hub.url, tmp_path, "acme/tiny").returncode == 0
    nobody = f"http://127.0.0.1:{free_port()}"
    env = {"HF_HUB_OFFLINE": "1"} if offline else {}
    done = pull(nobody, tmp_path, "acme/tiny", **env)
    assert done.returncode == 0 and "is here already, whole; the hub cannot be reached" in done.stderr
    assert done.stdout.strip() == f"nemoserve serve --model acme/tiny@{'a' * 40}"
    (snapshot(tmp_path) / "tokenizer.json").unlink()
    assert "in the hub's cache, but tokenizer.json is missing" in refusal(pull(nobody, tmp_path, "acme/tiny", **env))


def test_a_file_in_a_folder_is_taken_for_one_of_the_same_name(hub: Hub, tmp_path: Path) -> None:
    made = write_gguf(tiny_checkpoint(tmp_path / "made"), tmp_path / "m.gguf", **GGUF_TEXT).read_bytes()
    parts = [f"big-0000{i}-of-00002.gguf" for i in (1, 2)]
    hub.files = {"sub/m.gguf": made, parts[0]: made, parts[1]: b"GGUF" + struct.pack("<IQQ", 3, 0, 0)}
    for name in ("sub/m.gguf", parts[0]):
        assert pull(hub.url, tmp_path, "acme/tiny", "--file", name).returncode == 0
    nobody = f"http://127.0.0.1:{free_port()}"
    assert "cannot be reached" in refusal(pull(nobody, tmp_path, "acme/tiny", "--file", "m.gguf"))
    for name, served in (("sub/m.gguf", "sub/m.gguf"), (parts[1], parts[0])):
        done = pull(nobody, tmp_path, "acme/tiny", "--file", name)
        assert done.returncode == 0 and done.stdout.strip() == f"nemoserve serve --model {snapshot(tmp_path) / served}"


@pytest.mark.parametrize(
    "command", [["serve", "--model", "acme/tiny"], ["convert", "acme/tiny", "out", "--to", "int8"]]
)
def test_a_hub_id_with_nothing_but_ggufs_says_nothing_of_them(command: list[str], hub: Hub, tmp_path: Path) -> None:
    hub.files = {
        "README.md": b"x",
        "a-00001-of-00002.gguf": b"GGUF",
        "a-00002-of-00002.gguf": b"GGUF",
        "sub/b.gguf": b"GGUF!",
    }
    done = run(hub.url, tmp_path, *command, XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 1
    assert (
        "acme/tiny has no safetensors, but GGUF files: a-00001-of-00002.gguf (4 bytes), sub/b.gguf (5 bytes); "
        "nemoserve pull acme/tiny --file NAME brings one and says how to serve it."
    ) in done.stderr
