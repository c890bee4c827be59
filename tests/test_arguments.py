"""Calls of public functions with arguments that they cannot use: each raises a sentence with the line to write."""

import inspect
import pickle
from collections.abc import Callable
from dataclasses import replace

import httpx2
import pytest
import requests
from fastapi import APIRouter, FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

import problems.requests
from problems import Conflict, NotFound, Policy, Problem, Registry, RequestId, Texts, raises
from problems._wire.arguments import explained
from problems.answering import Representation
from problems.catching import Dialect
from problems.contract import check
from problems.declaring._raises import spelled
from problems.errors import ProblemsError, SetupError
from problems.fastapi import add_problems, problem_pages, responses
from problems.httpx import outcome, raise_problems
from problems.starlette import add_problems as install
from problems.testing import assert_problem


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int


registry = Registry(ItemNotFound, base="https://shop.example/problems/")


class Verbose(FastAPI):
    """An application with a long `repr`."""

    def __repr__(self):
        return "<Verbose " + "x" * 5000 + ">"


class Broken:
    """An object whose `repr` fails."""

    def __repr__(self):
        raise RuntimeError("no repr")


def message_of(call: Callable[[], object]) -> str:
    with pytest.raises(ProblemsError) as caught:
        call()
    return str(caught.value)


def function(app, registry=None, *, policy=None): ...


CALLS = {
    "raises": raises,
    "responses": responses,
    "Registry": Registry,
    "base": lambda it: Registry(base=it),
    "uri": registry.uri,
    "details": registry.details,
    "Policy": Policy,
    "translate": lambda it: Policy(translate=it),
    "target of translate": lambda it: Policy(translate={KeyError: [it]}),
    "log_levels": lambda it: Policy(log_levels={NotFound: it}),
    "Texts": Texts,
    "Representation": lambda it: Representation(it, str),
    "add_problems": lambda it: add_problems(FastAPI(), it),
    "raise_problems": lambda it: raise_problems(httpx2.Client(), it),
    "ignore": lambda it: raise_problems(httpx2.Client(), registry, ignore=[it]),
    "dialect": lambda it: raise_problems(httpx2.Client(), registry, dialect=it),
    "identity": lambda it: Dialect(identity=[it]),
    "lists": lambda it: Dialect(lists=[[it]]),
    "assert_problem": lambda it: assert_problem(httpx2.Response(404), it),
    "problem_pages": problem_pages,
    "detail": lambda it: NotFound(it, it),
    "header": lambda it: NotFound(headers={"X-A": {"a": it}}),
    "instance": lambda it: NotFound(instance=[it]),
    "title": lambda it: NotFound(title=it),
    "status of a class": lambda it: type("Item", (Problem,), {}, status=it),
    "type of a class": lambda it: type("Item", (NotFound,), {}, type=[it]),
}
LINE = "Write `function(app, registry, policy=…)`."
GIVEN = ["application", "broken", "list", "text"]
PARAMETERS = "`app`, `registry`, `policy`."


class TestExplained:
    @pytest.mark.parametrize(
        ("args", "named", "sentence"),
        [
            ((1,), {"polcy": 2}, "`polcy=` is not a parameter of `function`. Did you mean `policy=`?"),
            (
                (1,),
                {"zzz": 2},
                "`zzz=` is not a parameter of `function`. The parameters are `app`, `registry`, `policy`.",
            ),
            (
                (1, 2, 3),
                {},
                "`function` takes only `app`, `registry` without a name; got 3. " + LINE,
            ),
            ((), {}, "`function` needs `app`. Write `function(app, registry)`."),
            ((1,), {"app": 1}, "`function` got `app` with a name and without. Leave one out."),
        ],
        ids=["misspelt", "unknown", "too many", "missing", "twice"],
    )
    def test_a_wrong_call_is_a_sentence(self, args, named, sentence):
        """
        The message names the parameter and has the line to write.
        """
        assert sentence == message_of(lambda: explained(function)(*args, **named))

    def test_an_error_inside_is_kept(self):
        """
        A `TypeError` of the function itself is not an error of its call.
        """

        def fail(app):
            return len(app)

        with pytest.raises(TypeError, match="has no len"):
            explained(fail)(7)

    @given(
        st.lists(st.integers(), max_size=4),
        st.dictionaries(st.sampled_from(["app", "registry", "policy", "polcy", "x"]), st.none(), max_size=4),
    )
    def test_it_raises_where_python_does(self, args, named):
        """
        A call is wrong exactly if the signature does not allow it.
        """
        try:
            inspect.signature(function).bind(*args, **named)
        except TypeError:
            assert message_of(lambda: explained(function)(*args, **named)).endswith((".", "?"))
        else:
            assert explained(function)(*args, **named) is None

    @pytest.mark.parametrize("public", [Policy, Dialect, Registry, Texts, Representation, add_problems, raise_problems])
    def test_the_signature_is_kept(self, public):
        """
        `help` and editors show the parameters by name.
        """
        assert not {"args", "named"} & inspect.signature(public).parameters.keys()

    def test_a_policy_is_copied(self):
        """
        `replace` and `pickle` make a policy as before.
        """
        policy = Policy(expose_server_detail=True)

        assert policy == replace(Policy(), expose_server_detail=True) == pickle.loads(pickle.dumps(policy))  # noqa: S301 - our own bytes


class TestMessages:
    @pytest.mark.parametrize(
        ("call", "part"),
        [
            pytest.param(lambda: Policy(tranlate={}), "Did you mean `translate=`?", id="option"),
            pytest.param(lambda: Policy(debug=True), "`help(Policy)`", id="unknown option"),
            pytest.param(lambda: Policy({KeyError: NotFound}), "without a name", id="option without a name"),
            pytest.param(lambda: Policy(instance=RequestId), "`Policy(instance=RequestId())`", id="class as instance"),
            pytest.param(lambda: Policy(translate={KeyError: 409}), "`{KeyError: Conflict}`", id="status as target"),
            pytest.param(lambda: Policy(translate={KeyError: Conflict()}), "`{KeyError: Conflict}`", id="occurrence"),
            pytest.param(lambda: Dialect(idenity="code"), "Did you mean `identity=`?", id="dialect"),
            pytest.param(lambda: Dialect(lists=7), "`lists=7` must be a tuple of names", id="names"),
            pytest.param(lambda: Registry(ItemNotFound, bsae="x"), "Did you mean `base=`?", id="registry"),
            pytest.param(lambda: Registry(base=7), "`base=7` is not a base URI: it is not a text.", id="base"),
            pytest.param(lambda: registry.details(7), "got 7. Write `registry.details(", id="details"),
            pytest.param(lambda: registry.uri(409), "Write `registry.uri(Conflict)`", id="uri"),
            pytest.param(lambda: Texts(7), "got 7. Write `Texts({", id="texts"),
            pytest.param(lambda: Texts({"de": {404: "Nicht da"}}), "got {404: 'Nicht da'}", id="key of a text"),
            pytest.param(lambda: Texts({"de": 7}), "for 'de'; got 7", id="language"),
            pytest.param(lambda: Texts({"in German": {}}), "got 'in German'", id="language tag"),
            pytest.param(lambda: Representation("text", str), "got 'text'. Write `Representation(", id="media type"),
            pytest.param(lambda: Representation("a/b", 7), "got 7. Write `Representation('a/b', render)`", id="render"),
            pytest.param(lambda: add_problems(FastAPI(), registry, Policy()), "policy=…", id="policy without a name"),
            pytest.param(lambda: add_problems(FastAPI(), polcy=Policy()), "`policy=`", id="misspelt policy"),
            pytest.param(lambda: add_problems(FastAPI(), [Conflict]), "Registry(Conflict)", id="list"),
            pytest.param(lambda: add_problems(APIRouter(), registry), "add_problems(app, registry)", id="router"),
            pytest.param(lambda: install(Starlette(), 409), "Registry(Conflict)", id="Starlette"),
            pytest.param(lambda: raise_problems(httpx2.Client()), "needs `registry`", id="missing registry"),
            pytest.param(lambda: raise_problems(httpx2.Client(), registry, ignroe={404}), "`ignore=`", id="ignore"),
            pytest.param(lambda: raise_problems(httpx2.Client(), registry, dialect=7), "Dialect(", id="dialect, given"),
            pytest.param(lambda: problems.requests.raise_problems(requests.Session()), "`registry`", id="requests"),
            pytest.param(lambda: outcome(7, NotFound), "`outcome` needs a response", id="outcome"),
            pytest.param(lambda: assert_problem({}, NotFound), "needs a response", id="assert_problem"),
            pytest.param(lambda: check(FastAPI), "is not an application", id="check"),
            pytest.param(lambda: raises(Conflict | NotFound), "`@raises(Conflict, NotFound)`", id="raises, union"),
            pytest.param(lambda: raises("Conflict"), "`@raises(Conflict)`", id="raises, text"),
            pytest.param(lambda: responses([409, 404]), "`responses(Conflict, NotFound)`", id="responses, list"),
        ],
    )
    def test_the_sentence(self, call, part):
        """
        A mistake is reported where it is made, with what was given and the line to write.
        """
        text = message_of(call)

        assert part in text
        assert len(text) <= 400

    @pytest.mark.parametrize("value", [Verbose(), Broken(), ["x"] * 5000, "x" * 5000], ids=GIVEN)
    @pytest.mark.parametrize("name", CALLS)
    def test_what_was_given_is_cut(self, name, value):
        """
        A long or failing `repr` does not hide the message.
        """
        assert len(message_of(lambda: CALLS[name](value))) <= 400


class TestSpelled:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (ItemNotFound, "ItemNotFound"),
            (ItemNotFound(item_id=7), "ItemNotFound"),
            ([404, Conflict], "NotFound, Conflict"),
            ((), "NotFound"),
            (499, "NotFound"),
            ("not a name", "NotFound"),
            (None, "NotFound"),
        ],
        ids=["class", "occurrence", "list", "empty", "unregistered status", "text", "None"],
    )
    def test_names(self, given, expected):
        """
        The classes are named that were probably meant.
        """
        assert expected == spelled(given)


def test_errors_are_of_the_setup():
    """
    A wrong call is an error of the same class as a wrong argument.
    """
    with pytest.raises(SetupError):
        add_problems()
