"""`nemoserve serve` as a person sees it: progress while weights load, the address, clear sentences when it cannot start.

Knows the terminal and the server's settings; the serving is `nemoserve.http.server`'s.
"""

from __future__ import annotations

import importlib.util
import shlex
import sys

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from nemoserve.config.settings import EMBEDDED_MODEL, Settings
from nemoserve.http.server import ServeError, ServerEvent, serve

_ENGINE_PARTS = ("torch", "safetensors", "numpy", "gguf")


def run(settings: Settings) -> int:
    """Serves until it is told to stop; the exit status."""
    console = Console(highlight=False)
    missing = [part for part in _ENGINE_PARTS if importlib.util.find_spec(part) is None]
    if missing and settings.models:
        return refuse(f"Models on this machine need {' and '.join(missing)}: pip install 'nemoserve[local]'")
    screen = _Screen(console, settings)
    try:
        return serve(settings, screen.show)
    except ServeError as error:
        return refuse(str(error))
    finally:
        screen.close()


def refuse(sentence: str) -> int:
    """Says on stderr why not; the exit status."""
    Console(stderr=True, highlight=False).print(escape(sentence), style="red", soft_wrap=True)
    return 1


class _Screen:
    """Turns the server's events into what is printed. The address comes once every model is ready or has failed."""

    def __init__(self, console: Console, settings: Settings) -> None:
        self._console = console
        self._url = ""
        self._awaited = len(settings.models) + len(settings.engines)
        self._keys, self._data_dir = settings.keys_required, settings.data_dir
        self._shared = settings.database_url is not None
        self._announced = False
        self._ready: list[str] = []
        self._rooms: list[str] = []
        self._hosted = list(dict.fromkeys(model.id for provider in settings.providers for model in provider.models))
        self._settled: set[str] = set()
        self._bars: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            transient=True,
            # Where there is no terminal to redraw, the lines printed at the end say it all.
            disable=not console.is_terminal,
        )
        self._starting = self._progress.add_task("Starting the engine", total=None)

    def show(self, event: ServerEvent) -> None:
        match event.kind:
            case "listening":
                self._url = event.url
                self._progress.start()
            case "loading" if event.total_bytes:
                self._load(event)
            case "loading" if event.message:
                self._progress.update(
                    self._starting, description=f"Starting {escape(event.model)}: {escape(event.message[:100])}"
                )
            case "ready":
                if event.model in self._settled:
                    self._say(f"{event.model} is back.")
                else:
                    self._ready.append(event.model.partition(" by ")[0])  # " by vllm" is for people
                    self._rooms += [f"{event.model}: {event.message}"] if event.message else []
                self._settled.add(event.model)
            case "failed":
                self._settled.add(event.model)
                self._say(f"{event.model} cannot be served: {event.message}", "red")
            case "restarting" if event.message and not event.total_bytes:
                self._say(f"{event.model}: {event.message}", "yellow")
            case "ending":
                self.close()
                self._say(event.message, "yellow")
            case _:
                pass
        if not self._announced and self._url and len(self._settled) == self._awaited:
            self._announced = True
            self.close()
            if self._ready or self._hosted:
                self._announce([*self._ready, *(model for model in self._hosted if model not in self._ready)])

    def close(self) -> None:
        """Takes the progress bars away."""
        self._progress.stop()

    def _load(self, event: ServerEvent) -> None:
        if self._announced:
            return
        if event.model not in self._bars:
            self._progress.update(self._starting, visible=False)
            self._bars[event.model] = self._progress.add_task(f"Loading {escape(event.model)}", total=event.total_bytes)
        self._progress.update(self._bars[event.model], completed=event.done_bytes, total=event.total_bytes)

    def _announce(self, models: list[str]) -> None:
        self._console.print(
            f"\n[bold green]Ready[/]  {escape(', '.join(models))}  at  [bold]{self._url}/v1[/]\n", soft_wrap=True
        )
        if self._rooms:
            self._say("\n".join(self._rooms) + "\n")
        if self._keys:
            url = ", with the server's own URL" if self._shared else ""
            self._say(f"Every request needs a key. A new one{url}, for this line and others:\n")
            place = shlex.quote(str(self._data_dir)) + (" --database-url URL" if self._shared else "")
            self._say(f"  export NEMOSERVE_API_KEY=$({_program()} keys create me --data-dir {place})\n", "cyan")
        self._say("Try it from another terminal:\n")
        # One line without wrapping, so that it can be pasted.
        self._say(f"  {_curl(self._url, models[0], keys=self._keys)}\n", "cyan")
        self._say(f"Or talk to it: {_program()} chat --url {self._url}   Ctrl-C stops the server.\n", "bright_black")

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(escape(text), style=style, soft_wrap=True)


def _curl(url: str, model: str, *, keys: bool) -> str:
    """A shell line that asks the model something it can answer."""
    question = "What is 47 + 38?" if model == EMBEDDED_MODEL else "Hello! Who are you?"
    body = msgspec.json.encode({"model": model, "messages": [{"role": "user", "content": question}]}).decode()
    key = ' -H "Authorization: Bearer $NEMOSERVE_API_KEY"' if keys else ""
    return f"curl {url}/v1/chat/completions -H 'Content-Type: application/json'{key} -d {shlex.quote(body)}"


def _program() -> str:
    """How this program was called, in a form that can be typed again."""
    return sys.argv[0] if sys.argv[0].endswith("nemoserve") else "python -m nemoserve"
