"""Read the part of FHIRPath that names a place in a resource.

http://hl7.org/fhirpath/N1/#grammar
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from fhir_facade.rules.json_text import Number

_LONGEST = 2000
_DEEPEST = 20
_MOST_STEPS = 50
"""Steps in a whole path; they bound how deep a patch can go, and build."""
_ARGUMENTS = {
    "where": (1, 1),
    "exists": (0, 1),
    "empty": (0, 0),
    "not": (0, 0),
    "first": (0, 0),
    "last": (0, 0),
    "single": (0, 0),
    "extension": (1, 1),
    "startsWith": (1, 1),
    "endsWith": (1, 1),
    "contains": (1, 1),
}
FUNCTIONS = (*_ARGUMENTS, "ofType", "as")
"""The functions that a path may call."""

_VARIABLES = {"$this": "this", "%resource": "resource", "%context": "resource"}
_OPERATORS = frozenset({"xor", "implies", "is", "in", "contains", "div", "mod"})
_KEYWORDS = _OPERATORS | {"and", "or", "as"}
_SYMBOLS = frozenset("|<>+-*/&~") | {"<=", ">=", "!~"}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    | '(?P<string>(?:[^'\\]|\\.)*)'
    | `(?P<quoted>(?:[^`\\]|\\.)+)`
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<variable>[%$][A-Za-z]+)
    | (?P<symbol>!=|<=|>=|!~|[.\[\](),=|<>+\-*/&~@{}])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_ESCAPED = {"f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class PathError(ValueError):
    """A path that is no FHIRPath; the sentence is safe to show."""


class PathUnsupported(ValueError):
    """FHIRPath that this server does not know; the sentence is safe to show."""


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | bool | Number


@dataclass(frozen=True, slots=True)
class Name:
    """`.name`"""

    name: str


@dataclass(frozen=True, slots=True)
class At:
    """`[0]`"""

    index: int


@dataclass(frozen=True, slots=True)
class OfType:
    """`.ofType(Quantity)`, `as Quantity`"""

    type: str


@dataclass(frozen=True, slots=True)
class Call:
    """`.where(...)`"""

    function: str
    arguments: tuple[Expression, ...]


Step = Name | At | OfType | Call


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from `context` (what the expression is asked of), `this`, `resource`, or a value."""

    start: str | Expression
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    left: Expression
    right: Expression
    equal: bool


@dataclass(frozen=True, slots=True)
class Logic:
    """Terms with `and` between them, or with `or`."""

    operator: str
    terms: tuple[Expression, ...]


Expression = Literal | Path | Compare | Logic


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse_path(text: str) -> Expression:
    """Return the expression; raise PathError or PathUnsupported."""
    if len(text) > _LONGEST:
        raise PathError(f"a path must not be longer than {_LONGEST} characters.")
    parser = _Parser(_tokens(text))
    expression = parser.expression()
    parser.end()
    return expression


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            _wrong(position)
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(_Token(kind, match[kind], position))
        position = match.end()
    return [*tokens, _Token("end", "", position)]


def _wrong(position: int) -> NoReturn:
    raise PathError(f"the path is no FHIRPath from character {position + 1} on.")


class _Parser:
    """One method for each rule of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0
        self._steps = 0

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += 1
        return token

    def _is(self, kind: str, *texts: str) -> bool:
        return self._token.kind == kind and self._token.text in texts

    def _took(self, symbol: str) -> bool:
        found = self._is("symbol", symbol)
        self._next += found
        return found

    def _expect(self, symbol: str) -> None:
        if not self._took(symbol):
            self._fail()

    def _fail(self) -> NoReturn:
        token = self._token
        if token.text in (_OPERATORS if token.kind == "name" else ()) or (
            token.kind == "symbol" and token.text in _SYMBOLS
        ):
            raise PathUnsupported(f"the operator {token.text} is not supported in a path.")
        _wrong(token.position)

    def end(self) -> None:
        if self._token.kind != "end":
            self._fail()

    def expression(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise PathError(f"a path must not have more than {_DEEPEST} levels of parentheses.")
        found = self._logic("or", lambda: self._logic("and", self._comparison))
        self._depth -= 1
        return found

    def _logic(self, operator: str, term: Callable[[], Expression]) -> Expression:
        terms = [term()]
        while self._is("name", operator):
            self._take()
            terms.append(term())
        return terms[0] if len(terms) == 1 else Logic(operator, tuple(terms))

    def _comparison(self) -> Expression:
        left = self._typed()
        if not self._is("symbol", "=", "!="):
            return left
        equal = self._take().text == "="
        return Compare(left, self._typed(), equal)

    def _typed(self) -> Expression:
        found = self._path()
        if self._is("name", "as"):
            self._take()
            return Path(found, (OfType(self._type()),))
        return found

    def _path(self) -> Expression:
        start, steps = self._start()
        while True:
            if self._took("."):
                steps.append(self._step())
            elif self._took("["):
                steps.append(At(self._index()))
            else:
                break
        return Path(start, tuple(steps)) if steps or isinstance(start, str) else start

    def _start(self) -> tuple[str | Expression, list[Step]]:
        token = self._token
        if token.kind == "variable":
            if token.text not in _VARIABLES:
                raise PathUnsupported(f"the variable {token.text[:20]} is not supported in a path.")
            return _VARIABLES[self._take().text], []
        if self._took("("):
            inner = self.expression()
            self._expect(")")
            return inner, []
        literal = self._literal()
        if literal is not None:
            return literal, []
        if token.kind == "name" and token.text in _KEYWORDS:
            self._fail()
        return "context", [self._step()]

    def _literal(self) -> Literal | None:
        token = self._token
        if token.kind == "string":
            return Literal(_unescaped(self._take().text, token.position))
        if token.kind == "number":
            return Literal(_number(self._take().text))
        if self._is("name", "true", "false"):
            return Literal(self._take().text == "true")
        if self._is("symbol", "@", "{"):
            raise PathUnsupported("literals of dates, times and {} are not supported in a path.")
        return None

    def _step(self) -> Step:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise PathError(f"a path must not have more than {_MOST_STEPS} steps.")
        token = self._token
        if token.kind == "quoted":
            return Name(_unescaped(self._take().text, token.position))
        if token.kind != "name":
            self._fail()
        name = self._take().text
        return self._call(name, token.position) if self._took("(") else Name(name)

    def _call(self, function: str, position: int) -> Step:
        if function in ("ofType", "as"):
            wanted = self._type()
            self._expect(")")
            return OfType(wanted)
        if function not in _ARGUMENTS:
            raise PathUnsupported(
                f"the function {function[:50]}() is not supported in a path; "
                f"known are {', '.join(FUNCTIONS)}."
            )
        arguments = self._arguments()
        least, most = _ARGUMENTS[function]
        if not least <= len(arguments) <= most:
            _wrong(position)
        return Call(function, arguments)

    def _arguments(self) -> tuple[Expression, ...]:
        if self._took(")"):
            return ()
        arguments = [self.expression()]
        while self._took(","):
            arguments.append(self.expression())
        self._expect(")")
        return tuple(arguments)

    def _index(self) -> int:
        token = self._token
        if token.kind != "number":
            raise PathUnsupported("an index in a path can only be a number.")
        if not token.text.isdecimal() or len(token.text) > 9:
            self._fail()
        self._take()
        self._expect("]")
        return int(token.text)

    def _type(self) -> str:
        name = self._type_name()
        if name in ("FHIR", "System") and self._took("."):
            return self._type_name()
        return name

    def _type_name(self) -> str:
        if self._token.kind != "name":
            self._fail()
        return self._take().text


def _number(text: str) -> int | Number:
    return int(text) if text.isdecimal() and len(text) <= 15 else Number(text)


def _unescaped(text: str, position: int) -> str:
    def escaped(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) > 1:
            return chr(int(code[1:], 16))
        if code.isalnum() and code not in _ESCAPED:
            _wrong(position)
        return _ESCAPED.get(code, code)

    return _ESCAPE.sub(escaped, text)
