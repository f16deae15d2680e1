"""The debugger's prompt: every command, wrong ones, and where its words come from."""

import io

import pytest

import chainrule as cr
from chainrule.cli.prompt import COMMANDS, NAMES, Prompt, script

from ..lens.steps import number, product


@pytest.fixture
def prompt() -> Prompt:
    return Prompt(cr.debug(product, number(-2.0), number(5.0), number(-4.0)))


@pytest.fixture
def told(prompt, capsys, monkeypatch):
    """told("next", "explain") is what the prompt prints for these commands."""
    monkeypatch.delenv("COLUMNS", raising=False)

    def ask(*lines: str) -> str:
        for line in lines:
            assert prompt.onecmd(line) is False
        return capsys.readouterr().out

    return ask


def test_walking(told):
    assert told("n").startswith("line 1 of 4, forward\nadd: f32[]\n  = add(x, y)\n  3.00\n")
    assert told("next 2").startswith("line 3 of 4, backward\n")
    assert told("back") == told("where") and "line 2 of 4" in told("where")
    assert told("run_to z.grad").startswith("line 4 of 4")
    assert told("b 9").startswith("before the first of 4 lines: the start of the step")


def test_the_users_line_is_left_out_as_it_is_the_commands(told):
    assert "steps.py" not in told("n")


def test_questions_at_the_cursor_and_of_a_path(told):
    assert told("n", "explain").endswith("add: −2.00 + 5.00 = 3.00; hands −4.00 to x and −4.00 to y\n")
    assert told("e loss").startswith("multiply: 3.00 × −4.00 = −12.00; ")
    assert told("v") == "add: 3.00\n" and told("v z") == "z: −4.00\n"
    assert told("u") == "the loss's gradient to add: −4.00\n"
    assert told("d") == "to x: −4.00\nto y: −4.00\n" and told("local loss") == "to add: −4.00\nto z: 3.00\n"
    assert told("why x").startswith("the gradient of x is −4.00, one term\n")
    assert told("value 1") == "error: value: index (1,) into add of shape ()\n" + (
        "  expected  no index: it is one number\n  try       no index\n"
    )


def test_breakpoints(told):
    assert told("breaks") == "no breakpoints\n"
    assert told("break_at *grad when max > 0") == "2 breakpoints: add.grad, z.grad\n"
    assert told("break_at loss") == "a breakpoint: loss\n"
    assert told("breaks") == "*grad when max > 0: 2 values\nloss\n"
    assert told("run").startswith("line 2 of 4, forward: stopped at loss")
    assert told("run").startswith("line 4 of 4, backward: stopped at *grad when max > 0")
    assert told("clear *grad") == "taken away: add.grad, z.grad\n" and told("breaks") == "loss\n"
    assert told("clear", "clear").endswith("no breakpoints\n")


def test_lines(told):
    rows = told("n", "lines").splitlines()[-4:]
    assert rows[0].split() == ["►", "1", "forward", "add", "f32[]", "add"] and rows[3].split()[0] == "4"
    assert [row.split()[0] for row in told("lines *grad").splitlines()] == ["3", "4"]


def test_arrays(capsys):
    def step(x, w):
        cr.linear(x, w).sum().backward()

    x, w = (cr.Tensor([[1.0, 2.0]] * n, requires_grad=True) for n in (1, 3))
    script(Prompt(cr.debug(step, x, w)), ["next; value; value w 1; v w[1,0]; local 0,2; upstream w"])
    out = capsys.readouterr().out
    assert "linear: f32[1,3], min 5.00" in out and "[[5. 5. 5.]]" in out
    assert "w[1]: f32[2], min 1.00, max 2.00" in out and "w[1, 0]: 1.00\n" in out
    assert "to w: 2 of 6 are not 0\n  2.00 to w[2, 1]\n  1.00 to w[2, 0]\n" in out
    assert "the loss's gradient to w: f32[3,2]" in out


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("nxt", "nxt: no command of this name"),
        ("next x", "debug: 'x'"),
        ("run_to", "run_to: no PATH"),
        ("run_to looss", "run_to: no value 'looss'"),
        ("explain add 0 x", "debug: '0 x'"),
        ("break_at add when big", "when: 'big'"),
        ("why", "why: no PARAMETER INDEX"),
        ("value", "debug: no path before the first line"),
        ("upstream z.grad", "upstream: z.grad, made on the way back"),
    ],
)
def test_what_cannot_be_done_is_said_and_it_goes_on(prompt, told, line, error):
    assert not prompt.failed
    said = told(line)
    assert said.startswith(f"error: {error}") and "\n  expected  " in said and "\n  try       " in said
    assert prompt.failed and told("n").startswith("line 1 of 4")


def test_every_command_is_there_and_in_the_help(prompt, told):
    shown = told("help")
    assert all(f"{name}" in shown for name in NAMES) and told("h") == shown == told("?")
    assert all(name == "quit" or hasattr(prompt, f"on_{name}") for name in NAMES)
    assert all(about[0].islower() for _, about in COMMANDS)
    assert max(map(len, shown.splitlines())) <= 80


def test_it_ends_with_quit_and_with_the_input(prompt, capsys):
    assert prompt.onecmd("quit") is True and prompt.onecmd("q") is True and prompt.onecmd("EOF") is True
    assert capsys.readouterr().out == ""
    prompt.stdin = io.StringIO("n\n\n\nn\n")
    prompt.cmdloop()
    assert prompt.debugger.position == 2 and capsys.readouterr().out.count("line ") == 2


def test_enter_goes_on_at_a_terminal(prompt, capsys):
    prompt.use_rawinput = True
    prompt.onecmd("")
    assert prompt.debugger.position == 1
    capsys.readouterr()
    assert prompt.onecmd("EOF") is True and capsys.readouterr().out == "\n"


def test_completion_of_commands_and_of_paths_behind_a_slash(prompt):
    assert prompt.completenames("run") == ["run_to", "run"]
    prompt.debugger.paths |= {"conv1/relu": 0, "conv1/relu.grad": 1}
    assert prompt.completedefault("re", "value conv1/re", 12, 14) == ["relu", "relu.grad"]
    assert prompt.completedefault("z", "e z", 2, 3) == ["z", "z.grad"]


def test_a_script_ends_at_quit_and_knows_comments(prompt, capsys):
    prompt.echo = True
    script(prompt, ["n; n # two", "", "# nothing", "quit; n"])
    assert prompt.debugger.position == 2
    assert [row for row in capsys.readouterr().out.splitlines() if row.startswith(">")] == [
        "> n",
        "> n",
        "> quit",
    ]
