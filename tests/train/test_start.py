"""How a run began."""

import numpy as np

from chainrule import nn, zoo
from chainrule.random import Generator
from chainrule.train import Start
from chainrule.train.start import digest_of, versions


def test_the_digest_stands_for_names_and_bits():
    model = zoo.build("linear", rng=Generator(0))
    digest = digest_of(model)
    assert (
        digest
        == digest_of(zoo.build("linear", rng=Generator(0)))
        != digest_of(zoo.build("linear", rng=Generator(1)))
    )
    model[1].bias.assign(-np.zeros(10, "float32"))
    assert digest_of(model) != digest, "a zero with a sign has other bits"
    named = nn.Sequential(nn.Linear(2, 2, rng=Generator(0)))
    assert digest_of(named) != digest_of(named[0])


def test_buffers_count():
    norm = nn.BatchNorm1d(2)
    before = digest_of(norm)
    norm.running_mean.assign(np.ones(2, "float32"))
    assert digest_of(norm) != before


def test_what_it_ran_on():
    found = versions()
    assert found["numpy"] == np.__version__ and found["python"].startswith("3.")
    start = Start.of(zoo.build("linear"), "runs/first", True)
    assert start.versions == found and Start.from_dict(vars(start)) == start
