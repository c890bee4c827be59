import functools
import inspect
from collections.abc import AsyncIterator, Iterator

import pytest

from problems import BadGateway, Conflict, Gone, NotFound, Problem, raises
from problems.declaring._raises import declared
from problems.errors import AbstractProblem, SetupError


@raises(NotFound)
def plain(item_id: int) -> str:
    """Return a text."""
    return str(item_id)


@raises(NotFound)
async def coroutine() -> None: ...


@raises(NotFound)
def generator() -> Iterator[int]:
    yield 1


@raises(NotFound)
async def async_generator() -> AsyncIterator[int]:
    yield 1


@raises(NotFound)
class Declared:
    """A class whose instances are made."""


class Callable:
    """An instance that is called."""

    @raises(NotFound)
    def __call__(self) -> None: ...

    @raises(Gone)
    def method(self) -> None: ...

    @classmethod
    @raises(Gone)
    def class_method(cls) -> None: ...

    @raises(Gone)
    @classmethod
    def class_method_too(cls) -> None: ...

    @staticmethod
    @raises(Gone)
    def static_method() -> None: ...


class Initialised:
    """A class whose initialiser raises."""

    @raises(NotFound)
    def __init__(self) -> None: ...


class Sub(Initialised):
    """A class that inherits its initialiser."""


@raises(Conflict)
class SubDeclared(Declared):
    """A class with declarations of its own."""


class TestDeclared:
    @pytest.mark.parametrize(
        ("call", "expected"),
        [
            pytest.param(plain, (NotFound,), id="function"),
            pytest.param(coroutine, (NotFound,), id="coroutine function"),
            pytest.param(generator, (NotFound,), id="generator function"),
            pytest.param(async_generator, (NotFound,), id="async generator function"),
            pytest.param(functools.partial(plain, 1), (NotFound,), id="partial"),
            pytest.param(functools.partial(functools.partial(plain), 1), (NotFound,), id="partial of a partial"),
            pytest.param(raises(Gone)(functools.partial(plain, 1)), (Gone, NotFound), id="declared partial"),
            pytest.param(Declared, (NotFound,), id="class"),
            pytest.param(SubDeclared, (Conflict, NotFound), id="subclass with its own"),
            pytest.param(Initialised, (NotFound,), id="initialiser"),
            pytest.param(Sub, (NotFound,), id="inherited initialiser"),
            pytest.param(Callable(), (NotFound,), id="instance"),
            pytest.param(Callable().method, (Gone,), id="bound method"),
            pytest.param(Callable.method, (Gone,), id="method"),
            pytest.param(Callable.class_method, (Gone,), id="class method"),
            pytest.param(Callable.class_method_too, (Gone,), id="class method, decorated outside"),
            pytest.param(Callable.static_method, (Gone,), id="static method"),
            pytest.param(lambda: None, (), id="nothing"),
            pytest.param(print, (), id="builtin"),
            pytest.param(7, (), id="no callable"),
        ],
    )
    def test_what_can_be_raised(self, call, expected):
        """
        A declaration is found on whatever form the callable has.
        """
        assert expected == declared(call)

    def test_wrapped_functions(self):
        """
        A decorator that copies the attributes of a function keeps its declaration.
        """

        @functools.wraps(plain)
        def wrapper(item_id: int) -> str:
            return plain(item_id)

        assert (NotFound,) == declared(wrapper)


class TestRaises:
    def test_the_function_stays_as_it_is(self):
        """
        The function is not wrapped.
        """

        def function(item_id: int) -> str:
            """Return a text."""
            return str(item_id)

        assert raises(NotFound)(function) is function

    def test_the_signature(self):
        """
        The signature is the function's own.
        """
        assert "(item_id: int) -> str" == str(inspect.signature(plain))

    def test_declarations_add_up(self):
        """
        Each decorator adds to what is there, in the order they are read.
        """

        @raises(Conflict, Gone)
        @raises(NotFound, Gone)
        def function() -> None: ...

        assert (Conflict, Gone, NotFound) == declared(function)

    def test_nothing(self):
        """
        A function can declare that it raises nothing.
        """

        @raises()
        def function() -> None: ...

        assert () == declared(function)

    def test_a_subclass_does_not_change_its_base(self):
        """
        What a subclass declares is its own.
        """
        assert (NotFound,) == declared(Declared)

    def test_received_problems(self):
        """
        A function that calls a server can declare what its failure is answered as.
        """

        @raises(BadGateway)
        def function() -> None: ...

        assert (BadGateway,) == declared(function)

    def test_a_base_is_refused(self):
        """
        What is documented has a status.
        """
        with pytest.raises(AbstractProblem, match="Problem cannot be declared with `@raises`: it is a base"):
            raises(Problem)

    @pytest.mark.parametrize(
        "wrong", [ValueError, NotFound(), "NotFound", plain], ids=lambda wrong: type(wrong).__name__
    )
    def test_what_is_no_problem_class(self, wrong):
        """
        A mistake is reported where it is written.
        """
        with pytest.raises(SetupError) as caught:
            raises(wrong)

        assert f"`@raises` takes problem classes; got {wrong!r}. Write `@raises(NotFound)`." == str(caught.value)

    def test_a_bound_method(self):
        """
        The function in a method holds the declaration.
        """

        class Local:
            def method(self) -> None: ...

        raises(Conflict)(Local().method)

        assert (Conflict,) == declared(Local().method)

    @pytest.mark.parametrize("call", [print, 7], ids=["builtin", "number"])
    def test_what_takes_no_attributes(self, call):
        """
        An object that cannot hold a declaration raises an error.
        """
        with pytest.raises(SetupError) as caught:
            raises(NotFound)(call)

        assert str(caught.value) == (
            f"`@raises` cannot mark {call!r}, which takes no attributes. "
            "Decorate the function or the class it comes from."
        )
