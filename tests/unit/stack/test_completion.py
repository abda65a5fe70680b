"""Completion of `make`, in the shells themselves: what Tab makes of a line, and that it is what the Makefile has."""

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text()


def completions(*words: str) -> set[str]:
    done = subprocess.run([ROOT / "scripts/completions", *words], text=True, capture_output=True, check=True)
    return set(done.stdout.split())


def test_every_target_of_the_help_is_offered() -> None:
    assert completions() == set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))))
def test_every_variable_that_is_offered_is_one_that_the_target_reads(target: str) -> None:
    recipe = re.search(rf"^{target}:.*## (?:.|\n)*?(?=\n\n|\Z)", MAKEFILE, re.MULTILINE)
    assert recipe is not None
    known = recipe[0].replace("$(MODE_FLAG)", "$(SIM)$(PAPER)$(LIVE)").replace("$(JSON_FLAG)", "$(JSON)")
    offered = {one.partition("=")[0] for one in completions(target)}
    assert offered == set(re.findall(r"\$\(([A-Z_]+)\)", known)) - {"DO", "PYTHON", "TESTS_FLAG"}


def test_switches_come_with_their_value_and_others_wait_for_one() -> None:
    assert {"GO=1", "BACK=1", "FORCE=1"} <= completions("upgrade")
    assert {"FROM=", "TO=", "SYMBOL=", "JSON=1"} <= completions("catalog")
    assert {"FOR=", "REASON="} <= completions("pause")


def test_services_are_those_of_the_stack() -> None:
    assert {"ib-gateway", "supervisor", "engine", "redis"} <= completions("SERVICE=")
    assert not completions("REASON=")


def bash(line: str) -> list[str]:
    """What bash would offer for a line, by its own splitting of words."""
    words = [word for word in re.split(r"\s+|(=)", line) if word]
    if line.endswith((" ", "=")):
        words += [""] if line.endswith(" ") else []
    script = (
        "source scripts/completion.bash; COMP_WORDS=("
        + " ".join(f"'{word}'" for word in words)
        + f"); COMP_CWORD={len(words) - 1}; _watchkeeper_make; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "--norc", "-c", script], cwd=ROOT, text=True, capture_output=True, check=True)
    return [one for one in done.stdout.splitlines() if one]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("make statu", ["status "]),
        ("make status J", ["JSON=1 "]),
        ("make logs SER", ["SERVICE="]),
        ("make logs SERVICE=sup", ["supervisor "]),
        ("make logs SERVICE=", [f"{one} " for one in sorted(completions("SERVICE="))]),
        ("make SIM=1 lo", ["logs ", "login "]),
        ("make pause FOR=30m R", ["REASON="]),
        ("make nonsense X", []),
    ],
)
def test_bash(line: str, offered: list[str]) -> None:
    assert sorted(bash(line)) == sorted(offered)


def test_in_another_folder_bash_completes_as_before(tmp_path: Path) -> None:
    script = (
        f"source {ROOT}/scripts/completion.bash; _make() {{ COMPREPLY=(other); }}; COMP_WORDS=(make o) COMP_CWORD=1"
    )
    script += "; _watchkeeper_make; echo ${COMPREPLY[@]}"
    done = subprocess.run(["bash", "--norc", "-c", script], cwd=tmp_path, text=True, capture_output=True, check=True)
    assert done.stdout == "other\n"


def zsh(line: str) -> str:
    """The line as Tab leaves it, in a zsh on a terminal of its own."""
    shell = shutil.which("zsh")
    assert shell is not None, "scripts/bootstrap --tests installs zsh"
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execve(shell, ["zsh", "-f", "-i"], {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": "/nonexistent"})
    seen = ""

    def until(pattern: str) -> re.Match[str]:
        nonlocal seen
        deadline = time.monotonic() + 30
        while (found := re.search(pattern, seen)) is None:
            assert time.monotonic() < deadline, f"expected {pattern!r} from zsh, found {seen!r}"
            if select.select([terminal], [], [], 0.2)[0]:
                seen += os.read(terminal, 65536).decode(errors="replace")
        return found

    try:
        # What the line is after Tab is said by a widget of our own, since a terminal only shows how it is drawn.
        setup = [
            "PS1='' PROMPT_EOL_MARK=''; unsetopt zle_bracketed_paste",
            "autoload -Uz compinit && compinit -D -u",
            "source scripts/completion.zsh",
            "tell() { zle expand-or-complete; print -r -- \"<<$BUFFER>>\" }; zle -N tell; bindkey '^T' tell",
            "print READY''NOW",
        ]
        os.write(terminal, ("\n".join(setup) + "\n").encode())
        until("READYNOW")
        os.write(terminal, f"{line}\x14".encode())
        return until(r"<<(.*?)>>\r")[1]
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("make statu", "make status "),
        ("make status J", "make status JSON=1 "),
        ("make logs SER", "make logs SERVICE="),
        ("make logs SERVICE=sup", "make logs SERVICE=supervisor "),
    ],
)
def test_zsh(line: str, becomes: str) -> None:
    assert zsh(line) == becomes
