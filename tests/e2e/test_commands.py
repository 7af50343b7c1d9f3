"""The commands as a person types them: what they print, and the sentences when they cannot do what was asked."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from nemoserve import __version__
from tests.servers import Server


def nemoserve(*arguments: str, typed: str = "", python: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the program to its end; `python` is run in the same process before it."""
    code = f"{python}\nimport sys; sys.argv[0] = 'nemoserve'\nfrom nemoserve.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        env=os.environ | {"COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
    )


def refuses(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with an error that has these words, on one line and without a traceback."""
    assert done.returncode == 1, done
    said = (done.stdout + done.stderr).strip()
    assert "Traceback" not in said and len(said.splitlines()) == 1, said
    for word in words:
        assert word in said


def test_the_version_is_printed() -> None:
    assert nemoserve("--version").stdout.strip() == f"nemoserve {__version__}"


def test_a_wrong_word_is_told_in_a_librarys_own_terms() -> None:
    done = nemoserve("serve", "--dtype", "int4")
    assert done.returncode == 2 and "'--dtype': 'int4' is not one of 'auto', " in done.stderr, done


def test_help_names_the_commands_and_imports_nothing_heavy() -> None:
    heavy = "('torch', 'starlette', 'uvicorn', 'httpx2', 'rich.console', 'tokenizers', 'huggingface_hub')"
    late = f"import atexit, sys; atexit.register(lambda: print([m for m in {heavy} if m in sys.modules]))"
    done = nemoserve("--help", python=late)
    assert "serve" in done.stdout and "chat" in done.stdout
    assert done.stdout.strip().endswith("[]"), done.stdout


def test_the_gateway_never_imports_torch() -> None:
    code = "import sys, nemoserve.http.server, nemoserve.http.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def test_serving_without_torch_says_what_to_install() -> None:
    refuses(nemoserve("serve", python="import sys; sys.modules['torch'] = None"), "pip install 'nemoserve[local]'")


@pytest.mark.slow
@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_serving_beyond_this_machine_without_a_key_is_refused(host: str, tmp_path: Path) -> None:
    refuses(nemoserve("serve", "--host", host, "--port", "0", "--data-dir", str(tmp_path)), host, "keys create NAME")


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refuses(nemoserve("serve", "--port", port, "--data-dir", str(tmp_path)), port, "--port")


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("keys", "create", "me")])
def test_a_folder_that_takes_no_data_is_a_number_and_a_path(tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "below"):
        refuses(nemoserve(*command, "--data-dir", str(folder)), f"Nothing can be kept in {folder} (", "--data-dir")


@pytest.mark.slow
def test_a_model_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing" / "here")
    done = nemoserve("serve", "--model", missing, "--port", "0", "--data-dir", str(tmp_path))
    refuses(done, missing)


def test_nobody_is_told_how_the_memory_is_planned(server: Server) -> None:
    said = re.search(
        r"^nemoserve/mini: room for [\d,]+ tokens of context in memory, \d+ replies at once, [\d,]+ MiB for prompts read before$",
        server.log.read_text(),
        re.MULTILINE,
    )
    assert said, server.log.read_text()


def test_the_printed_curl_line_works_when_pasted(server: Server) -> None:
    said = server.log.read_text()
    (line,) = re.findall(r"^ *(curl .*)$", said, re.MULTILINE)
    assert server.url in line
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(["bash", "-c", line.replace("curl ", "curl -sS --fail ")], capture_output=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert b'"chat.completion"' in done.stdout


def test_a_chat_reads_its_questions_from_a_pipe(server: Server) -> None:
    done = nemoserve(
        "chat", "--url", server.url, "--temperature", "0", typed="Hello\n/no_think\nHello\n/reset\n/exit\n"
    )
    assert done.returncode == 0, done
    speeds = re.findall(r"(\d+) tokens( \(\d+ of thinking\))? · \d+ tokens/s · first after [\d.]+ s", done.stdout)
    assert len(speeds) == 2
    assert speeds[0][1] and not speeds[1][1], "the second reply was to come without thinking"
    assert "Thinking is off." in done.stdout and "forgotten" in done.stdout


@pytest.mark.parametrize("words", ["serve --help", "keys create {}", "keys list"])
def test_a_letter_that_a_terminal_lacks_ends_a_command(tmp_path: Path, words: str) -> None:
    folder = ["--data-dir", str(tmp_path)]
    if "keys" in words:
        nemoserve("keys", "create", "a", *folder)
    done = subprocess.run(
        [sys.executable, "-m", "nemoserve", *words.format("\N{SNOWMAN}").split(), *(folder if "keys" in words else [])],
        capture_output=True,
        timeout=240,
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
    )
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done
    assert b"?" in done.stdout + done.stderr


@pytest.mark.parametrize("encoding", ["utf-8:strict", "utf-8:surrogateescape"])
def test_a_chat_ends_at_a_file_in_another_encoding(server: Server, encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nemoserve", "chat", "--url", server.url, "--no-think"],
        input=b"caf\xe9\n",
        capture_output=True,
        timeout=240,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )
    assert done.returncode == 0 and b" tokens" in done.stdout, done


@pytest.mark.parametrize(("variable", "coloured"), [("COLUMNS=100", True), ("NO_COLOR=1", False), ("TERM=dumb", False)])
def test_a_terminal_without_colours_is_sent_them(server: Server, variable: str, coloured: bool) -> None:
    ours, theirs = os.openpty()
    name, _, value = variable.partition("=")
    given = {each: text for each, text in os.environ.items() if each != "NO_COLOR"} | {"TERM": "xterm", name: value}
    process = subprocess.Popen(
        [sys.executable, "-m", "nemoserve", "chat", "--url", server.url], stdin=theirs, stdout=theirs, env=given
    )
    os.close(theirs)
    shown = b""
    while b"> " not in shown.replace(b"\x1b[0m", b""):
        shown += os.read(ours, 1024)
    os.write(ours, b"/exit\n")
    assert process.wait(60) == 0
    os.close(ours)
    assert (b"\x1b[1;32m" in shown) is coloured, shown


def test_a_chat_asks_for_a_model_by_its_id_alone(server: Server) -> None:
    done = nemoserve("chat", "--url", server.url, "--model", "Mini", "--no-think", typed="Hello\n")
    assert done.returncode == 0 and " tokens" in done.stdout, done


def test_a_chat_with_an_unknown_model_lists_those_there_are(server: Server) -> None:
    refuses(nemoserve("chat", "--url", server.url, "--model", "no/such"), "no/such", server.model)


def test_a_chat_with_nobody_says_so() -> None:
    refuses(nemoserve("chat", "--url", "http://127.0.0.1:9"), "http://127.0.0.1:9", "does not answer")


@pytest.mark.slow
def test_a_chat_starts_a_server_of_its_own_and_ends_it(tmp_path: Path) -> None:
    # The usual address is replaced, so that a server of the developer's is not talked to.
    elsewhere = "import nemoserve.cli.launch as launch; launch.DEFAULT_URL = 'http://127.0.0.1:9'"
    done = subprocess.run(
        [sys.executable, "-c", f"{elsewhere}\nfrom nemoserve.cli.main import main; main()", "chat"],
        input="Hello\n",
        capture_output=True,
        encoding="utf-8",
        timeout=280,
        env=os.environ | {"XDG_DATA_HOME": str(tmp_path), "COLUMNS": "100"},
    )
    assert done.returncode == 0, done
    assert "tokens/s" in done.stdout
