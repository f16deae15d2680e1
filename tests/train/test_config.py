"""Configurations: defaults, all four parts of each error, TOML there and back."""

import tomllib
from dataclasses import asdict, fields

import pytest

from chainrule.errors import FileError, UsageError
from chainrule.train import Config

BAD = {  # key: a value, and what the error says of it
    "optimizer": ("sdg", "'sdg'", "one of adam, adamw, sgd, rmsprop, adagrad, adadelta", "sgd"),
    "schedule": (
        "cosin",
        "'cosin'",
        "one of one-cycle, cosine, exponential, inverse-time, polynomial, plateau, constant",
        "cosine",
    ),
    "loss": ("hing", "'hing'", "one of cross-entropy, hinge", "hinge"),
    "epochs": (0, "0", "1 or more", "--epochs 8"),
    "batch_size": (-1, "-1", "1 or more", "--batch-size 64"),
    "lr": (0.0, "0.0", "a number above 0", "--lr 0.001"),
    "momentum": (1.0, "1.0", "0 ≤ momentum < 1", "momentum = 0.9"),
    "weight_decay": (-0.1, "-0.1", "0 or more", "weight_decay = 0.0"),
    "l2": (float("inf"), "inf", "0 or more", "l2 = 0.0"),
    "crop": (-2, "-2", "0 or more pixels", "crop = 2"),
    "rotate": (181.0, "181.0", "0 to 180 degrees", "rotate = 15.0"),
    "erase": (1.5, "1.5", "0 ≤ erase ≤ 1", "erase = 0.5"),
    "mixup": (-0.1, "-0.1", "0 or more", "mixup = 0.2"),
    "workers": (65, "65", "0 to 64 threads", "workers = 1"),
    "validation": (1.0, "1.0", "0 ≤ validation < 1", "validation = 0.1"),
    "seed": (-1, "-1", "0 ≤ seed < 2⁶³", "--seed 0"),
}


@pytest.mark.parametrize("key", BAD)
def test_values_that_cannot_work(key):
    value, came, expected, hint = BAD[key]
    for make in (lambda: Config(**{key: value}), lambda: Config.of({key: value})):
        with pytest.raises(UsageError) as caught:
            make()
        error = caught.value
        assert (error.who, error.came, error.expected, error.hint) == (key, came, expected, hint)


@pytest.mark.parametrize("key", ["lr", "momentum", "weight_decay", "l2", "validation"])
def test_nan_is_no_setting(key):
    with pytest.raises(UsageError, match=f"{key}: nan"):
        Config(**{key: float("nan")})


WRONG = {  # key: a value of another type, and what was expected
    "epochs": (2.5, "a whole number", "epochs = 8"),
    "lr": ("fast", "a number", "lr = 0.002"),
    "flip": (1, "true or false", "flip = false"),
    "model": (5, "a text in quotes", 'model = "convnet"'),
    "batch_size": (True, "a whole number", "batch_size = 64"),
    "l2": (True, "a number", "l2 = 0.0"),
}


@pytest.mark.parametrize("key", WRONG)
def test_values_of_another_type(key):
    value, expected, hint = WRONG[key]
    with pytest.raises(UsageError) as caught:
        Config.of({key: value}, "x.toml")
    error = caught.value
    assert (error.who, error.came, error.expected, error.hint) == (
        "x.toml",
        f"{key} = {value!r}",
        expected,
        hint,
    )


@pytest.mark.parametrize(
    ("key", "nearest"), [("epoch", "epochs"), ("optimiser", "optimizer"), ("qq", "model")]
)
def test_unknown_keys_name_the_nearest(key, nearest):
    with pytest.raises(UsageError) as caught:
        Config.of({key: 1})
    assert (caught.value.who, caught.value.came) == ("configuration", f"key '{key}'")
    assert caught.value.hint == nearest
    assert all(field.name in caught.value.expected for field in fields(Config))


def test_whole_numbers_stand_for_fractions():
    assert Config.of({"lr": 1}).lr == 1.0
    assert type(Config.of({"lr": 1}).lr) is float


STRANGE = Config(
    model="two-layer",
    data='a "quoted" \\ path/größe/☃/\U0001f600\n\t',
    epochs=3,
    lr=1e-05,
    flip=True,
    seed=2**63 - 1,
    validation=0.0,
    weight_decay=1e22,
)


@pytest.mark.parametrize("config", [Config(), STRANGE], ids=["default", "strange"])
def test_toml_there_and_back(config, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(config.as_toml(), encoding="utf-8")
    assert Config.of(Config.read(path)) == config
    assert list(tomllib.loads(config.as_toml())) == list(asdict(config))


def test_a_table_is_read_as_far_as_it_goes(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("epochs = 3\nlr = 1\n")
    assert Config.read(path) == {"epochs": 3, "lr": 1}


@pytest.mark.parametrize(
    ("content", "kind", "came"),
    [
        (b"epochs = = 3", FileError, "no TOML"),
        (b"\xff\xfe", FileError, "no TOML"),
        (b"epoch = 3", UsageError, "key 'epoch'"),
        (b"[train]\nepochs = 3", UsageError, "key 'train'"),
        (b"epochs = 0", UsageError, "0"),
    ],
)
def test_files_that_are_no_configuration(content, kind, came, tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(kind) as caught:
        Config.read(path)
    assert came in caught.value.came
    assert caught.value.expected
    assert caught.value.hint


def test_no_file(tmp_path):
    with pytest.raises(FileError, match=r"nothing\.toml: No such file or directory; expected a TOML file"):
        Config.read(tmp_path / "nothing.toml")
    with pytest.raises(FileError, match="a folder; expected a TOML file"):
        Config.read(tmp_path)


def test_a_hinge_takes_no_shares_of_classes():
    with pytest.raises(UsageError, match="mixup: 0.2 with hinge"):
        Config(loss="hinge", mixup=0.2)
    assert Config(loss="hinge").mixup == 0


@pytest.mark.parametrize("key", ["lr", "epochs", "seed"])
def test_a_number_of_many_digits(tmp_path, key):
    path = tmp_path / "c.toml"
    path.write_text(f"{key} = {'9' * 100}\n")
    with pytest.raises(UsageError, match=f"{key} = a number of 333 bits; expected a smaller one"):
        Config.of(Config.read(path), "c")


def test_what_is_too_large_or_too_deep_for_a_configuration(tmp_path):
    path = tmp_path / "c.toml"
    for text in (
        "#" * 20_000,
        "a" + ".a" * 600 + " = 1",
        "a = " + "[" * 490 + "]" * 490,
        "a = 0x" + "f" * 5000,
    ):
        path.write_text(text)
        with pytest.raises((FileError, UsageError)) as caught:
            Config.read(path)
        assert len(str(caught.value)) < 500 + len(str(path))
