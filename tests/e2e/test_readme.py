"""The README's examples, run as they stand but for the address: a page that is wrong here is wrong for everyone.

Replies are sampled, so what is checked is that the model thought and answered, not that it was right.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import Server

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def example(language: str, containing: str, server: Server) -> str:
    """The block of that language that has these words, with the test server's address in it."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (block,) = [block for block in blocks if containing in block]
    return block.replace("http://127.0.0.1:8000", server.url)


def run(*command: str, **options: object) -> str:
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=240, env=environment, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_curl_example(server: Server) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    body = json.loads(run("bash", "-c", example("", "curl http", server)))
    message = body["choices"][0]["message"]
    assert message["reasoning"].strip() and isinstance(message["content"], str)


def test_the_python_example(server: Server) -> None:
    assert run(sys.executable, "-c", example("python", "from openai", server)).strip()


def test_the_javascript_example(server: Server, tmp_path: Path) -> None:
    packages = ROOT / "tests" / "contract" / "js" / "node_modules"
    if shutil.which("node") is None or not (packages / "openai").is_dir():
        pytest.skip("Node or its openai package is not installed")
    (tmp_path / "node_modules").symlink_to(packages)
    (tmp_path / "example.mjs").write_text(example("js", "import OpenAI", server))
    assert run("node", "example.mjs", cwd=tmp_path).strip()


def test_every_switch_for_thinking_works(server: Server) -> None:
    switches = [line.split("//")[0].strip() for line in example("jsonc", "enable_thinking", server).splitlines()]
    for switch in switches:
        fields = json.loads(switch.replace(", …", ', {"role": "user", "content": "What is 47 + 38?"}'))
        reply = server.chat("What is 47 + 38?", temperature=0, **fields)
        usage = reply.json()["usage"]
        assert usage["completion_tokens_details"]["reasoning_tokens"] == 0, switch
        assert not reply.json()["choices"][0]["message"]["reasoning"], switch


def test_the_speeds_are_not_those_of_the_page_that_is_named_for_them() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (int4|int8|bfloat16), (\S+?)(?: (Q\S+)| for CPUs)? \| (.*) \|$", README, re.MULTILINE)
    assert len(rows) == 4
    for precision, peer, kind, figures in rows:
        versus = f"nemoserve {precision} / {peer.lower() if peer == 'vLLM' else peer} {kind or precision}"
        line = re.search(
            rf"^\| {re.escape(versus)} \| (.*) \|$", page, re.MULTILINE
        )  # the first table is of this model
        assert line and [cell.split()[0] for cell in line[1].split(" | ")] == figures.split(" | "), versus
