"""Fear: a refused key is hammered, a good one starved, or a limit once met is kept for ever."""

from hypothesis import given
from hypothesis import strategies as st

from nemoserve.backends.remote.keys import Rests
from nemoserve.backends.remote.pace import Pace
from nemoserve.backends.remote.rate import AdaptiveRate
from tests.examples import examples


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


_STEPS = st.lists(
    st.tuples(st.floats(0, 100), st.sampled_from(["ok", 401, 402, 429]), st.none() | st.floats(0, 50)), max_size=40
)


@given(st.integers(1, 4), _STEPS)
def test_a_resting_key_is_never_taken_and_some_key_always_comes_back(
    count: int, steps: list[tuple[float, str | int, float | None]]
):
    clock = _Clock()
    rests, until = Rests(count, clock), [0.0] * count
    for wait, answer, retry_after in steps:
        clock.now += wait
        key = rests.take()
        if key is None:
            assert min(until) > clock.now
            assert abs(rests.wait_s() - (min(until) - clock.now)) < 1e-6
            continue
        assert until[key] <= clock.now
        if isinstance(answer, int):
            seconds = rests.refused(key, answer, retry_after)
            assert seconds == retry_after or (retry_after is None and 0 < seconds <= 3600)
            until[key] = max(until[key], clock.now + seconds)
        else:
            rests.worked(key)
    clock.now += 3601
    assert rests.take() is not None


@given(st.integers(1, 5), st.integers(0, 50))
def test_good_keys_share_the_work_evenly(count: int, requests: int):
    rests = Rests(count, _Clock())
    taken = [rests.take() for _ in range(requests)]
    shares = [taken.count(key) for key in range(count)]
    assert max(shares) - min(shares) <= 1


def test_keys_that_were_refused_are_told_to_be_asked_too_much():
    clock = _Clock()
    rests = Rests(2, clock)
    rests.refused(0, 401, None)
    rests.refused(1, 402, None)
    assert not rests.limited
    rests.refused(1, 429, None)
    assert rests.limited, "one of them is there again soon"


def test_rests_double_and_a_success_forgets_them():
    rests = Rests(1, _Clock())
    assert [rests.refused(0, 429, None) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    rests.worked(0)
    assert rests.refused(0, 429, None) == 1


def test_many_requests_that_are_refused_at_once_close_a_provider_for_an_hour():
    clock = _Clock()
    rests, rate = Rests(1, clock), AdaptiveRate(clock)
    assert [rate.ask() for _ in range(20)] == [0.0] * 20
    for _ in range(20):
        clock.now += 0.01
        assert rests.refused(0, 401, None, sent=0.0) == 30
        rate.refused(sent=0.0)
    assert rate.limit == 10
    clock.now += 60
    assert rests.refused(0, 401, None, sent=clock.now) == 60, "it was asked again"
    assert rests.refused(0, 429, None, sent=clock.now) == 1, "that is another matter"


@given(st.integers(1, 60), st.lists(st.floats(0, 5), min_size=1, max_size=150))
def test_a_known_limit_is_never_passed_and_the_wait_is_exact(limit: int, waits: list[float]):
    clock = _Clock()
    rate, taken = AdaptiveRate(clock, limit, learns=False), list[float]()
    for wait in waits:
        clock.now += wait
        more = rate.ask()
        if more == 0:
            taken.append(clock.now)
            assert sum(1 for at in taken if at > clock.now - 60) <= limit
        else:
            clock.now += more + 1e-9  # a sum of floats may fall short of what it stands for
            assert rate.ask() == 0
            taken.append(clock.now)


@examples(20)
@given(st.integers(2, 60), st.floats(0.3, 3))
def test_a_hidden_limit_is_found_and_mostly_kept(hidden: int, every: float):
    """Asked as fast as it allows, it is refused now and then, and still gets a fair part of what there is."""
    clock = _Clock()
    rate, granted, refused, asked = AdaptiveRate(clock), list[float](), 0, 0
    while clock.now < 900:
        clock.now += every
        if rate.ask() > 0:
            continue
        asked += 1
        if sum(1 for at in granted if at > clock.now - 60) >= hidden:
            refused += 1
            rate.refused()
        else:
            granted.append(clock.now)
            rate.worked()
    possible = min(hidden, 60 / every) * 15
    assert len(granted) >= possible * 0.3
    assert refused <= max(20, asked * 0.5)


def test_without_a_refusal_nothing_is_limited():
    rate = AdaptiveRate(_Clock())
    assert all(rate.ask() == 0 for _ in range(10_000))


@examples(50)
@given(st.integers(1, 10_000), st.floats(0.001, 1), st.floats(0.001, 0.1), st.floats(0.1, 60))
def test_whole_replies_are_asked_for_only_if_they_are_there_long_before_a_first_byte_is_overdue(
    tokens: int, first: float, per_token: float, limit: float
):
    pace = Pace()
    assert not pace.fits(1, limit)
    pace.streamed(tokens, first, first + tokens * per_token)
    if pace.fits(tokens, limit):
        assert first + tokens * per_token <= limit / 3.9
    pace.overdue()
    assert not pace.fits(1, limit)


def test_one_slow_reply_counts_at_once_and_is_forgotten_slowly():
    pace = Pace()
    pace.streamed(10, 0.01, 0.02)
    assert pace.fits(100, 1.0)
    pace.whole(10, 2.0)
    assert not pace.fits(10, 1.0)
    for _ in range(30):
        pace.whole(10, 0.02)
    assert pace.fits(10, 1.0)
