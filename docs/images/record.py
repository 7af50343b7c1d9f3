"""Draws docs/images/chat.svg: a real conversation with a running server, as the terminal chat shows it.

.venv/bin/nemoserve serve &
.venv/bin/python docs/images/record.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from nemoserve.cli.chat import Chat
from nemoserve.cli.client import Client

LINES = [
    "What is 47 + 38?",
    'How many r in "strawberry"?',
    "/no_think",
    "Spell the word banana.",
]


def main() -> None:
    client = Client(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=84, file=nowhere, force_terminal=True, color_system="truecolor")
        chat = Chat(client, console, client.models()[0], system=None, think=True, temperature=0)
        console.print(Text.assemble(("$ ", "bright_black"), "nemoserve chat"))
        chat.greet()
        for line in LINES:
            console.print(Text.assemble("\n", ("> ", "bold green"), line))
            if line.startswith("/"):
                chat.command(line)
            else:
                chat.turn(line)
        picture = console.export_svg(title="nemoserve chat")
    # The fonts are the reader's own: a picture in a README loads nothing from elsewhere.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    (Path(__file__).parent / "chat.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
