"""Values out of environment variables: words, lists, switches, numbers, and the refusal that says what was expected."""

from collections.abc import Callable, Mapping

from gateway.simulator.errors import SettingsError


def bad(name: str, expected: str, found: str) -> SettingsError:
    """The error of a variable that cannot be used."""
    return SettingsError(f"{name}: expected {expected}, found {found!r}; correct or remove the variable")


def one_of[T: str](env: Mapping[str, str], name: str, default: T, *others: T) -> T:
    """One of those words, whatever its case and the blanks around it.

    Raises:
        SettingsError: it is another word.
    """
    allowed: tuple[T, ...] = (default, *others)
    word = (env.get(name) or default).strip().lower()
    for known in allowed:
        if word == known:
            return known
    raise bad(name, " or ".join(allowed), word)


def yes(env: Mapping[str, str], name: str) -> bool:
    """A switch that is off until it says `yes`.

    Raises:
        SettingsError: it says neither `yes` nor `no`.
    """
    return one_of(env, name, "no", "yes") == "yes"


def number[N: (int, float)](
    env: Mapping[str, str],
    name: str,
    default: str,
    kind: Callable[[str], N],
    expected: str,
    usable: Callable[[N], bool],
) -> N:
    """A number of that kind that `usable` takes; `expected` says which those are.

    Raises:
        SettingsError: it is none, or cannot be used.
    """
    text = (env.get(name) or default).strip()
    try:
        value = kind(text)
    except ValueError:
        raise bad(name, expected, text) from None
    if not usable(value):
        raise bad(name, expected, text)
    return value


def listed(env: Mapping[str, str], name: str, default: str = "") -> tuple[str, ...]:
    """The words between its commas, without the blanks around them."""
    words = (word.strip() for word in (env.get(name) or default).split(","))
    return tuple(word for word in words if word)


def port(env: Mapping[str, str], name: str, default: str) -> int:
    """A TCP port; 0 is any free one.

    Raises:
        SettingsError: it is none.
    """
    return number(env, name, default, int, "a port from 0 (any free one) to 65535", lambda n: 0 <= n <= 65535)


def seconds(env: Mapping[str, str], name: str, default: str) -> float:
    """Seconds, up to a day.

    Raises:
        SettingsError: they are none.
    """
    return number(env, name, default, float, "a number of seconds from 0 to 86400", lambda n: 0 <= n <= 86_400)


def seconds_or_none(env: Mapping[str, str], name: str) -> float | None:
    """Seconds, up to a day; None where the variable is empty or missing.

    Raises:
        SettingsError: they are none.
    """
    return seconds(env, name, "0") if (env.get(name) or "").strip() else None
