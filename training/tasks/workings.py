"""Written workings of integer arithmetic, comparing and letter work, as lines of text; knows no phrasing and no task.

The rule for every working is that no step is hidden: a line follows from the lines above it by copying, or by one
small table fact (one digit with one digit, or two digits with one digit). Each function returns the lines from the
restated problem to the bare result, so that the last line is always what the answer copies.

* Sums and differences copy both numbers reversed and padded, then go column by column. `8+6+0=14` reads digit, digit,
  carry, result, and the tens of the result are the next carry. `3-7-0=6b` has borrowed, so that the next column takes
  one more away.
* A product goes once through the reversed digits of the longer factor per digit of the shorter one, and each pass
  adds to what the pass before left over (`8,31`: 8 is done, 31 goes on), so that no separate long addition follows.
* Comparing states the digit counts, then digits from the left until two differ.

Lines that only restate what stands above or in the question are `Aside`s: `brief` leaves them out, and what is left still says
every step that is not plain to see. That is what thinking with low effort is.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Literal

Sign = Literal["<", "=", ">"]


class Aside(str):
    """A line that thinking with low effort does without: it copies, and decides nothing."""


def brief(lines: Sequence[str]) -> str:
    """The text of the lines that low effort keeps."""
    return "\n".join(line for line in lines if not isinstance(line, Aside))


def asides(*lines: str) -> list[str]:
    return [Aside(line) for line in lines]


def _sign(a: int, b: int) -> Sign:
    return "<" if a < b else ">" if a > b else "="


def _reversed_rows(a: int, b: int) -> tuple[str, str]:
    width = max(len(str(a)), len(str(b)))
    return str(a)[::-1].ljust(width, "0"), str(b)[::-1].ljust(width, "0")


def _finish(backwards: str) -> list[str]:
    """The reversed digits, the number, and the number without leading zeros where it has any."""
    forwards = backwards[::-1]
    bare = forwards.lstrip("0") or "0"
    return asides(backwards, forwards) if bare == forwards else asides(backwards, forwards, bare)


def digit_signs(left: str, right: str) -> list[str]:
    """`2=2`, `9>4`: the digits of two numbers of one width from the left, up to the first that differ."""
    lines: list[str] = []
    for x, y in zip(left, right, strict=True):
        lines.append(f"{x}{_sign(int(x), int(y))}{y}")
        if x != y:
            break
    return lines


def relation(a: int, b: int) -> tuple[list[str], Sign]:
    """Lines that decide between two numbers >= 0, the last of them by its sign."""
    if a < 10 and b < 10:
        return [f"{a}{_sign(a, b)}{b}"], _sign(a, b)
    left, right = str(a), str(b)
    sign = _sign(len(left), len(right))
    lines = [f"{len(left)}{sign}{len(right)}"]
    if sign != "=":
        return lines, sign
    return [*lines, *digit_signs(left, right)], _sign(a, b)


def add(a: int, b: int) -> list[str]:
    """a + b for numbers >= 0."""
    if min(a, b) < 10 and max(a, b) < 100:
        return [f"{a}+{b}={a + b}"]
    row_a, row_b = _reversed_rows(a, b)
    lines = [f"{a}+{b}", *asides(row_a, row_b)]
    carry, digits = 0, ""
    for x, y in zip(row_a, row_b, strict=True):
        column = int(x) + int(y) + carry
        lines.append(f"{x}+{y}+{carry}={column:02d}")
        digits += str(column % 10)
        carry = column // 10
    return lines + _finish(digits + str(carry) if carry else digits)


def subtract(a: int, b: int) -> list[str]:
    """a - b for numbers >= 0; the result may be negative."""
    if b < 10 and a < 100 and (a >= b or a < 10):
        return [f"{a}-{b}={a - b}"]
    decided, sign = relation(a, b)
    lines = [f"{a}-{b}", *decided]
    if sign == "=":
        return [*lines, "0"]
    if sign == "<":
        lines.append(f"{b}-{a}")
    row_a, row_b = _reversed_rows(max(a, b), min(a, b))
    lines += asides(row_a, row_b)
    borrow, digits = 0, ""
    for x, y in zip(row_a, row_b, strict=True):
        column = int(x) - int(y) - borrow
        lines.append(f"{x}-{y}-{borrow}={column % 10}{'b' if column < 0 else ''}")
        digits += str(column % 10)
        borrow = int(column < 0)
    lines += _finish(digits)
    return lines if sign == ">" else [*lines, Aside(f"-{b - a}")]


def multiply(a: int, b: int) -> list[str]:
    """a * b for numbers >= 0."""
    if a < 10 and b < 10:
        return [f"{a}*{b}={a * b}"]
    lines = [f"{a}*{b}"]
    if len(str(a)) < len(str(b)):
        a, b = b, a
        lines.append(f"{a}*{b}")
    row, factors = str(a)[::-1], str(b)[::-1]
    lines.append(Aside(row))
    done, rest = "", ""
    for place, factor in enumerate(factors):
        carry, digits = 0, ""
        for column, x in enumerate(row):
            value = int(x) * int(factor)
            line = f"{x}*{factor}={value:02d}"
            if place:
                value += int(rest[column])
                line += f"+{rest[column]}={value:02d}"
            if column:
                value += carry
                line += f"+{carry}={value:02d}"
            lines.append(line)
            digits += str(value % 10)
            carry = value // 10
        if place < len(factors) - 1:
            done, rest = done + digits[0], digits[1:] + str(carry)
            lines.append(f"{done},{rest}")
        else:
            done += digits + str(carry) if carry else digits
    return lines + _finish(done)


def step(total: int, sign: Literal["+", "-"], x: int) -> list[str]:
    """total + x or total - x for x >= 0 and any total: a negative total is first turned into a plain problem."""
    if total >= 0:
        return add(total, x) if sign == "+" else subtract(total, x)
    if sign == "+":
        return [f"{total}+{x}", *subtract(x, -total)]
    inner = add(-total, x)
    return [f"{total}-{x}", *inner, Aside(f"-{x - total}")]


def expression(text: str) -> tuple[list[str], int]:
    """Brackets and products first, then + and - from left to right; only the first number may have a minus."""
    lines: list[str] = [Aside(text)]

    def value(node: ast.expr) -> int:
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand)
        if not isinstance(node, ast.BinOp):
            raise ValueError(f"not an integer expression: {text!r}")
        if isinstance(node.op, ast.Mult):
            a, b = value(node.left), value(node.right)
            lines.extend(multiply(a, b))
            return a * b
        # Products and brackets among the terms come before any sum.
        terms: list[tuple[bool, ast.expr]] = []
        head: ast.expr = node
        while isinstance(head, ast.BinOp) and isinstance(head.op, ast.Add | ast.Sub):
            terms.append((isinstance(head.op, ast.Add), head.right))
            head = head.left
        total = value(head)
        rest = [(plus, value(term)) for plus, term in reversed(terms)]
        for plus, x in rest:
            lines.extend(step(total, "+" if plus else "-", x))
            total += x if plus else -x
        return total

    result = value(ast.parse(text, mode="eval").body)
    if len(lines) > 1 and lines[1] == text:
        del lines[0]
    return lines, result


def compare(wanted: Literal["max", "min"], a: int, b: int) -> list[str]:
    """The larger or smaller of two integers; ends in `max 478`."""
    decided, sign = signed_relation(a, b)
    low, high = (b, a) if sign == ">" else (a, b)
    return [Aside(f"{wanted} {a},{b}"), *decided, Aside(f"{wanted} {high if wanted == 'max' else low}")]


def signed_relation(a: int, b: int) -> tuple[list[str], Sign]:
    """As `relation`, for any integers; signs are compared first, and the last line has both numbers: `478>456`."""
    sign = _sign(a, b)
    if a >= 0 and b >= 0:
        lines = relation(a, b)[0]
    elif a < 0 and b < 0:
        lines = [f"{-a},{-b}", *relation(-a, -b)[0]]
    else:
        lines = ["-<+" if a < 0 else "+>-"]
    last = f"{a}{sign}{b}"
    return (lines if lines[-1] == last else [*lines, Aside(last)]), sign


def _padded(numbers: Sequence[int]) -> tuple[int, list[str]]:
    width = max(len(str(x)) for x in numbers)
    return width, [str(x).zfill(width) for x in numbers]


def extreme(wanted: Literal["max", "min"], numbers: Sequence[int]) -> list[str]:
    """The largest or smallest of a list, digit by digit: the best first digit, then the best next digit after it."""
    width, padded = _padded(numbers)
    best = max(padded) if wanted == "max" else min(padded)
    lines = [f"{wanted}{width}:{','.join(padded)}"]
    if width > 1:
        lines.append("".join(x[0] for x in padded))
    lines += [best[:end] for end in range(1, width + 1)]
    return lines if best == str(int(best)) else [*lines, Aside(str(int(best)))]


def sort(numbers: Sequence[int], descending: bool) -> list[str]:
    """Sorted by common beginnings, as in a stem-and-leaf plot.

    Repeating the remaining numbers after each pick makes a small model drop or double one of them, and comparing pair
    by pair grows with the square of the list. Here the numbers are copied once, padded to equal width
    (`up2:34,07,82,39`); then come their first digits as they stand (`3083`), the same sorted without repeats (`038`),
    and for each beginning, in that order, the sorted digits that follow it (`0:7`, `3:49`, `8:2`). Every line is one
    lookup by a beginning, nothing long is copied twice, and the answer reads the last level from top to bottom.
    """
    width, padded = _padded(numbers)
    lines = [f"{'down' if descending else 'up'}{width}:{','.join(padded)}"]

    def in_order(digits: list[str], last: bool) -> str:
        return "".join(sorted(digits if last else set(digits), reverse=descending))

    first = [x[0] for x in padded]
    if width > 1:
        lines.append("".join(first))
    heads = in_order(first, width == 1)
    lines.append(heads)
    stems = list(heads)
    for place in range(1, width):
        last = place == width - 1
        following: list[str] = []
        for stem in stems:
            leaves = in_order([x[place] for x in padded if x.startswith(stem)], last)
            lines.append(f"{stem}:{leaves}")
            following += [stem + leaf for leaf in leaves]
        stems = following
    return lines


def numbered(text: Sequence[str]) -> str:
    """`1c2a3t`: every letter behind its place."""
    return "".join(f"{place}{letter}" for place, letter in enumerate(text, 1))


def numbered_backwards(text: Sequence[str]) -> str:
    """`3t2a1c`."""
    return "".join(f"{place}{text[place - 1]}" for place in range(len(text), 0, -1))


def count_letter(word: str, letter: str) -> list[str]:
    """One line per letter: the letter, the wanted letter beside it, the count so far. Case does not matter."""
    lines: list[str] = []
    count = 0
    for x in word:
        count += x.lower() == letter.lower()
        lines.append(f"{x}/{letter}{count}")
    return lines


def count_letter_briefly(word: str, letter: str) -> str:
    """Every letter with the count so far behind it, on one line."""
    return "".join(f"{x}{word[: place + 1].lower().count(letter.lower())}" for place, x in enumerate(word))
