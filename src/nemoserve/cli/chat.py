"""The terminal chat: reads lines, shows replies as they come. Knows the terminal; the talking is `cli.client`'s."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass, field
from importlib import import_module

from rich.console import Console
from rich.text import Text as Styled

from nemoserve.cli.client import Client, Done, Message, ServerError, Text, Thought
from nemoserve.cli.launch import background_server

_HELP = """\
/think         let the model think before it answers
/no_think      answer straight away
/budget N      think for at most N tokens (without N: as long as it likes)
/system TEXT   set the system prompt (without TEXT: remove it)
/reset         forget the conversation
/help          this list
/exit          leave (Ctrl-D does too; Ctrl-C stops a reply)"""


@dataclass
class Chat:
    """A conversation: what has been said, and how the next turn is asked."""

    client: Client
    console: Console
    model: str
    system: str | None
    think: bool
    temperature: float | None
    budget: int | None = None
    history: list[Message] = field(default_factory=list[Message])

    def greet(self) -> None:
        self.note(f"{self.model} at {self.client.url} - /help lists the commands.")

    def command(self, line: str) -> bool:
        """Carries out a line that begins with a slash; False when it says to leave."""
        name, _, rest = line.partition(" ")
        rest = rest.strip()
        match name:
            case "/exit" | "/quit":
                return False
            case "/think" | "/no_think":
                self.think = name == "/think"
                self.note("Thinking is on." if self.think else "Thinking is off.")
            case "/budget" if not rest or (rest.isdecimal() and int(rest) > 0):
                self.budget = int(rest) if rest else None
                self.think = True
                self.note(
                    f"Thinking is on, for at most {rest} tokens." if rest else "Thinking is on, without a budget."
                )
            case "/budget":
                self.note("/budget takes a number of tokens, such as /budget 200.")
            case "/system":
                self.system = rest or None
                self.note("The system prompt is set." if rest else "The system prompt is removed.")
            case "/reset":
                self.history.clear()
                self.note("The conversation is forgotten.")
            case "/help":
                self.note(_HELP)
            case _:
                self.note(f"{name} is not a command; /help lists them.")
        return True

    def turn(self, text: str) -> bool:
        """One question and its reply, shown as it comes; False when the server failed. Ctrl-C stops the reply."""
        question = Message("user", text)
        system = [Message("system", self.system)] if self.system else []
        started = time.monotonic()
        first: float | None = None
        answer, thoughts = "", ""
        done: Done | None = None
        pieces = self.client.chat(
            self.model,
            [*system, *self.history, question],
            think=self.think,
            budget=self.budget,
            temperature=self.temperature,
        )
        try:
            with contextlib.closing(pieces):
                for piece in pieces:
                    if first is None and not isinstance(piece, Done):
                        first = time.monotonic()
                    match piece:
                        case Thought(text):
                            thoughts += text
                            self.write(text, "dim italic")
                        case Text(text):
                            if not answer:
                                # Models begin an answer with the blank lines of their template; one is enough.
                                text = text.lstrip()
                                if text and thoughts:
                                    self.console.print("" if thoughts.endswith("\n") else "\n")
                            answer += text
                            self.write(text)
                        case Done():
                            done = piece
        except KeyboardInterrupt:
            self.console.print()
            self.note("Stopped.")
        except ServerError as error:
            self.console.print()
            self.console.print(Styled(str(error), style="red"))
            return False
        if not answer.endswith("\n"):
            self.console.print()
        if done is not None:
            for notice in done.notices:
                self.note(notice)
            self.note(_speed(done, started, first, time.monotonic()))
        # A question whose reply was stopped stays, so that "go on" means something.
        self.history += [question, Message("assistant", answer.rstrip())]
        return True

    def write(self, text: str, style: str = "") -> None:
        # The model's text is data: no markup, no highlighting, no control sequences of its own.
        self.console.print(Styled(_printable(text), style=style), end="", soft_wrap=True)

    def note(self, text: str) -> None:
        self.console.print(Styled(text, style="bright_black"))


def run(
    *,
    url: str | None,
    key: str | None,
    model: str | None,
    system: str | None,
    think: bool,
    temperature: float | None,
) -> int:
    """The whole chat; the exit status. Without `url` a server is started when none answers at the usual address."""
    console = Console(highlight=False)
    try:
        with contextlib.ExitStack() as stack:
            if url is None:
                url = stack.enter_context(background_server(console))
            client = Client(url, key=key)
            stack.callback(client.close)
            served = client.models()
            if model is not None and model not in served and not client.serves(model):
                raise ServerError(f"{url} does not serve {model}; it has {', '.join(served)}.")
            if not served:
                raise ServerError(f"{url} serves no model.")
            return _converse(Chat(client, console, model or served[0], system, think, temperature))
    except ServerError as error:
        console.print(Styled(str(error), style="red"), soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130


def _converse(chat: Chat) -> int:
    interactive = sys.stdin.isatty()
    # Bracketed by \x01 and \x02, so that readline does not count the colour as width.
    coloured = chat.console.color_system is not None and not chat.console.no_color
    prompt = "\x01\x1b[1;32m\x02>\x01\x1b[0m\x02 " if coloured else "> "
    if interactive:
        with contextlib.suppress(ImportError):
            import_module("readline")  # gives input() line editing and a history
        chat.greet()
    failed = False
    while True:
        try:
            if interactive:
                chat.console.print()
            line = input(prompt if interactive else "").strip()
        except EOFError:
            break
        except KeyboardInterrupt:
            chat.console.print()
            break
        if line.startswith("/"):
            if not chat.command(line):
                break
        elif line:
            failed = not chat.turn(line)
    return 1 if failed and not interactive else 0


def _speed(done: Done, started: float, first: float | None, ended: float) -> str:
    """The line under a reply: tokens, tokens per second after the first one, and the wait for the first."""
    parts = [f"{done.completion_tokens} tokens"]
    if done.reasoning_tokens:
        parts[0] += f" ({done.reasoning_tokens} of thinking)"
    if first is not None:
        if done.completion_tokens > 1 and ended > first:
            parts.append(f"{(done.completion_tokens - 1) / (ended - first):.0f} tokens/s")
        parts.append(f"first after {first - started:.2f} s")
    if done.finish_reason != "stop":
        parts.append(f"ended by {done.finish_reason}")
    return " · ".join(parts)


def _printable(text: str) -> str:
    return "".join(c for c in text if c in "\n\t" or (c.isprintable() or ord(c) >= 0xA0))
