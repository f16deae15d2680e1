"""einsum, tensordot, outer, vecdot: NumPy for values, PyTorch for gradients, compiled, and what cannot be read."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.schedule import Python
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from .peers import agrees_with_torch, refused

SUBSCRIPTS = {
    "ij,jk->ik": ((2, 3), (3, 4)),
    "ij,jk": ((2, 3), (3, 4)),
    "ik,jk->ij": ((2, 3), (4, 3)),
    "ki,kj->ji": ((2, 3), (2, 4)),
    "bij,bjk->bik": ((2, 3, 4), (2, 4, 5)),
    "bhqd,bhkd->bhqk": ((2, 3, 4, 5), (2, 3, 6, 5)),
    "ib,jb->bij": ((2, 3), (4, 3)),
    "i,i->": ((4,), (4,)),
    "i,i": ((4,), (4,)),
    "i,i->i": ((4,), (4,)),
    "i,j->ij": ((2,), (3,)),
    "i,j->ji": ((2,), (3,)),
    "i,j": ((2,), (3,)),
    "ij->ji": ((2, 3),),
    "ba": ((2, 3),),
    "ij->": ((2, 3),),
    "ij->j": ((2, 3),),
    "ijk->ki": ((2, 3, 4),),
    "ii->i": ((3, 3),),
    "ii": ((3, 3),),
    "iij->ij": ((3, 3, 2),),
    "iji->j": ((3, 2, 3),),
    "iii->i": ((2, 2, 2),),
    "ijij->ij": ((2, 3, 2, 3),),
    "ij,i->j": ((2, 3), (2,)),
    "ij,ij->ij": ((2, 3), (2, 3)),
    "ijk,k->ij": ((2, 3, 4), (4,)),
    "ij,jk,kl->il": ((2, 3), (3, 4), (4, 5)),
    "ij,jk,ki->": ((2, 3), (3, 4), (4, 2)),
    "a,ab,b,bc->c": ((2,), (2, 3), (3,), (3, 4)),
    "ij,kl->": ((2, 3), (2, 2)),
    "...ij,...jk->...ik": ((2, 1, 3, 4), (5, 4, 2)),
    "...ij,...jk": ((3, 4), (5, 4, 2)),
    "i...->...i": ((2, 3, 4),),
    "i...,i->...": ((2, 3, 4), (2,)),
    "...,...->...": ((2, 1), (1, 3)),
    "...i->...": ((3,),),
    "ii...->...i": ((2, 2, 3),),
    " i j , j -> i ": ((2, 3), (3,)),
    "iJ,Jk": ((2, 3), (3, 4)),
    "ij,jk->ki": ((0, 3), (3, 2)),
    "ij,jk->ijk": ((2, 1), (1, 3)),
}


@pytest.mark.parametrize("subscripts", SUBSCRIPTS)
def test_einsum(subscripts):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    shapes = SUBSCRIPTS[subscripts]
    arrays = [np.random.default_rng(n).normal(size=shape) for n, shape in enumerate(shapes)]
    made, expected = cr.einsum(subscripts, *arrays), np.einsum(subscripts, *arrays)
    assert np.shape(made) == np.shape(expected) and np.allclose(made, expected)
    agrees_with_torch(lambda *x: cr.einsum(subscripts, *x), lambda *x: torch.einsum(subscripts, *x), *shapes)


@pytest.mark.parametrize("subscripts", SUBSCRIPTS)
def test_einsum_compiled(subscripts):
    def step(*inputs):
        made = cr.einsum(subscripts, *inputs)
        return [made, *cr.graph.gradients((made * made).sum(), inputs)]

    rng = np.random.default_rng(3)
    inputs = [Tensor(rng.normal(size=s), requires_grad=True) for s in SUBSCRIPTS[subscripts]]
    compiled = cr.compile(step, fallback="error")
    for made, plain in zip(compiled(*inputs), step(*inputs), strict=True):
        assert made.shape == plain.shape and np.allclose(made, plain)
    assert not any(isinstance(s, Python) for s in compiled.plan(*inputs).segments)


def test_einsum_of_numbers_and_of_itself():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert cr.einsum(",ij->ij", 2.0, x).tolist() == [[2, 4], [6, 8]]
    assert cr.einsum("ij->ij", x) is x


AXES = {0: ((2, 3), (4,)), 1: ((2, 3), (3, 4)), 2: ((2, 3, 4), (3, 4, 5))}
AXES |= {((0, 2), (1, 0)): ((2, 3, 4), (4, 2)), ((-1,), (0,)): ((2, 3), (3, 4)), ((), ()): ((2,), (3,))}


@pytest.mark.parametrize("axes", AXES)
def test_tensordot(axes):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    a, b = (np.random.default_rng(n).normal(size=s) for n, s in enumerate(AXES[axes]))
    assert np.allclose(cr.tensordot(a, b, axes=axes), np.tensordot(a, b, axes))
    agrees_with_torch(
        lambda x, y: cr.tensordot(x, y, axes=axes), lambda x, y: torch.tensordot(x, y, axes), *AXES[axes]
    )


def test_outer_and_vecdot():
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees_with_torch(cr.outer, torch.outer, (2,), (3,))
    agrees_with_torch(cr.vecdot, torch.linalg.vecdot, (2, 3), (2, 3))
    agrees_with_torch(
        lambda x, y: cr.vecdot(x, y, axis=-2),
        lambda x, y: torch.linalg.vecdot(x, y, dim=-2),
        (2, 3, 4),
        (3, 4),
    )
    assert cr.outer(np.array([1, 2]), np.array([3, 4])).tolist() == [[3, 4], [6, 8]]
    assert cr.outer(np.zeros(0), np.zeros(2)).shape == (0, 2)


M, V = np.ones((2, 3)), np.ones(3)


@pytest.mark.parametrize(
    ("kind", "call", "who", "parts"),
    [
        (SettingError, lambda: cr.einsum("ij,jk->ik", M), "einsum", ("for 1 operands",)),
        (SettingError, lambda: cr.einsum("i1", M), "einsum", ("letters, one …",)),
        (SettingError, lambda: cr.einsum("ij->k", M), "einsum", ("letters of the operands, each once",)),
        (SettingError, lambda: cr.einsum("ij->ii", M), "einsum", ("each once",)),
        (SettingError, lambda: cr.einsum("i......", M), "einsum", ("one … at most",)),
        (SettingError, lambda: cr.einsum("i...->i", M), "einsum", ("… behind the arrow too",)),
        (SettingError, lambda: cr.einsum("ij->i->j", M), "einsum", ("one arrow",)),
        (SettingError, lambda: cr.einsum(M, M), "einsum", ("a text",)),
        (SettingError, lambda: cr.einsum("ij"), "einsum", ("for 0 operands",)),
        (ShapeError, lambda: cr.einsum("i", M), "einsum", ("operand 0 of shape (2, 3) with 1 letters",)),
        (ShapeError, lambda: cr.einsum("ijk", M), "einsum", ("a letter for each axis",)),
        (ShapeError, lambda: cr.einsum("ii", M), "einsum", ("i of size 2 and of size 3",)),
        (ShapeError, lambda: cr.einsum("ij,ij->", M, M.T), "einsum", ("i of size 2 and of size 3",)),
        (ShapeError, lambda: cr.einsum("...,...", M, M.T), "einsum", ("an axis of …",)),
        (DTypeError, lambda: cr.einsum("ij", M.astype(int)), "einsum", ("operand 0 i64[2,3]",)),
        (DTypeError, lambda: cr.einsum("ij", [[1.0]]), "einsum", ("a list",)),
        (ShapeError, lambda: cr.tensordot(M, M.T), "tensordot", ("x0 of size 2", "one size")),
        (ShapeError, lambda: cr.tensordot(M, V), "tensordot", ("axes 2 for arrays of 2 and 1 axes",)),
        (SettingError, lambda: cr.tensordot(M, M, axes=-1), "tensordot", ("axes -1",)),
        (SettingError, lambda: cr.tensordot(M, M, axes=((0, 0), (0, 1))), "tensordot", ("as many axes",)),
        (SettingError, lambda: cr.tensordot(M, M, axes=((0,), (0, 1))), "tensordot", ("as many axes",)),
        (IndexingError, lambda: cr.tensordot(M, M, axes=((2,), (0,))), "tensordot", ("axis 2 of 2 axes",)),
        (ShapeError, lambda: cr.outer(M, V), "outer", ("x of shape (2, 3)",)),
        (ShapeError, lambda: cr.vecdot(M, np.ones(2)), "vecdot", ("vectors of one length",)),
        (ShapeError, lambda: cr.vecdot(M, V, axis=0), "vecdot", ("counted from behind",)),
        (IndexingError, lambda: cr.vecdot(M, V, axis=-2), "vecdot", ("axis -2 of 1 axes",)),
    ],
)
def test_what_does_not_fit(kind, call, who, parts):
    refused(kind, call, who, *parts)
