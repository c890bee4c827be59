"""
Possible values of the expressions of a function: converts syntax to operations on values.

Follows every alternative. Does not know statements. This is one thing: an expression can contain every other.
"""

import ast
import types
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Final

from problems.contract._activation import Activation, elements
from problems.contract._classes import special, status_in_name
from problems.contract._values import (
    PLAIN,
    POSSIBLE,
    UNKNOWN,
    Arguments,
    Bound,
    Caught,
    Container,
    Instance,
    Known,
    Local,
    Super,
    Text,
    Value,
    Values,
    is_dict,
    type_of,
    unique,
)

__all__ = ["Expressions"]

_OPERATORS: Final[dict[type[ast.AST], str]] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.MatMult: "matmul", ast.LShift: "lshift", ast.RShift: "rshift", ast.BitOr: "or",
    ast.BitAnd: "and", ast.BitXor: "xor", ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt",
    ast.GtE: "ge", ast.UAdd: "pos", ast.USub: "neg", ast.Invert: "invert",
}  # fmt: skip
_MUTATORS: Final = frozenset(
    {"append", "add", "appendleft", "extend", "insert", "update", "setdefault", "put", "put_nowait", "extendleft"}
)
_DELIVERERS: Final = frozenset({"set_exception", "throw", "athrow"})
"""Methods of futures and generators that raise an exception in the code that waits for a value."""


class Expressions(Activation):
    """The expressions of one activation of a function."""

    @abstractmethod
    def delivered(self, values: Values, node: ast.Call) -> None:
        """Record exceptions that a call hands to code that waits, and that raises them there."""

    @abstractmethod
    def statement(self, node: ast.stmt) -> bool:
        """Follow a statement; return whether the statements after it are never reached."""

    def maybe(self, node: ast.expr) -> Values:
        """Return the possible values of an expression that is not always evaluated."""
        dead, self.dead, self.depth = self.dead, False, self.depth + 1
        values = self.value(node)
        self.dead, self.depth = dead, self.depth - 1
        return values

    # --- expressions ------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Values:  # noqa: PLR0911 - one for each expression
        """Return the possible values of an expression; its calls are followed."""
        match node:
            case ast.Constant(value=constant):
                return (Known(constant),)
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute(value=inner, attr=name):
                return self.attribute(self.value(inner), name)
            case ast.Call():
                return self._call_node(node)
            case ast.Await(value=inner):
                return self.awaited(self.value(inner))
            case ast.Starred(value=inner):
                return self.value(inner)
            case ast.JoinedStr(values=parts):
                return (Text("".join(self._part(part) for part in parts)),)
            case ast.Lambda():
                return (Local(node, self.names),)
            case _:
                return self._compound(node)

    def _name(self, name: str) -> Values:
        values = self.names.get(name)
        if number := status_in_name(name):
            return number
        if values == (Known(None), UNKNOWN) and not self.names.is_own(name):
            return unique((*self.caller.global_hint(name, self.names), *values))
        return values

    def _part(self, part: ast.expr) -> str:
        if isinstance(part, ast.FormattedValue):
            values = self.value(part.value)
            self.operate(values, "__format__")
            self.operate(values, "__str__")
            known = [value.obj for value in values if isinstance(value, Known)]
            is_constant = len(values) == 1 and len(known) == 1 and isinstance(known[0], str | int)
            return str(known[0]) if is_constant else f"{{{ast.unparse(part.value)}}}"
        return str(part.value) if isinstance(part, ast.Constant) else ""

    def _compound(self, node: ast.expr) -> Values:  # noqa: C901 - one for each expression
        match node:
            case ast.IfExp():
                return self._conditional(node)
            case ast.BoolOp(op=op, values=[first, *others]):
                values = self.value(first)
                self.truth(values)
                if isinstance(op, ast.Or) and len(values) > 1:
                    values = tuple(value for value in values if value != Known(None))
                return unique((*values, *(value for part in others for value in self.maybe(part))))
            case ast.NamedExpr(target=target, value=inner):
                return self.bind(target, self.value(inner))
            case ast.Dict(keys=keys, values=parts):
                return self._dictionary(keys, parts)
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return self._sequence(parts)
            case ast.Subscript(value=inner, slice=index):
                return self._subscript(self.value(inner), self.value(index))
            case ast.Slice():
                for bound in (node.lower, node.upper, node.step):
                    if bound is not None:
                        self.value(bound)
                return (Known(slice(None)),)
            case _:
                return self._computed(node)

    def _computed(self, node: ast.expr) -> Values:  # noqa: PLR0911 - one for each expression
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                name = _OPERATORS[type(op)]
                return self._binary(self.value(left), name, self.value(right), node)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                self.truth(self.value(inner))
                return (Instance(bool),)
            case ast.UnaryOp(op=op, operand=inner):
                values = self.value(inner)
                return self.operate(values, f"__{_OPERATORS[type(op)]}__") or self._plain(values)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._compare(self.value(left), ops, others)
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                return self._comprehension(node.generators, [node.elt])
            case ast.DictComp(generators=generators, key=key, value=value):
                return self._comprehension(generators, [value, key])
            case ast.Yield(value=inner):
                return self._yield(self.value(inner) if inner is not None else (Known(None),))
            case ast.YieldFrom(value=inner):
                yielded = self.iterate(self.value(inner))
                self._yield(yielded)
                return (UNKNOWN,)
            case _:
                return self.opened()

    def _yield(self, values: Values) -> Values:
        self.outcome.yields += values
        for raised in self.thrown:
            self.outcome.raises[raised] = None
        if self.late:
            self.level = POSSIBLE
        return (UNKNOWN,)

    def _conditional(self, node: ast.IfExp) -> Values:
        taken = self.test(node.test)
        dead = self.dead
        ends: list[bool] = []
        values: list[Value] = []
        self.depth += 1
        for branch, is_skipped in ((node.body, False), (node.orelse, True)):
            if taken is not None and taken is is_skipped:
                continue
            self.dead = False
            values += self.value(branch)
            ends.append(self.dead)
        self.depth -= 1
        self.dead = dead or all(ends)
        return unique(values)

    @abstractmethod
    def test(self, node: ast.expr) -> bool | None:
        """Follow a condition; return whether it holds, if that is known."""

    def _dictionary(self, keys: list[ast.expr | None], parts: list[ast.expr]) -> Values:
        values: list[Value] = []
        known: list[Value] = []
        for key, part in zip(keys, parts, strict=True):
            inner = self.value(part)
            if key is None:
                values += [element for value in inner for element in elements(value)]
                known.append(UNKNOWN)
            else:
                known += self.value(key)
                values += inner
        return (Container(unique(values), unique(known)),)

    def _sequence(self, parts: list[ast.expr]) -> Values:
        items: list[Values] = []
        is_fixed = True
        for part in parts:
            if isinstance(part, ast.Starred):
                items.append(self.iterate(self.value(part.value)))
                is_fixed = False
            else:
                items.append(self.value(part))
        values = unique(value for item in items for value in item)
        return (Container(values, (), tuple(items) if is_fixed else None),)

    def _subscript(self, bases: Values, index: Values) -> Values:
        self.fallible = True
        values: list[Value] = []
        for base in bases:
            match base:
                case Container(parts=parts) if parts is not None and len(index) == 1 and isinstance(index[0], Known):
                    number = index[0].obj
                    is_in = isinstance(number, int) and -len(parts) <= number < len(parts)
                    values += parts[number] if is_in else elements(base)
                case Known(obj) if is_dict(obj) and len(index) == 1 and isinstance(index[0], Known):
                    values += _entry(obj, index[0].obj) or elements(base)
                case Container() | Known(list() | tuple() | dict()):
                    values += elements(base)
                case Known(obj) if isinstance(obj, type):
                    values.append(base)  # the parameters of a generic class
                case _:
                    values += self.operate((base,), "__getitem__", index) or self._plain((base,))
        return unique(values)

    def _binary(self, left: Values, name: str, right: Values, node: ast.BinOp) -> Values:
        self.fallible = True
        results = (*self.operate(left, f"__{name}__", right), *self.operate(right, f"__r{name}__", left))
        containers = [value for value in (*left, *right) if isinstance(value, Container)]
        if containers:
            values = unique(value for container in containers for value in container.values)
            keys = unique(key for container in containers for key in container.keys)
            return (*results, Container(values, keys, exact=all(value.exact for value in containers)))
        if any(_is_text(value) for value in left):
            return (*results, Text(_template(node)))
        return results or self._plain(left)

    def _plain(self, values: Values) -> Values:
        """Return the result of an operation on built-in values: a value of their types."""
        kinds = {
            type_of(value.obj) if isinstance(value, Known) else value.cls
            for value in values
            if isinstance(value, Known | Instance)
        }
        known = {kind for kind in kinds if kind in PLAIN and kind is not type(None)}
        return tuple(Instance(other, exact=True) for other in known) if known == kinds and known else (UNKNOWN,)

    def _compare(self, left: Values, ops: list[ast.cmpop], others: list[ast.expr]) -> Values:
        for op, other in zip(ops, others, strict=True):
            right = self.value(other)
            if isinstance(op, ast.In | ast.NotIn):
                self.operate(right, "__contains__", left)
            elif not isinstance(op, ast.Is | ast.IsNot):
                name = _OPERATORS[type(op)]
                self.operate(left, f"__{name}__", right)
                self.operate(right, f"__{name}__", left)
            left = right
        return (Instance(bool),)

    def _comprehension(self, generators: list[ast.comprehension], parts: list[ast.expr]) -> Values:
        self.depth += 1
        dead = self.dead
        for generator in generators:
            self.bind(generator.target, self.iterate(self.value(generator.iter)) or (UNKNOWN,))
            for condition in generator.ifs:
                self.truth(self.maybe(condition))
        values = [self.maybe(part) for part in parts]
        self.depth -= 1
        self.dead = dead
        return (Container(values[0], values[1] if len(values) > 1 else (), exact=False),)

    # --- calls ------------------------------------------------------------------------------------------------------

    def _call_node(self, node: ast.Call) -> Values:
        functions = self.value(node.func)
        arguments = self._arguments(node)
        self.line = node.lineno
        self.fallible = True
        if functions == (Known(super),):
            return self._super(arguments)
        if isinstance(node.func, ast.Attribute):
            if node.func.attr == "relayed":
                return tuple(_relayed(self.value(node.func.value)))
            if node.func.attr in _MUTATORS:
                self._mutate(node.func, arguments)
            if node.func.attr in _DELIVERERS:
                self.delivered(arguments.get(0), node)
        return self.calls(functions, arguments)

    def _arguments(self, node: ast.Call) -> Arguments:
        positional: list[Values] = []
        named: list[tuple[str, Values]] = []
        rest: list[Value] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                for value in self.value(argument.value):
                    if isinstance(value, Container) and value.parts is not None and not rest:
                        positional += value.parts
                    else:
                        rest += self.iterate((value,)) or (UNKNOWN,)
            elif rest:
                rest += self.value(argument)
            else:
                positional.append(self.value(argument))
        for keyword in node.keywords:
            if keyword.arg is not None:
                named.append((keyword.arg, self.value(keyword.value)))
            else:
                rest += [element for value in self.value(keyword.value) for element in elements(value)] or [UNKNOWN]
        return Arguments(tuple(positional), tuple(named), unique(rest))

    def _super(self, arguments: Arguments) -> Values:
        if arguments.positional:
            classes, receivers = arguments.get(0), arguments.get(1)
        else:
            classes = self.names.get("__class__")
            receivers = self.names.get("self")
            receivers = receivers if receivers != (UNKNOWN,) else self.names.get("cls")
        known = [value.obj for value in classes if isinstance(value, Known) and isinstance(value.obj, type)]
        return tuple(Super(cls, receiver) for cls in known for receiver in receivers) or self.opened()

    # --- binding ----------------------------------------------------------------------------------------------------

    def bind(self, target: ast.expr, values: Values) -> Values:
        """Bind a target to values; return the values."""
        match target:
            case ast.Name(id=name):
                self.names.bind(name, values, anew=self.depth == 0)
            case ast.Attribute(value=inner, attr=name):
                for base in self.value(inner):
                    self.caller.assign(base, name, values)
                    self._set(base, name, values)
            case ast.Subscript(value=inner, slice=index):
                bases, keys = self.value(inner), self.value(index)
                self.operate(bases, "__setitem__", keys, values)
                self._extend(inner, bases, values, keys)
            case ast.Starred(value=inner):
                self.bind(inner, (Container(values, exact=False),))
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(targets, values)
            case _:
                pass
        return values

    def _set(self, base: Value, name: str, values: Values) -> None:
        """Run a property setter or `__setattr__` of the application."""
        if isinstance(base, Instance | Known):
            cls = base.cls if isinstance(base, Instance) else type(base.obj)
            result = next((vars(owner)[name] for owner in cls.__mro__ if name in vars(owner)), None)
            if isinstance(result, property) and isinstance(result.fset, types.FunctionType):
                self.calls((Bound(Known(result.fset), base),), Arguments((values,)))
            if isinstance(setter := special(cls, "__setattr__"), types.FunctionType):
                self.calls((Bound(Known(setter), base),), Arguments(((Known(name),), values)))

    def _unpack(self, targets: list[ast.expr], values: Values) -> None:
        fixed = [value.parts for value in values if isinstance(value, Container) and value.parts is not None]
        starred = any(isinstance(value, ast.Starred) for value in targets)
        if not starred and len(fixed) == len(values) and all(len(value) == len(targets) for value in fixed):
            for number, target in enumerate(targets):
                self.bind(target, unique(part for parts in fixed for part in parts[number]))
            return
        items = self.iterate(values) or (UNKNOWN,)
        for target in targets:
            self.bind(target, items)

    def _mutate(self, function: ast.Attribute, arguments: Arguments) -> None:
        """Add appended values to a container."""
        bases = self.value(function.value)
        if any(isinstance(base, Container) or (isinstance(base, Known) and type(base.obj) in PLAIN) for base in bases):
            added: list[Value] = [argument for argument in arguments.every() if not isinstance(argument, Container)]
            added += [
                inner
                for argument in arguments.every()
                if isinstance(argument, Container)
                for inner in (argument, *argument.values)
            ]
            self._extend(function.value, bases, tuple(added), ())

    def _extend(self, target: ast.expr, bases: Values, values: Values, keys: Values) -> None:
        if not isinstance(target, ast.Name | ast.Attribute):
            return
        grown: list[Value] = []
        for base in bases:
            if isinstance(base, Container | Known) and (isinstance(base, Container) or type(base.obj) in PLAIN):
                old_keys = base.keys if isinstance(base, Container) else ()
                exact = base.exact if isinstance(base, Container) else True
                grown.append(Container(unique((*elements(base), *values)), unique((*old_keys, *keys)), exact=exact))
        if grown:
            self.bind(target, tuple(grown))


def _entry(known: dict[object, object], key: object) -> list[Value]:
    return [Known(value) for name, value in list(known.items()) if type(name) is type(key) and name == key]


def _is_text(value: Value) -> bool:
    return isinstance(value, Text) or (isinstance(value, Known) and isinstance(value.obj, str))


def _template(node: ast.expr) -> str:
    """Return the known parts of a text that operators build."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _template(left) + _template(right)
        case ast.BinOp(left=left, op=ast.Mod()):
            return _template(left)
        case ast.JoinedStr(values=parts):
            return "".join(_template(part) for part in parts)
        case ast.FormattedValue(value=inner):
            return f"{{{ast.unparse(inner)}}}"
        case _:
            return f"{{{ast.unparse(node)}}}"


def _relayed(values: Iterable[Value]) -> Iterator[Value]:
    """Yield the result of `problem.relayed(…)`: a problem of the same class, sent by the application."""
    for value in values:
        if isinstance(value, Caught):
            yield from (Instance(exception.exception, exact=exception.sure > 0) for exception in value.raises)
        else:
            yield UNKNOWN
