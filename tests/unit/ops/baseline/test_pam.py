"""PAM stacks run on paper by the rules of pam.conf(5): examples of the manual, jumps, substacks, odd lines."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.baseline.outcome import NotObtainedError
from ops.baseline.pam import SUCCESS, Entry, flat, read_stack, run_stack
from ops.baseline.tree import HostTree


def stack(tmp_path: Path, text: str, **more: str) -> tuple[Entry, ...]:
    folder = tmp_path / "etc/pam.d"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"svc": text, **more}.items():
        (folder / name).write_text(content)
    return read_stack(HostTree(tmp_path, live=False), "svc", "auth")


def passes(entries: tuple[Entry, ...], **results: str) -> bool:
    return run_stack(entries, lambda entry: results.get(entry.module.removesuffix(".so"), SUCCESS)).passed


@pytest.mark.parametrize(
    ("text", "failing", "expected"),
    [
        ("auth required a.so\nauth required b.so\n", "a", False),
        ("auth required a.so\nauth required b.so\n", "b", False),
        ("auth sufficient a.so\nauth required b.so\n", "b", True),
        ("auth required a.so\nauth sufficient b.so\nauth required c.so\n", "a", False),
        ("auth optional a.so\n", "a", False),
        ("auth optional a.so\nauth required b.so\n", "a", True),
        ("auth requisite a.so\nauth sufficient b.so\n", "a", False),
        ("auth [success=1 default=ignore] a.so\nauth requisite deny.so\nauth required permit.so\n", "deny", True),
        ("auth [success=2 default=ignore] a.so\nauth requisite deny.so\nauth required permit.so\n", "deny", True),
        ("auth [default=die] a.so\nauth sufficient b.so\n", "a", False),
        ("auth [default=bad success=ok] a.so\nauth [default=reset] b.so\nauth required c.so\n", "a", True),
        ("auth [success=ok default=ignore] a.so\n", "a", False),
    ],
)
def test_controls(tmp_path: Path, text: str, failing: str, expected: bool) -> None:
    assert passes(stack(tmp_path, text), **{failing: "auth_err"}) is expected


def test_an_empty_stack_lets_nobody_in(tmp_path: Path) -> None:
    assert not passes(stack(tmp_path, "account required a.so\n"))


def test_done_ends_a_substack_only_while_include_ends_all(tmp_path: Path) -> None:
    inner = "auth sufficient a.so\nauth required b.so\n"
    nested = stack(tmp_path, "auth substack inner\nauth required c.so\n", inner=inner)
    inlined = stack(tmp_path, "auth include inner\nauth required c.so\n", inner=inner)
    assert not passes(nested, c="auth_err")
    assert passes(inlined, c="auth_err")
    assert [entry.module for entry in flat(nested)] == ["a.so", "b.so", "c.so"]


def test_continuations_comments_dashes_and_bracketed_arguments(tmp_path: Path) -> None:
    text = "-auth required /lib/security/a.so \\\n  deny=3 [fmt=a b] # comment\n#auth required b.so\n@include more\n"
    entries = stack(tmp_path, text, more="auth required c.so\n")
    assert [entry.module for entry in entries] == ["a.so", "c.so"]
    assert (entries[0].arg("deny"), entries[0].arg("fmt"), entries[0].arg("none")) == ("3", "a b", None)
    assert entries[0].line == 1


@pytest.mark.parametrize(
    "text",
    ["auth include none\n", "auth include svc\n", "auth sometimes a.so\n", "auth [success] a.so\n", "nonsense\n"],
)
def test_what_is_not_understood_is_not_obtained(tmp_path: Path, text: str) -> None:
    with pytest.raises(NotObtainedError):
        stack(tmp_path, text)


CONTROLS = st.sampled_from(["required", "requisite", "sufficient", "optional", "[success=1 default=ignore]"])


@given(st.lists(CONTROLS, max_size=6), st.integers(0, 5))
def test_a_required_failure_in_front_is_never_made_good(controls: list[str], place: int) -> None:
    """By the manual nothing after a failed ``required`` but ``reset`` lets the caller in."""
    entries = tuple(
        Entry(actions, f"m{n}.so", (), "x", n, "x")
        for n, actions in enumerate([_named("required"), *(_named(control) for control in controls)])
    )
    run = run_stack(entries, lambda entry: "auth_err" if entry.module == "m0.so" else SUCCESS)
    assert not run.passed


def _named(control: str) -> dict[str, str]:
    from ops.baseline.pam import _actions

    return _actions(control, "x")
