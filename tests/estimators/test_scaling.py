"""The scale of all numbers: as NumPy measures it, of any unit, and what never changes."""

import numpy as np
import pytest

from chainrule import Tensor
from chainrule.estimators import scaling
from chainrule.estimators.scaling import Scaling

rng = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_features_as_numpy_measures_them(dtype, monkeypatch):
    monkeypatch.setattr(scaling, "CHUNK", 40)  # eight parts, the last of two rows
    X = (rng.random((58, 5)) * 200).astype(dtype)
    found = Scaling.fit(X)
    assert np.allclose(found.mean, X.mean(axis=0, dtype=np.float64), rtol=1e-12)
    assert np.allclose(found.slope, 1 / X.std(axis=0, dtype=np.float64), rtol=1e-12)


def test_pictures_channel_by_channel():
    X = rng.random((7, 3, 4, 5)).astype("float32") * [[[[1]], [[10]], [[100]]]]
    found = Scaling.fit(X)
    out = found(Tensor(X)).numpy()
    assert found.mean.shape == found.slope.shape == (3, 1, 1) and out.dtype == np.float32
    assert np.allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-6) and np.allclose(out.std(axis=(0, 2, 3)), 1)


def test_what_never_changes_becomes_0():
    X = np.stack([np.full(100, 0.1), np.arange(100.0)], axis=1)
    found = Scaling.fit(X)
    assert found.slope[0] == 1 and found(Tensor(X)).numpy()[:, 0].tolist() == pytest.approx([0] * 100)


def test_float64_far_from_0_stays_apart():
    """In float32, a thousand million and one is a thousand million."""
    X = 1e9 + np.arange(4.0)[:, None]
    out = Scaling.fit(X)(Tensor(X)).numpy().ravel()
    assert np.allclose(out, (np.arange(4) - 1.5) / np.std(np.arange(4)))


def test_the_widest_direction():
    X = rng.normal(size=(3000, 6)) @ rng.normal(size=(6, 6))
    found = Scaling.fit(X)
    assert found.widest(X) == pytest.approx(np.linalg.eigvalsh(np.corrcoef(X.T))[-1], rel=0.05)
    assert Scaling.fit(np.ones((4, 2))).widest(np.ones((4, 2))) == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("power", [-1000, -600, 0, 600, 1020])
@pytest.mark.parametrize("shape", [(50, 3), (50, 3, 2, 2)], ids=str)
def test_numbers_of_any_size_are_scaled_to_the_same_bits(shape, power):
    usual = rng.normal(size=shape)
    unusual = usual.copy()
    unusual[:, 0] *= 2.0**power
    one, other = (Scaling.fit(X)(Tensor(X)).numpy() for X in (usual, unusual))
    assert one.tobytes() == other.tobytes() and one.std() > 0.9


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_deviation_without_an_inverse_is_none(dtype):
    X = np.array([[0.0], [np.finfo(dtype).smallest_subnormal]], dtype)
    found = Scaling.fit(X)
    assert found.slope[0] == 1 and np.isfinite(found(Tensor(X)).numpy()).all()
