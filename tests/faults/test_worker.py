"""A real engine process over a real socket: mixed traffic, overload, cancellation, and every way to lose an end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nemoserve.engine.protocol import Cancel, Failed, Finished, Loading, Shutdown, Status, Tokens
from nemoserve.engine.worker import parse_options
from tests.checkpoints import VOCAB_SIZE, tiny_checkpoint
from tests.faults.workers import ENVIRONMENT, Gateway, Worker, command, gone, wait_until

CONTEXT = 4096


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("tiny"), max_position_embeddings=CONTEXT)


@pytest.fixture(scope="module")
def shared(folder: Path) -> Iterator[Worker]:
    """One engine for the tests that leave it as they found it: idle. Four slots, four places to wait, short pieces."""
    worker = Worker(folder, "--max-sequences", "4", "--max-waiting", "4", "--prefill-chunk", "64", "--dtype", "float32")
    worker.ready()
    yield worker
    worker.stop()


@pytest.fixture
def worker(folder: Path) -> Iterator[Worker]:
    """An engine to break."""
    worker = Worker(folder, "--max-sequences", "2")
    worker.ready()
    yield worker
    worker.stop()


def prompt(seed: int, length: int) -> list[int]:
    return [(seed * 7919 + 31 * i * i) % VOCAB_SIZE for i in range(length)]


def test_loading_is_reported_and_ready_says_what_there_is(shared: Worker) -> None:
    ready = shared.ready()
    loading = [m for m in shared.received if isinstance(m, Loading)]
    assert loading and loading[-1].done_bytes == loading[-1].total_bytes > 0
    assert [m.done_bytes for m in loading] == sorted(m.done_bytes for m in loading)
    assert (ready.context_length, ready.vocab_size, ready.max_sequences) == (CONTEXT, VOCAB_SIZE, 4)
    assert (ready.dtype, ready.device) == ("float32", "cpu")
    assert ready.parameters > 10_000 and ready.kv_tokens >= CONTEXT


MIXED: list[tuple[int, dict[str, Any]]] = [
    (3, {"temperature": 0.0}),
    (200, {"temperature": 1.0, "seed": 1}),
    (17, {"temperature": 0.8, "seed": 2, "top_p": 0.9, "logprobs": 3}),
    (65, {"temperature": 1.2, "seed": 3, "top_k": 40, "repetition_penalty": 1.2}),
    (1, {"temperature": 1.0, "seed": 4, "min_p": 0.05, "frequency_penalty": 0.5}),
    (130, {"temperature": 0.0, "presence_penalty": 1.0, "logit_bias": {40: 2.0}, "prompt_logprobs": 1}),
    (64, {"temperature": 1.0, "seed": -5, "top_p": 0.5, "min_p": 0.1}),
    (300, {"temperature": 0.6, "seed": 2**63, "top_k": 5, "top_p": 0.95}),
]


def test_a_seed_gives_the_same_tokens_alone_and_in_a_mixed_batch(shared: Worker) -> None:
    for i, (length, settings) in enumerate(MIXED):
        shared.submit(f"mixed{i}", prompt(i, length), max_tokens=12 + i, **settings)
    together = [shared.reply(f"mixed{i}") for i in range(len(MIXED))]
    alone: list[list[int]] = []
    for i, (length, settings) in enumerate(MIXED):
        shared.submit(f"alone{i}", prompt(i, length), max_tokens=12 + i, **settings)
        alone.append(shared.reply(f"alone{i}"))
    assert together == alone
    assert [len(reply) for reply in alone] == [12 + i for i in range(len(MIXED))]


def test_another_seed_and_no_seed_give_other_tokens(shared: Worker) -> None:
    for name, seed in (("seed1", 1), ("seed2", 2), ("unseeded1", None), ("unseeded2", None)):
        shared.submit(name, prompt(0, 5), max_tokens=24, temperature=1.5, seed=seed)
    assert len({tuple(shared.reply(n)) for n in ("seed1", "seed2", "unseeded1", "unseeded2")}) == 4


def test_a_stop_token_ends_the_reply_unless_it_is_to_be_ignored(shared: Worker) -> None:
    shared.submit("whole", prompt(1, 10), max_tokens=10)
    whole = shared.reply("whole")
    stop = whole[5]
    end = whole.index(stop)
    shared.submit("stopped", prompt(1, 10), max_tokens=10, stop_token_ids=(stop,))
    shared.submit("ignored", prompt(1, 10), max_tokens=10, stop_token_ids=(stop,), ignore_eos=True)
    assert shared.reply("stopped") == whole[:end]
    last = shared.finished("stopped")
    assert (last.reason, last.stop_token, last.completion_tokens) == ("stop", stop, end + 1)
    assert shared.reply("ignored") == whole and shared.finished("ignored").reason == "length"


def test_logprobs_come_with_their_tokens_and_for_the_prompt(shared: Worker) -> None:
    text = prompt(2, 150)
    shared.submit("echo", text, max_tokens=4, logprobs=2, prompt_logprobs=0)
    reply = shared.reply("echo")
    messages = [m for m in shared.received if isinstance(m, Tokens) and m.id == "echo"]
    entries = [entry for m in messages for entry in m.logprobs or []]
    assert [entry.token for entry in entries] == reply == [entry.top[0][0] for entry in entries]
    assert all(entry.logprob == entry.top[0][1] >= entry.top[1][1] for entry in entries)
    (report,) = [m.prompt_logprobs for m in messages if m.prompt_logprobs is not None]
    assert report[0] is None and [entry.token for entry in report if entry is not None] == text[1:]
    assert all(-50 < entry.logprob < 0 for entry in report if entry is not None)


def test_scoring_a_prompt_agrees_with_generating_it(shared: Worker) -> None:
    """The same tokens, once sampled one by one and once scored as a prompt in pieces, have the same log probabilities."""
    shared.submit("said", prompt(3, 70), max_tokens=90, logprobs=0)
    reply = shared.reply("said")
    said = [e.logprob for m in shared.received if isinstance(m, Tokens) and m.id == "said" for e in m.logprobs or []]
    shared.submit("scored", prompt(3, 70) + reply, max_tokens=0, prompt_logprobs=0)
    assert shared.reply("scored") == []
    (report,) = [m.prompt_logprobs for m in shared.received if isinstance(m, Tokens) and m.id == "scored"]
    assert report is not None
    scored = [entry.logprob for entry in report[70:] if entry is not None]
    assert scored == pytest.approx(said, abs=1e-4)


def test_a_cancelled_request_ends_and_its_slot_goes_to_the_next(shared: Worker) -> None:
    for i in range(5):
        shared.submit(f"long{i}", prompt(i, 10), max_tokens=3000)
    shared.wait_for(Tokens, lambda m: m.id == "long0")
    assert not any(isinstance(m, Tokens) and m.id == "long4" for m in shared.received)
    shared.send(Cancel("long0"))
    last = shared.finished("long0")
    assert last.reason == "cancelled" and 0 < last.completion_tokens < 3000
    shared.wait_for(Tokens, lambda m: m.id == "long4")
    shared.send(*[Cancel(f"long{i}") for i in range(1, 5)])
    assert [shared.finished(f"long{i}").reason for i in range(1, 5)] == ["cancelled"] * 4


def test_overload_is_refused_with_a_time_and_the_rest_is_served(shared: Worker) -> None:
    for i in range(9):
        shared.submit(f"crowd{i}", prompt(i, 3), max_tokens=4000)
    refusal = shared.rejected("crowd8")
    assert refusal.code == "overloaded" and refusal.retry_after_s is not None and refusal.retry_after_s >= 1
    # Told once a second: a fast machine may have begun the second four by then.
    shared.wait_for(Status, lambda m: (m.running, m.kv_tokens_reserved) == (4, 4 * 4003) and m.waiting in (0, 4))
    shared.send(*[Cancel(f"crowd{i}") for i in range(8)])
    reasons = [shared.finished(f"crowd{i}").reason for i in range(8)]
    assert set(reasons) <= {"length", "cancelled"} and set(reasons[4:]) == {"cancelled"}
    shared.submit("after", prompt(0, 3), max_tokens=2)
    assert len(shared.reply("after")) == 2


def test_what_cannot_be_served_is_refused_and_serving_goes_on(shared: Worker) -> None:
    shared.submit("too long", prompt(0, 4000), max_tokens=97)
    shared.submit("strange", [VOCAB_SIZE], max_tokens=1)
    shared.submit("fits", prompt(0, 4090), max_tokens=6)
    assert shared.rejected("too long").code == "too_long" and "4096" in shared.rejected("too long").message
    assert shared.rejected("strange").code == "invalid"
    assert len(shared.reply("fits")) == 6


def test_metrics_end_at_rest(shared: Worker) -> None:
    before = len(shared.received)
    shared.submit("brief", prompt(0, 3), max_tokens=2)
    shared.reply("brief")
    shared.wait_for(Status, lambda m: m in shared.received[before:] and m.running == 0 and m.kv_tokens_reserved == 0)


@pytest.mark.slow
def test_shutdown_ends_everything_and_the_process(worker: Worker) -> None:
    for i in range(3):
        worker.submit(f"r{i}", prompt(i, 5), max_tokens=3000)
    worker.wait_for(Tokens)
    worker.send(Shutdown())
    assert [worker.finished(f"r{i}").reason for i in range(3)] == ["cancelled"] * 3
    assert worker.exit_code() == 0


@pytest.mark.slow
def test_the_engine_leaves_when_the_gateway_closes_the_socket_while_it_works(worker: Worker) -> None:
    worker.submit("r", prompt(0, 5), max_tokens=3000)
    worker.wait_for(Tokens)
    assert worker.connection is not None
    worker.connection.close()
    assert worker.exit_code() == 0
    assert "Traceback" not in worker.log_text()


@pytest.mark.slow
def test_a_gateway_that_reads_late_misses_nothing(worker: Worker) -> None:
    """The engine is done, or pauses, long before the test begins to read."""
    worker.submit("a", prompt(0, 5), max_tokens=600, logprobs=20)
    worker.submit("b", prompt(1, 5), max_tokens=600, logprobs=20)
    worker.submit("c", prompt(0, 5), max_tokens=600)
    worker.submit("reference", prompt(0, 5), max_tokens=2)
    assert len(worker.reply("a")) == len(worker.reply("b")) == 600
    assert worker.reply("c") == worker.reply("a")
    counted = [len(m.tokens) == len(m.logprobs or []) for m in worker.received if isinstance(m, Tokens) and m.id == "a"]
    assert all(counted)


@pytest.mark.slow
def test_garbage_ends_the_engine_and_is_named_in_the_log(worker: Worker) -> None:
    assert worker.connection is not None
    worker.connection.sendall(b"\x00\x00\x00\x03abc")
    assert worker.exit_code() == 0
    assert "not a message" in worker.log_text() and "Traceback" not in worker.log_text()


@pytest.mark.slow
def test_an_interrupt_is_the_gateways_business_and_a_termination_is_obeyed(worker: Worker) -> None:
    worker.process.send_signal(signal.SIGINT)
    worker.submit("r", prompt(0, 5), max_tokens=3)
    assert len(worker.reply("r")) == 3
    worker.process.send_signal(signal.SIGTERM)
    assert worker.exit_code() == 0


GATEWAY = """
import subprocess, sys, time
worker = subprocess.Popen(sys.argv[1:])
print(worker.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_killing_the_parent_ends_the_engine_even_if_the_socket_stays_open(folder: Path) -> None:
    gateway = Gateway()
    arguments = [sys.executable, "-c", GATEWAY, *command(gateway.path, folder)]
    parent = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=ENVIRONMENT)
    assert parent.stdout is not None
    engine = int(parent.stdout.readline())
    try:
        gateway.accept()
        gateway.wait_for(Loading)
        parent.kill()
        parent.wait()
        wait_until(lambda: gone(engine), "the orphaned engine has ended")
    finally:
        parent.stdout.close()
        if not gone(engine):
            os.kill(engine, signal.SIGKILL)
        gateway.close()


def failure(model: Path) -> tuple[str, str]:
    """The sentence of an engine that cannot start, and its log."""
    worker = Worker(model)
    try:
        message = worker.wait_for(Failed).message
        assert worker.exit_code() == 1
        return message, worker.log_text()
    finally:
        worker.stop()


@pytest.mark.slow
def test_a_missing_checkpoint_is_one_sentence(tmp_path: Path) -> None:
    message, log = failure(tmp_path / "nowhere")
    assert "nowhere" in message and "\n" not in message and "Traceback" not in log


@pytest.mark.slow
def test_truncated_weights_are_one_sentence_that_names_the_file(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    message, log = failure(folder)
    assert "model.safetensors" in message and "\n" not in message and "Traceback" not in log


@pytest.mark.slow
def test_without_a_gateway_the_engine_says_so_and_ends(tmp_path: Path, folder: Path) -> None:
    done = subprocess.run(command(tmp_path / "none.sock", folder), capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 1
    assert "cannot connect" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--max-sequences 0", "--dtype int3", "--max-waiting -1", "--kv-tokens many"])
def test_arguments_that_make_no_sense_are_named(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_options(["--socket", "x.sock", "--model", "folder", *option.split()])
    assert ended.value.code == 2
    assert option.split()[0] in capsys.readouterr().err


def test_every_finished_message_of_the_shared_engine_was_the_last_of_its_request(shared: Worker) -> None:
    ended: set[str] = set()
    for message in shared.received:
        if isinstance(message, Tokens | Finished):
            assert message.id not in ended
        if isinstance(message, Finished):
            ended.add(message.id)
