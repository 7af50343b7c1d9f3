"""From a request's bytes to the script of its answer: routes, keys, models, faults. Knows no sockets.

Answers to the same bytes are made once a second, so that a load test measures the gateway in front and not the mock.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable
from typing import cast

import msgspec

from nemoserve.mock.ask import Ask, Unacceptable, family, read
from nemoserve.mock.bodies import Writer
from nemoserve.mock.draft import drafts
from nemoserve.mock.faults import QUIRKS, Fault, Quirk, Rule, UnknownFault, Weather, parse_fault
from nemoserve.mock.journal import Entry, Journal
from nemoserve.mock.listing import model, model_list
from nemoserve.mock.options import Options
from nemoserve.mock.refusals import context_length, problem, refusal
from nemoserve.mock.reply import Reply, number
from nemoserve.mock.spoil import shorten, spoil
from nemoserve.mock.styles import STYLES, Body
from nemoserve.mock.thinking import thinking
from nemoserve.mock.timeline import Pace, Script, numbered, script

_FAULT_HEADER = b"x-mock-fault"
_ENDPOINTS = {"/chat/completions": "chat", "/completions": "text"}


class _Known(msgspec.Struct, frozen=True):
    """An answer that can be given again to the same bytes."""

    script: Script
    model: str
    stream: bool


class Service:
    """One provider. Every method is called on one thread."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.style = STYLES[options.style]
        self.models = options.models or self.style.models
        self.journal = Journal()
        self._weather = Weather(list(options.faults), options.seed)
        self._count = 0
        self._second = 0
        self._known: dict[tuple[str, bytes], _Known] = {}
        prefixes = self.style.prefixes
        self._posts = {
            prefix + path: kind
            for prefix in prefixes
            for path, kind in _ENDPOINTS.items()
            if kind == "chat" or self.style.completions
        }
        self._lists = {prefix + "/models" for prefix in prefixes}
        self._pages = {prefix + path: page for prefix in ("", *prefixes) for path, page in self.style.pages.items()}
        self._controls: dict[tuple[str, str], Callable[[str, bytes], object]] = {
            ("GET", "/mock/log"): lambda query, _body: self.journal.body(_after(query)),
            ("DELETE", "/mock/log"): lambda _query, _body: self._clear(),
            ("GET", "/mock/faults"): lambda _query, _body: {"faults": self._weather.rules},
            ("POST", "/mock/faults"): lambda _query, body: self._set_faults(body),
            ("DELETE", "/mock/faults"): lambda _query, _body: self._set_faults(b"[]"),
            ("GET", "/mock/settings"): lambda _query, _body: self.options,
            ("POST", "/mock/settings"): lambda _query, body: self._set_options(body),
        }

    def answer(
        self, method: str, target: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[Script, Entry | None]:
        """The script for one request, and its entry in the journal; the mock's own pages have none."""
        path, _, query = target.partition("?")
        if path.startswith("/mock/"):
            return script(self.style, self._control(method, path, query, body), Pace(), None), None
        self._count += 1
        entry = Entry(self._count, method, path, headers, body)
        self.journal.open(entry)
        made = self._script(entry)
        entry.status, entry.tokens, entry.prompt_tokens = made.status, made.tokens, made.prompt_tokens
        return made, entry

    # The provider.

    def _script(self, entry: Entry) -> Script:
        key = fault_text = b""
        for name, value in entry.headers:
            lower = name.lower()
            if lower == b"authorization":
                key = value
            elif lower == _FAULT_HEADER:
                fault_text = value
        kind = self._posts.get(entry.path) if entry.method == "POST" else None
        if kind is None:
            return script(self.style, self._page(entry, key), Pace(), None, number(entry.number))
        token = key.decode("latin-1").partition(" ")[2]
        if (refused := self._locked(token)) is not None:
            return script(self.style, refused, Pace(), None, number(entry.number))
        second = int(time.time())
        if second != self._second:
            # Answers carry the time; a second is as exact as they say it.
            self._second = second
            self._known.clear()
        try:
            return self._completion(entry, kind, token, fault_text)
        except Unacceptable as error:
            refused = self._unacceptable(entry, error)
        except UnknownFault as error:
            refused = refusal(self.style, 400, str(error))
        return script(self.style, refused, Pace(), None, number(entry.number))

    def _completion(self, entry: Entry, kind: str, token: str, fault_text: bytes) -> Script:
        """Raises Unacceptable and UnknownFault."""
        own = number(entry.number)
        known = self._known.get((entry.path, entry.body))
        ask = None
        if known is not None:
            entry.model, entry.stream = known.model, known.stream
        else:
            ask = read(self.style, entry.body, chat=kind == "chat")
            entry.model, entry.stream = ask.model, bool(ask.stream)
            if not self.style.any_model and ask.model not in self.models:
                message = f"The model `{ask.model}` does not exist."
                return script(self.style, refusal(self.style, 404, message, code="model_not_found"), Pace(), None, own)
        fault = self._fault(fault_text, entry.model, token, entry.stream)
        if fault is not None:
            entry.fault = fault.name
            ask = ask or read(self.style, entry.body, chat=kind == "chat")
            return script(self.style, self._faulty(ask, kind, fault), self._pace, fault, own)
        if known is None:
            ask = ask or read(self.style, entry.body, chat=kind == "chat")
            made = script(self.style, self._reply(ask, kind, None), self._pace, None)
            known = self._known[entry.path, entry.body] = _Known(made, ask.model, bool(ask.stream))
        return numbered(known.script, own)

    def _reply(self, ask: Ask, kind: str, fault: Fault | None) -> Reply:
        wish = thinking(self.style, ask)
        made = drafts(ask, wish, tokens=self.options.tokens, seed=self.options.seed)
        if fault is not None:
            made = shorten(made, fault)
        quirk = cast("Quirk", fault.name) if fault is not None and fault.name in QUIRKS else None
        writer = Writer(self.style, ask, wish, made, self._second, quirk)
        return writer.reply("chat" if kind == "chat" else "text")

    def _faulty(self, ask: Ask, kind: str, fault: Fault) -> Reply:
        if fault.status is not None:
            return refusal(self.style, fault.status, headers=_retry_after(fault))
        if fault.name == "context-length":
            return context_length(self.style)
        return spoil(self.style, self._reply(ask, kind, fault), fault)

    def _fault(self, text: bytes, model: str, key: str, stream: bool) -> Fault | None:
        if text:
            return parse_fault(text.decode("latin-1"))
        return self._weather.strike(model=model, key=key, stream=stream) if self._weather.rules else None

    @property
    def _pace(self) -> Pace:
        return Pace(self.options.first_byte_ms / 1e3, self.options.pace_ms / 1e3)

    def _locked(self, token: str) -> Reply | None:
        if self.options.keys:
            return None if token in self.options.keys else refusal(self.style, 401)
        return refusal(self.style, 401) if self.style.wants_key and not token else None

    def _unacceptable(self, entry: Entry, error: Unacceptable) -> Reply:
        # Hosted models from before Nemotron 3 answer as the older service did.
        older = family(self._model_of(entry.body)) in ("llama", "super-v1.5", "nano-v2", "nano-v2-vl")
        if self.style.closed == "nvidia" and older:
            return problem(422, str(error), error.fields)
        return refusal(self.style, 400, str(error), fields=error.fields)

    def _model_of(self, body: bytes) -> str:
        try:
            return msgspec.json.decode(body, type=_Named).model
        except msgspec.MsgspecError:
            return ""

    def _page(self, entry: Entry, key: bytes) -> Reply:
        path = entry.path
        if path in self._posts:
            return refusal(self.style, 405, f"{path} wants POST.")
        if entry.method == "GET":
            if path in self._lists:
                return Reply(body=msgspec.json.encode(model_list(self.style, self.models, int(time.time()))))
            if (page := self._pages.get(path)) is not None:
                locked = (
                    self._locked(key.decode("latin-1").partition(" ")[2])
                    if path.endswith(("/key", "/credits"))
                    else None
                )
                return locked or Reply(body=page)
            for prefix in self._lists:
                name = path.removeprefix(prefix + "/")
                if name != path and name in self.models:
                    return Reply(body=model(self.style, name, int(time.time())))
        return refusal(
            self.style, 404, f"There is no {entry.method} {path} here; the API is at {self.style.prefixes[0]}."
        )

    # The mock's own pages.

    def _control(self, method: str, path: str, query: str, body: bytes) -> Reply:
        control = self._controls.get((method, path))
        if control is None:
            known = ", ".join(f"{verb} {place}" for verb, place in self._controls)
            return _complaint(404, f"There is no {method} {path}. There are: {known}.")
        try:
            return Reply(body=msgspec.json.encode(control(query, body)))
        except (UnknownFault, msgspec.MsgspecError, ValueError) as error:
            return _complaint(400, str(error))

    def _clear(self) -> Body:
        self.journal.clear()
        return {"cleared": True}

    def _set_faults(self, body: bytes) -> Body:
        given = msgspec.json.decode(body, type=list[Rule] | Rule)
        self._weather.replace([given] if isinstance(given, Rule) else given)
        return {"faults": self._weather.rules}

    def _set_options(self, body: bytes) -> Options:
        changes = msgspec.json.decode(body, type=dict[str, object])
        fixed = {"style", "models", "faults"} & changes.keys()
        if fixed:
            raise ValueError(f"{', '.join(sorted(fixed))} cannot be changed while the mock runs.")
        whole = {**msgspec.to_builtins(self.options), **changes}
        self.options = msgspec.convert(whole, Options)
        self._known.clear()
        return self.options


class _Named(msgspec.Struct):
    model: str = ""


def _complaint(status: int, message: str) -> Reply:
    return Reply(status=status, body={"error": {"message": message}})


def _after(query: str) -> int:
    name, _, value = query.partition("=")
    return int(value) if name == "after" else 0


def _retry_after(fault: Fault) -> tuple[tuple[str, str], ...]:
    match fault.name:
        case "429-bare":
            return ()
        case "429-date":
            wait = fault.argument if fault.argument is not None else 2.0
            return (("Retry-After", email.utils.formatdate(time.time() + wait, usegmt=True)),)
        case "429":
            return (("Retry-After", f"{1 if fault.argument is None else fault.argument:g}"),)
        case _:
            return (("Retry-After", f"{fault.argument:g}"),) if fault.argument is not None else ()
