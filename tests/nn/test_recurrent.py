"""LSTM and GRU over sequences, and their cells: PyTorch's numbers by PyTorch's names, states, costs, refusals."""

from typing import Any

import numpy as np
import pytest

from chainrule import Tensor, nn
from chainrule.errors import DTypeError, SettingError, ShapeError
from chainrule.random import Generator

from .layers import Layer, check_layer, noise
from .steps import traced_is_direct
from .twins import agrees, leaves


class Outputs(nn.Module):
    """The first of what a recurrent layer returns: one tensor in, one out, as the common check wants it."""

    def __init__(self, inner: nn.Module) -> None:
        self.inner = inner

    def forward(self, x: Any) -> Any:
        out = self.inner(x)
        return out[0] if isinstance(out, tuple) else out


def shapes(gates: int, features: int, hidden: int, layers: int = 1, suffix: str = "_l") -> dict[str, Any]:
    """The parameters of PyTorch's layer, in its order."""
    found = {}
    for number in range(layers):
        end = f"{suffix}{number}" if suffix else ""
        rows, width = gates * hidden, hidden if number else features
        found |= {f"inner.weight_ih{end}": (rows, width), f"inner.weight_hh{end}": (rows, hidden)}
        found |= {f"inner.bias_ih{end}": (rows,), f"inner.bias_hh{end}": (rows,)}
    return found


def without_bias(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: shape for name, shape in parameters.items() if "bias" not in name}


def both_ways(parameters: dict[str, Any]) -> dict[str, Any]:
    """With those of the cells that read backwards, in PyTorch's order; layers above read 2·H numbers."""
    found = {}
    for number in range(2):
        layer = {name: shape for name, shape in parameters.items() if name.endswith(f"l{number}")}
        for end in ("", "_reverse"):
            for name, shape in layer.items():
                wide = number and "weight_ih" in name
                found[name + end] = (shape[0], 2 * shape[1]) if wide else shape
    return found


ROWS = {
    "lstm": Layer(
        lambda rng: Outputs(nn.LSTM(3, 5, batch_first=True, rng=rng)), (4, 6, 3), (4, 6, 5), shapes(4, 3, 5)
    ),
    "gru of two layers": Layer(
        lambda rng: Outputs(nn.GRU(3, 4, 2, batch_first=True, rng=rng)),
        (2, 5, 3),
        (2, 5, 4),
        shapes(3, 3, 4, 2),
    ),
    "lstm without bias": Layer(
        lambda rng: Outputs(nn.LSTM(2, 3, bias=False, batch_first=True, rng=rng)),
        (3, 2, 2),
        (3, 2, 3),
        without_bias(shapes(4, 2, 3)),
    ),
    "lstm cell": Layer(
        lambda rng: Outputs(nn.LSTMCell(4, 3, rng=rng)), (5, 4), (5, 3), shapes(4, 4, 3, 1, "")
    ),
    "rnn of two layers, both ways": Layer(
        lambda rng: Outputs(nn.RNN(3, 4, 2, batch_first=True, bidirectional=True, rng=rng)),
        (2, 5, 3),
        (2, 5, 8),
        both_ways(shapes(1, 3, 4, 2)),
    ),
    "rnn cell": Layer(lambda rng: Outputs(nn.RNNCell(4, 3, rng=rng)), (5, 4), (5, 3), shapes(1, 4, 3, 1, "")),
    "gru cell": Layer(lambda rng: Outputs(nn.GRUCell(4, 3, rng=rng)), (5, 4), (5, 3), shapes(3, 4, 3, 1, "")),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="compares with PyTorch")


def twins(torch: Any, name: str, *sizes: int, dtype: str, **settings: Any) -> tuple[nn.Module, Any]:
    """Our layer and PyTorch's, with our weights, taken by name."""
    ours = getattr(nn, name)(*sizes, rng=Generator(1), **settings).astype(dtype)
    theirs = getattr(torch.nn, name)(*sizes, **settings).to(getattr(torch, dtype))
    theirs.load_state_dict({name: torch.tensor(array) for name, array in ours.state_dict().items()})
    return ours, theirs


def agree(torch: Any, ours: Any, theirs: Any, arrays: list[np.ndarray], pack: Any, tolerance: float) -> None:
    """Every output, and every gradient of a random mixture of them, to inputs, states and weights."""
    mine = [Tensor(a, requires_grad=True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    outs, expected = list(leaves(ours(*pack(mine)))), list(leaves(theirs(*pack(other))))
    assert [o.shape for o in outs] == [tuple(e.shape) for e in expected]
    ups = [noise(o.shape, 20 + k).astype(o.dtype) for k, o in enumerate(outs)]
    total = (outs[0] * ups[0]).sum()
    for out, up in zip(outs[1:], ups[1:], strict=True):
        total = total + (out * up).sum()
    total.backward()
    sum((e * torch.tensor(u)).sum() for e, u in zip(expected, ups, strict=True)).backward()
    named = dict(theirs.named_parameters())
    gradients = [(p.grad, named[name].grad) for name, p in ours.named_parameters()]
    gradients += [(a.grad, b.grad) for a, b in zip(mine, other, strict=True)]
    for a, b in [*zip(outs, expected, strict=True), *gradients]:
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance)


CASES = {
    "LSTM": ("LSTM", (3, 5), {}),
    "LSTM, batch first": ("LSTM", (3, 5), {"batch_first": True}),
    "LSTM of three layers": ("LSTM", (2, 3, 3), {"batch_first": True}),
    "LSTM without bias": ("LSTM", (4, 1), {"bias": False}),
    "GRU": ("GRU", (3, 5), {}),
    "GRU of two layers, batch first": ("GRU", (2, 3, 2), {"batch_first": True}),
    "GRU without bias": ("GRU", (1, 4), {"bias": False}),
    "GRU both ways": ("GRU", (3, 2, 2), {"bidirectional": True}),
    "LSTM both ways": ("LSTM", (3, 2, 2), {"bidirectional": True, "batch_first": True}),
    "RNN": ("RNN", (3, 5), {}),
    "RNN with relu": ("RNN", (3, 2, 2), {"nonlinearity": "relu", "batch_first": True}),
    "RNN without bias, both ways": ("RNN", (3, 2), {"bias": False, "bidirectional": True}),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "sizes", "settings"), CASES.values(), ids=CASES)
def test_sequences_are_pytorchs(torch, name, sizes, settings, dtype):
    ours, theirs = twins(torch, name, *sizes, dtype=dtype, **settings)
    layers, tolerance = (*sizes, 1)[2] * len(ours.directions), 1e-12 if dtype == "float64" else 2e-6
    x = noise((2, 7, sizes[0])).astype(dtype)
    n = x.shape[0 if settings.get("batch_first") else 1]
    states = [noise((layers, n, sizes[1]), seed).astype(dtype) for seed in (4, 5)[: len(ours.states)]]
    agree(torch, ours, theirs, [x], lambda v: v, tolerance)
    given = (lambda v: (v[0], (v[1], v[2]))) if name == "LSTM" else (lambda v: v)
    for p in ours.parameters():
        p.grad = None
    theirs.zero_grad()
    agree(torch, ours, theirs, [x, *states], given, tolerance)


@pytest.mark.parametrize("name", ["LSTMCell", "GRUCell", "RNNCell"])
@pytest.mark.parametrize("bias", [True, False])
def test_cells_are_pytorchs(torch, name, bias):
    ours, theirs = twins(torch, name, 3, 4, dtype="float64", bias=bias)
    x, h, c = (noise(shape, 6).astype("float64") for shape in ((5, 3), (5, 4), (5, 4)))
    if name == "LSTMCell":
        agree(torch, ours, theirs, [x, h, c], lambda v: (v[0], (v[1], v[2])), 1e-12)
    else:
        agree(torch, ours, theirs, [x, h], lambda v: v, 1e-12)
    none = leaves(ours(x)), leaves(theirs(torch.tensor(x)))
    for a, b in zip(*none, strict=True):
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_a_state_dict_of_pytorch_fits_and_comes_back(torch, name):
    torch.manual_seed(0)
    theirs = getattr(torch.nn, name)(3, 4, 2)
    ours = getattr(nn, name)(3, 4, 2).load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    back = getattr(torch.nn, name)(3, 4, 2)
    back.load_state_dict({n: torch.tensor(a) for n, a in ours.state_dict().items()})
    x = noise((5, 2, 3))
    for a, b in zip(leaves(back(torch.tensor(x))), leaves(theirs(torch.tensor(x))), strict=True):
        assert torch.equal(a, b)
    np.testing.assert_allclose(ours(x)[0], back(torch.tensor(x))[0].detach(), rtol=1e-5, atol=1e-6)


def test_weights_begin_uniformly_within_one_by_root_h():
    weights = np.concatenate([p.numpy().ravel() for p in nn.LSTM(40, 64, rng=Generator(0)).parameters()])
    assert abs(weights).max() <= 1 / 8
    assert abs(weights.var() * 64 * 3 - 1) < 0.02  # the variance of ±b is b² / 3
    again = nn.LSTM(40, 64, rng=Generator(0))
    assert np.array_equal(again.weight_ih_l0.numpy().ravel(), weights[: 256 * 40])


def test_a_sequence_is_the_cell_again_and_again():
    layer, cell, x = nn.LSTM(3, 4, rng=Generator(0)), nn.LSTMCell(3, 4), noise((6, 2, 3))
    cell.load_state_dict({name.removesuffix("_l0"): a for name, a in layer.state_dict().items()})
    state, hidden = None, []
    for x_t in x:
        state = cell(x_t, state)
        hidden.append(state[0].numpy())
    outputs, (h, c) = layer(x)
    assert np.array_equal(outputs, np.stack(hidden))
    assert np.array_equal(h[0], state[0])
    assert np.array_equal(c[0], state[1])


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_traced_is_direct(kind):
    def build():
        inner = Outputs(kind(3, 4, 2, batch_first=True, rng=Generator(0)))
        return nn.Sequential(inner, nn.Flatten(), nn.Linear(20, 3, rng=Generator(1)))

    traced_is_direct(build, "adam", noise((4, 5, 3)), np.array([0, 2, 1, 2]))


@pytest.mark.parametrize(
    "settings", [{}, {"nonlinearity": "relu", "bidirectional": True}], ids=["tanh", "both ways"]
)
def test_a_plain_network_is_pytorchs_compiled_too(torch, settings):
    agrees(torch, nn.RNN(3, 4, 2, **settings), torch.nn.RNN(3, 4, 2, **settings), (5, 2, 3))


X = noise((2, 6, 3))
REFUSED = {
    "features": (lambda: nn.LSTM(4, 5)(X), ShapeError, "LSTM", "(2, 6, 3)", "(T, N, 4)", "LSTM(3, …)"),
    "axes": (
        lambda: nn.GRU(3, 5, batch_first=True)(X[0]),
        ShapeError,
        "GRU",
        "(6, 3)",
        "(N, T, 3)",
        "reshape",
    ),
    "no array": (lambda: nn.GRU(3, 5)([1.0]), ShapeError, "GRU", "()", "(T, N, 3)", "reshape"),
    "no step": (lambda: nn.LSTM(3, 5)(X[:0]), ShapeError, "LSTM", "no step", "at least one", "skip"),
    "cell": (lambda: nn.LSTMCell(3, 5)(X), ShapeError, "LSTMCell", "(2, 6, 3)", "(N, 3)", "reshape"),
    "one state for two": (
        lambda: nn.LSTM(3, 5)(X, np.zeros((1, 6, 5), np.float32)),
        ShapeError,
        "LSTM",
        "ndarray",
        "h (1, 6, 5) and c (1, 6, 5)",
        "None",
    ),
    "state of another batch": (
        lambda: nn.GRU(3, 5)(X, np.zeros((1, 2, 5), np.float32)),
        ShapeError,
        "GRU",
        "(1, 2, 5)",
        "h (1, 6, 5)",
        "None",
    ),
    "two states for one": (
        lambda: nn.GRUCell(3, 5)(X[0], (X, X)),
        ShapeError,
        "GRUCell",
        "tuple",
        "h (6, 5)",
        "None",
    ),
    "dtype": (lambda: nn.LSTM(3, 5)(X.astype("float64")), DTypeError, "linear", "f64", "one dtype", "astype"),
    "dtype of the state": (
        lambda: nn.GRU(3, 5)(X, np.zeros((1, 6, 5))),
        DTypeError,
        "linear",
        "f64",
        "one dtype",
        "astype",
    ),
    "layers": (lambda: nn.LSTM(3, 5, 0), SettingError, "LSTM", "num_layers 0", "≥ 1", "num_layers=1"),
    "hidden": (lambda: nn.GRUCell(3, 0), SettingError, "GRUCell", "hidden_size 0", "≥ 1", "hidden_size=1"),
}


@pytest.mark.parametrize(("call", "kind", "who", "came", "expected", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit(call, kind, who, came, expected, hint):
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert error.who == who
    assert came in error.came
    assert expected in error.expected
    assert hint in error.hint


def test_printed_as_made():
    assert repr(nn.LSTM(3, 5)) == "LSTM(3, 5, num_layers=1)"
    assert repr(nn.GRU(3, 5, 2, bias=False, batch_first=True)) == (
        "GRU(3, 5, num_layers=2, bias=False, batch_first=True)"
    )
    assert repr(nn.LSTMCell(3, 5, bias=False)) == "LSTMCell(3, 5, bias=False)"
    assert repr(nn.RNN(3, 5, bidirectional=True)) == "RNN(3, 5, num_layers=1, bidirectional=True)"
