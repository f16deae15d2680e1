"""What the containers of `nn/containers` refuse."""

from chainrule import nn
from chainrule.errors import IndexingError, SettingError

from ..rows import Refusal, refuses

LISTED = nn.ModuleList([nn.ReLU(), nn.Tanh()])

TABLE: dict[str, tuple[Refusal, ...]] = {
    "ModuleList": (
        refuses(SettingError, lambda: nn.ModuleList([nn.ReLU]), "part 0 is a type"),
        refuses(SettingError, lambda: nn.ModuleList([nn.ReLU(), None]), "part 1 is a NoneType"),
        refuses(SettingError, lambda: nn.ModuleList(5), "a int"),
        refuses(SettingError, lambda: nn.ModuleList(nn.ReLU()), "a ReLU"),
        refuses(SettingError, lambda: nn.ModuleList().append("relu"), "a str"),
        refuses(IndexingError, lambda: LISTED[2], "index 2"),
        refuses(IndexingError, lambda: LISTED["relu"], "index 'relu'"),
    ),
    "Sequential": (
        refuses(SettingError, lambda: nn.Sequential(nn.ReLU), "part 0 is a type"),
        refuses(SettingError, lambda: nn.Sequential([nn.ReLU()]), "part 0 is a list"),
        refuses(SettingError, lambda: nn.Sequential({"a.b": nn.ReLU()}), "'a.b'"),
        refuses(SettingError, lambda: nn.Sequential({"forward": nn.ReLU()}), "'forward'"),
        refuses(SettingError, lambda: nn.Sequential({1: nn.ReLU()}), "named 1"),
        refuses(IndexingError, lambda: nn.Sequential()[0], "index 0"),
    ),
}
