"""Streams of samples: what one draws depends on the seed, its number and its own draws alone."""

import numpy as np
import pytest

from chainrule.errors import DTypeError, SettingError
from chainrule.random import Generator, Samples, random_bits, samples
from chainrule.random.philox import streams

from .scalar import scalar_philox
from .test_generator import chi_square

LAYER = 2**32 - 1


def scalar_word(seed, number, position):
    counter = (number % 2**32, number >> 32, position // 4, LAYER)
    return scalar_philox(counter, (seed % 2**32, seed >> 32))[position % 4]


@pytest.mark.parametrize("seed", [0, 2**63 + 12345])
def test_words_are_those_of_the_counter(seed):
    numbers = [0, 7, 2**32 - 1, 2**32 + 5, 2**63 - 1]
    rng = Samples(seed, numbers)
    drawn = np.concatenate([rng.words(3), rng.words(6)], axis=1)
    assert drawn.tolist() == [[scalar_word(seed, n, p) for p in range(9)] for n in numbers]


def test_drawing_in_pieces_is_drawing_at_once():
    pieces, whole = Samples(1, np.arange(5)), Samples(1, np.arange(5))
    drawn = np.concatenate([pieces.bits(n) for n in (3, 1, 0, 6, 9)], axis=1)
    np.testing.assert_array_equal(drawn, whole.bits(19))


DRAWS = {
    "bits": lambda rng: rng.bits((2, 3)),
    "uniform": lambda rng: rng.uniform((2, 3)),
    "float64": lambda rng: rng.uniform(3, -1, 1, "float64"),
    "normal": lambda rng: rng.normal(3),
    "beta": lambda rng: rng.beta(0.3, (2,)),
    "integers": lambda rng: rng.integers(-4, 9, (3, 1)),
    "one": lambda rng: rng.uniform(()),
    "split": lambda rng: rng.split("crop", 2).uniform(4),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_neither_order_nor_company_matters(draw):
    numbers = np.array([40, 3, 17, 8, 21])
    together = draw(Samples(2, numbers))
    assert len(together) == 5 and len({row.tobytes() for row in together}) == 5
    order = [3, 1, 4, 0, 2]
    np.testing.assert_array_equal(draw(Samples(2, numbers[order])), together[order])
    for number, row in zip(numbers, together, strict=True):
        np.testing.assert_array_equal(draw(Samples(2, [number]))[0], row)


def test_many_samples_of_many_words_go_past_one_block():
    rng = Samples(3, np.arange(30_000))
    rows = rng.words(9)
    for number in (0, 5460, 5461, 16_384, 29_999):
        np.testing.assert_array_equal(rows[number], Samples(3, [number]).words(9)[0])


def test_streams_of_neighbours_are_uniform_and_independent():
    first = Samples(4, np.arange(100_000)).words(2)
    for column in first.T:
        assert abs(chi_square(np.bincount(column >> 24, minlength=256))) < 5
    pairs = (first[:-1, 0] >> 28) * 16 + (first[1:, 0] >> 28)
    assert abs(chi_square(np.bincount(pairs, minlength=256))) < 5


def test_no_other_stream_of_the_seed_counts_there():
    samples = Samples(5, np.arange(500)).words(8).ravel().tolist()
    others = [*Generator(5).bits(4000).tolist(), *random_bits(5, LAYER - 1, 0, 4000).tolist()]
    assert not {*samples} & {*others}


def test_children_are_told_apart_by_name_and_do_not_move_the_parent():
    rng = Samples(6, np.arange(3))
    children = [rng.split("a"), rng.split("b"), rng.split("a", 1), rng.split(1), rng.split("1"), rng]
    assert len({child.bits(4).tobytes() for child in children}) == len(children)
    assert rng.split("a").bits(4).tobytes() == Samples(6, np.arange(3)).split("a").bits(4).tobytes()


@pytest.mark.parametrize("pieces", [(9,), (8, 1), (3, 5, 4), (1, 0, 6, 8), (16,)], ids=str)
def test_children_made_together_are_those_made_alone(pieces):
    rng = Samples(6, np.arange(40))
    assert rng.children("step", 0) == []
    for number, stream in enumerate(rng.children("step", 3)):
        alone = Samples(6, np.arange(40)).split("step", number)
        for count in pieces:
            np.testing.assert_array_equal(stream.words(count), alone.words(count))
        assert stream.split("more").words(2).tolist() == alone.split("more").words(2).tolist()


def test_children_from_which_nobody_draws_cost_nothing(monkeypatch):
    asked = []
    monkeypatch.setattr(samples, "streams", lambda *given: asked.append(given) or streams(*given))
    first, second, _ = Samples(6, np.arange(4)).children("step", 3)
    assert asked == []
    first.words(3), second.words(8), first.words(5)
    assert len(asked) == 1
    first.words(1)
    assert len(asked) == 2


def test_a_generator_makes_them_and_is_not_moved():
    rng = Generator(7)
    rng.bits(5)
    np.testing.assert_array_equal(rng.samples([2, 9]).words(4), Samples(7, [2, 9]).words(4))
    assert rng.state()["position"] == 5
    assert repr(rng.samples([2, 9])) == "Samples(seed=7, 2 samples, position=0)"


def test_no_samples():
    rng = Samples(0, [])
    assert len(rng) == 0 and rng.uniform((2, 2)).shape == (0, 2, 2) and rng.beta(1.0, ()).shape == (0,)


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (SettingError, lambda: Samples(-1, [0])),
        (SettingError, lambda: Samples(0, [3, -1])),
        (SettingError, lambda: Samples(0, np.array([2**63], np.uint64))),
        (DTypeError, lambda: Samples(0, [0.5])),
        (DTypeError, lambda: Samples(0, [[1]])),
        (DTypeError, lambda: Samples(0, 3)),
        (SettingError, lambda: Samples(0, [1]).split()),
        (DTypeError, lambda: Samples(0, [1]).split(0.5)),
    ],
)
def test_errors_have_their_four_parts(error, call):
    with pytest.raises(error) as caught:
        call()
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))
