"""Fear: a key leaks into a message, or a missing one is noticed only by the first customer."""

import pickle
import sys
from pathlib import Path

import pytest

from nemoserve.config.credentials import CredentialError, Secret, find_secret
from nemoserve.config.providers import Reference


def test_each_source_gives_its_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOME_KEY", "from-env")
    (tmp_path / "key").write_text("from-file\n")
    sources: list[Reference] = [
        "env:SOME_KEY",
        f"file:{tmp_path}/key",
        f"command:{sys.executable} -c \"print('from-command')\"",
        (sys.executable, "-c", "print('from-words')"),
    ]
    found = [find_secret(source, "p").reveal() for source in sources]
    assert found == ["from-env", "from-file", "from-command", "from-words"]


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ("env:NOT_THERE", "NOT_THERE"),
        ("file:/not/there", "/not/there"),
        ("command:false", "false"),
        (("/not/there", "--token", "s3cr3t"), "/not/there"),
        ((sys.executable, "-c", "print()", "s3cr3t"), sys.executable),
        ((sys.executable, "-c", "import sys; print('s3cr3t\\x01'); sys.stderr.write('s3cr3t')"), sys.executable),
        ((sys.executable, "-c", "import sys; sys.stderr.write('s3cr3t'); sys.exit(3)"), "status 3"),
        ("s3cr3t", "env:NAME"),
        ("env:sk-s3cr3t", "variable"),
        (("s3cr3t", "other"), "PATH"),
        (("env:ONE", "env:TWO"), "api_keys"),
    ],
)
def test_what_is_missing_is_named_with_its_owner_and_never_shown(reference: Reference, named: str):
    with pytest.raises(CredentialError) as caught:
        find_secret(reference, "provider deepinfra")
    said = str(caught.value)
    assert "provider deepinfra" in said
    assert named in said
    assert "s3cr3t" not in said


def test_a_secret_does_not_show_itself():
    secret = Secret("sk-42")
    assert "42" not in f"{secret} {secret!r} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
