"""The parts of a report: what they show, and what they leave out."""

import numpy as np
import pytest

from chainrule import nn, zoo
from chainrule.data import Dataset, Normalize
from chainrule.random import Generator
from chainrule.train import Config, EpochEnd, Evaluation, RunFolder, Sight, StepEnd
from chainrule.train import report_sections as sections
from chainrule.train.presets import PRESETS

CLASSES = ("cat", "dog", "owl")
RNG = Generator(0)
LABELS = np.array([2, 0, 1, 0, 1, 2])
TEST = Dataset(RNG.integers(0, 256, (6, 1, 8, 8)).astype(np.uint8), LABELS, CLASSES, "pets")
SIGHT = Sight((1, 8, 8), CLASSES, Normalize((0.5,), (0.25,)))


def called(names):
    """An evaluation in which each picture is called so, the first most surely."""
    scores = np.eye(3)[names] * np.linspace(9, 2, len(names))[:, None]
    return Evaluation(scores, LABELS[: len(names)], 1.0)


RIGHT, WRONG = called(LABELS), called([0, 0, 1, 2, 1, 2])


def test_one_picture_of_each_class_and_what_is_said_to_it():
    body = sections.classes_section(SIGHT, TEST, WRONG).body_html
    assert body.count("<img") == 3
    assert [body.index(name) for name in CLASSES] == sorted(body.index(name) for name in CLASSES)
    assert "<strong>called cat, 100%</strong>" in body
    assert "<strong" not in sections.classes_section(SIGHT, TEST, RIGHT).body_html


def test_the_worst_mistakes_first():
    section = sections.mistakes_section(SIGHT, TEST, WRONG)
    assert section.caption == "2 of 6 test pictures are called wrong."
    assert section.body_html.index("is owl") < section.body_html.index("is cat")
    none = sections.mistakes_section(SIGHT, TEST, RIGHT)
    assert "Not one test picture is called wrong." in none.body_html
    assert none.caption == "0 of 6 test pictures are called wrong."


def test_only_so_many_mistakes():
    many = Dataset(np.zeros((30, 1, 8, 8), np.uint8), np.zeros(30, int), CLASSES)
    section = sections.mistakes_section(SIGHT, many, Evaluation(np.eye(3)[[1] * 30], many.labels, 1.0))
    assert section.body_html.count("<img") == sections.MISTAKES
    assert section.caption == "30 of 30 test pictures are called wrong; these with the most confidence."


def test_the_confusion_names_the_most_frequent():
    twice = called([1, 0, 1, 2, 1, 1])
    assert "Most often: owl called dog, 2 times." in sections.confusion_section(SIGHT, twice).caption
    assert "Most often" not in sections.confusion_section(SIGHT, RIGHT).caption


def test_a_class_without_test_pictures_has_no_share():
    body = sections.confusion_section(SIGHT, called([2, 0])).body_html
    assert "100.0" in body
    assert "0.0 %" not in body.replace("100.0 %", "")


def test_curves_run_over_epochs(tmp_path):
    run = RunFolder.create(tmp_path / "run")
    run.append(
        [StepEnd(1, k, 1.0 / k, 0.5, 0.1) for k in (1, 2)] + [EpochEnd(1, 0.75, 0.5, 0.5, 0.25, 0.1, 1.0)]
    )
    section = sections.curves_section(run, Config(loss="hinge"))
    assert section.body_html.count("<svg") == 2
    assert "hinge" in section.body_html
    assert "validation: 25 at epoch 1" in section.body_html
    assert "training: 50 at epoch 0.5" in section.body_html


def test_patterns_are_what_pixels_do_together_with_the_answer():
    weights = RNG.normal((4, 64))
    pixels = SIGHT.normalize(TEST.images).reshape(6, 64)
    answers = pixels @ weights.T
    expected = [[np.cov(answers[:, n], pixels[:, p], bias=True)[0, 1] for p in range(64)] for n in range(4)]
    np.testing.assert_allclose(sections.patterns(weights, SIGHT, TEST), expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("model", "words", "pictures"),
    [
        (zoo.linear((1, 8, 8), 3), "What each class answers to", 4),
        (zoo.two_layer((1, 8, 8), 3, hidden=50), "The 30 of 50 neurons with the largest answers", 2),
        (zoo.two_layer((1, 8, 8), 3, hidden=4), "What each neuron answers to", 2),
        (nn.Sequential(nn.Conv2d(1, 5, 3), nn.ReLU()), "", 3),
    ],
)
def test_the_first_layer(model, words, pictures):
    section = sections.first_layer_section(model, SIGHT, TEST)
    assert words in section.caption
    assert section.body_html.count("<img") == pictures


def test_a_first_layer_that_sees_no_pictures_is_left_out():
    for layer in (nn.Linear(5, 3), nn.Conv2d(2, 3, 3), nn.ReLU()):
        assert sections.first_layer_section(nn.Sequential(layer), SIGHT, TEST) is None


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_any_number_of_channels_can_be_seen(channels):
    image = sections.seen(np.zeros((channels, 5, 7), np.uint8))
    assert (image.size, image.mode) == ((7, 5), "RGB" if channels == 3 else "L")


@pytest.mark.parametrize("count", range(1, 70))
def test_rows_of_pictures_fit_the_page(count):
    arrays = np.zeros((count, 28, 28))
    assert sections.row_of(arrays, "grey").width <= sections.WHOLE
    assert sections.row_of(np.zeros((count, 3, 3)), "grey", room=sections.HALF).width <= sections.HALF


def test_the_settings_stand_in_two_columns_with_the_command():
    body = sections.settings_section(Config(model="lenet5")).body_html
    assert body.count("<tr>") == 1 + (len(vars(Config())) + 1) // 2
    assert all(f"<td>{key}</td>" in body for key in vars(Config()))
    assert "chainrule train lenet5 --config config.toml" in body
    svm = Config.of(PRESETS["svm"].settings)
    assert "chainrule train svm --config config.toml" in sections.settings_section(svm).body_html


def test_the_network_with_its_arithmetic():
    sight = Sight((1, 28, 28), CLASSES, SIGHT.normalize)
    section = sections.network_section(zoo.lenet5(), Config(model="lenet5"), sight)
    assert "6·(5·5·1+1) = 156" in section.body_html
    assert section.caption.startswith("61,706 parameters")
