import types
from http import HTTPStatus
from typing import Generic, TypeVar

import pytest

from problems import ClientProblem, Conflict, NotFound, Problem, ServerProblem
from problems._wire.problem_type import ABOUT_BLANK
from problems.declaring._definition import definition_of
from problems.declaring._header import Inherited, Words, declare
from problems.errors import AbstractProblem, InvalidDefinition

T = TypeVar("T")


def define(*bases: type, members: dict[str, object] | None = None, **words: object) -> type[Problem]:
    """Return the problem class called ItemNotFound with this header and these members."""
    body = {"__annotations__": members or {}}
    return types.new_class("ItemNotFound", bases or (NotFound,), words, lambda namespace: namespace.update(body))


def refusal(*bases: type, members: dict[str, object] | None = None, **words: object) -> str:
    """Return the message of the error that such a class raises."""
    with pytest.raises(InvalidDefinition) as caught:
        define(*bases, members=members, **words)
    return str(caught.value)


class TypedBase(NotFound, type="typed-base", title="Typed base"):
    pass


class TestStatus:
    @pytest.mark.parametrize("status", [400, 418, 451, 499, 599, HTTPStatus.GONE])
    def test_errors(self, status):
        """
        Every status of an error can be declared, registered or not.
        """
        assert status == define(Problem, status=status).problem_type.status

    def test_an_enumeration_member_becomes_a_number(self):
        """
        The status is written as a number (RFC 9457, section 3.1.2).
        """
        assert type(define(Problem, status=HTTPStatus.GONE).problem_type.status) is int

    @pytest.mark.parametrize("status", [0, 99, 200, 302, 399, 600, 999])
    def test_others_are_refused(self, status):
        """
        Other statuses are not errors (RFC 9457, section 1).
        """
        assert refusal(Problem, status=status) == (
            f"ItemNotFound: `status={status}` is not the status of an error. Use one from 400 to 599; "
            "`any_status=True` also allows the others that have content."
        )

    @pytest.mark.parametrize("status", ["not found", 404.0, True, None.__class__])
    def test_what_is_no_integer_is_refused(self, status):
        """
        A status code is an integer.
        """
        assert refusal(Problem, status=status) == (
            f"ItemNotFound: `status={status!r}` is not a status code. Write an integer from 400 to 599."
        )

    @pytest.mark.parametrize("status", [200, 207, 307])
    def test_opting_in(self, status):
        """
        Any status that has content can carry a problem, if asked for.
        """
        assert status == define(Problem, status=status, any_status=True).problem_type.status

    @pytest.mark.parametrize("status", [100, 101, 204, 205, 304])
    def test_statuses_without_content_are_refused(self, status):
        """
        A response without content holds no document (RFC 9110, section 15).
        """
        assert f"`status={status}`" in refusal(Problem, status=status, any_status=True)

    def test_inherited(self):
        """
        A catalog class is a base that has the status.
        """
        assert 404 == define().problem_type.status

    def test_a_base_without(self):
        """
        A class without a status is a base, and raises `AbstractProblem` when it is raised.
        """
        cls = define(Problem)

        with pytest.raises(AbstractProblem, match=r"^ItemNotFound cannot be raised: it is a base\."):
            raise cls

    def test_a_type_without_status_is_refused(self):
        """
        A definition names the status to use with the type (RFC 9457, section 4).
        """
        assert refusal(Problem, type="gone", title="Gone").startswith(
            "ItemNotFound: `status` is missing for `type='gone'`. Derive the class from one that has a status"
        )


class TestType:
    @pytest.mark.parametrize(
        "uri",
        [
            pytest.param("https://shop.example/problems/item-not-found", id="https"),
            pytest.param("item-not-found", id="relative"),
            pytest.param("/problems/item-not-found", id="path"),
            pytest.param("https://shop.example/problems#item-not-found", id="fragment"),
            pytest.param("https://shop.example/problems?type=item", id="query"),
            pytest.param("urn:problem-type:shop:item-not-found", id="urn"),
            pytest.param("tag:shop.example,2026:item-not-found", id="tag"),
            pytest.param("https://shop.example/%C3%A4", id="percent-encoded"),
        ],
    )
    def test_references_are_kept_as_written(self, uri):
        """
        The type is a URI reference (RFC 9457, section 3.1.1), and nothing normalises it.
        """
        assert uri == define(type=uri, title="Item not found").problem_type.uri

    @pytest.mark.parametrize(
        ("uri", "reason"),
        [
            pytest.param("item not found", "the character ' ' is not allowed.", id="space"),
            pytest.param("<item>", "the character '<' is not allowed.", id="angle"),
            pytest.param("größe", "the character 'ö' is not allowed.", id="not ASCII"),
            pytest.param("100%", "a '%' is not followed by two hexadecimal digits.", id="percent"),
            pytest.param("a#b#c", "only one '#' is allowed.", id="fragments"),
            pytest.param("item\n", "the character '\\n' is not allowed.", id="line break"),
        ],
    )
    def test_what_is_none_is_refused(self, uri, reason):
        """
        A type that no client could resolve raises an error with the reason.
        """
        assert refusal(type=uri, title="Item not found") == (
            f"ItemNotFound: `type={uri!r}` is not a URI reference: {reason} Percent-encode it or choose another."
        )

    def test_empty(self):
        """
        An empty reference would be the address of the request.
        """
        assert refusal(type="", title="Item not found").startswith("ItemNotFound: `type=''` names nothing.")

    @pytest.mark.parametrize("word", ["type", "title", "detail", "schema_name"])
    def test_words_are_text(self, word):
        """
        A word of another type is named with its value.
        """
        words = {"type": "item", "title": "Item", word: 5}

        assert f'ItemNotFound: `{word}=5` is not a string. Write `{word}="…"`.' == refusal(**words)

    def test_none_is_about_blank(self):
        """
        Without a type there is nothing to say but the status (RFC 9457, section 4.2.1).
        """
        assert (ABOUT_BLANK, "Not Found", 404) == define(members={"item_id": int}).problem_type

    def test_it_is_not_derived_from_the_name(self):
        """
        A renamed class has the same type.
        """
        one = define(type="item", title="Item")
        other = types.new_class("Renamed", (NotFound,), {"type": "item", "title": "Item"})

        assert one.problem_type == other.problem_type

    def test_it_is_not_inherited(self):
        """
        A subclass of a typed class has to have a type of its own.
        """
        assert refusal(TypedBase, members={"more": int}) == (
            "ItemNotFound: `type` is missing. TypedBase has the type 'typed-base', and a type URI names one problem "
            "type: give this class a `type=` of its own, or make it a base with `abstract=True`."
        )

    def test_an_abstract_subclass_needs_none(self):
        """
        A base below a typed class is not a type.
        """
        assert definition_of(define(TypedBase, abstract=True)).declaration.abstract

    def test_subclass_with_its_own(self):
        """
        A typed class has typed subclasses.
        """
        assert "item" == define(TypedBase, type="item", title="Item").problem_type.uri


class TestTitle:
    def test_a_type_has_a_title(self):
        """
        A definition names a title (RFC 9457, section 4).
        """
        assert refusal(type="item") == (
            "ItemNotFound: `title` is missing. A problem type such as 'item' has one: a short summary that never "
            "varies."
        )

    @pytest.mark.parametrize("title", ["", " ", "\t\n"])
    def test_it_is_not_empty(self, title):
        """
        A blank title says nothing.
        """
        assert "`title` is missing" in refusal(type="item", title=title)

    def test_about_blank_has_the_phrase(self):
        """
        The title of about:blank is the phrase of the status (RFC 9457, section 4.2.1).
        """
        assert refusal(title="No such item") == (
            "ItemNotFound: `title='No such item'` needs a `type=`. "
            "Without one the title is the phrase of the status, 'Not Found'."
        )

    def test_an_explicit_about_blank_has_it_too(self):
        """
        It makes no difference whether about:blank is written.
        """
        assert "Not Found" == define(type=ABOUT_BLANK).problem_type.title

    def test_a_base_hands_it_down(self):
        """
        The title of an abstract base applies to the types below it.
        """
        base = define(abstract=True, title="Item trouble")

        assert "Item trouble" == define(base, type="item").problem_type.title

    def test_a_type_does_not(self):
        """
        Two types do not share a title by accident.
        """
        assert "`title` is missing" in refusal(TypedBase, type="item")

    def test_the_phrase_is_no_title_of_a_type(self):
        """
        What is inherited from the catalog is a status, not a title.
        """
        assert "`title` is missing" in refusal(NotFound, type="item")


class TestDetail:
    def test_fields_are_members(self):
        """
        A template is over the members, by their Python names.
        """
        cls = define(members={"item_id": int}, detail="No item {item_id:>3}, {item_id!r}.")

        assert "No item   7, 7." == cls(item_id=7).detail

    def test_an_unknown_field_is_refused(self):
        """
        A misspelt member is found when the class is written, not when it is raised.
        """
        assert refusal(members={"item_id": int, "available": int}, detail="No item {id}.") == (
            "ItemNotFound: `detail='No item {id}.'` uses 'id', which is not a member. The members are: available, "
            "item_id. Declare it in the body, or write {{ and }} for braces."
        )

    @pytest.mark.parametrize(
        "template",
        [
            pytest.param("{item_id.real}", id="attribute"),
            pytest.param("{item_id[0]}", id="item"),
            pytest.param("{}", id="automatic"),
            pytest.param("{0}", id="numbered"),
            pytest.param("{item_id", id="open"),
            pytest.param("item_id}", id="closed"),
            pytest.param("{item_id!x}", id="conversion"),
        ],
    )
    def test_what_is_no_template_is_refused(self, template):
        """
        A template does not look into values, and is one.
        """
        assert refusal(members={"item_id": int}, detail=template).startswith(
            f"ItemNotFound: `detail={template!r}` is not a valid template: "
        )

    def test_braces(self):
        """
        Doubled braces are text.
        """
        assert "{item_id}" == define(members={"item_id": int}, detail="{{item_id}}")(item_id=7).detail

    def test_inherited(self):
        """
        A subclass has the template of its base, until it has its own.
        """
        base = define(abstract=True, members={"item_id": int}, detail="No item {item_id}.")

        assert "No item 7." == define(base, type="item", title="Item")(item_id=7).detail

    def test_inherited_members_are_fields(self):
        """
        A template may use the members of the bases.
        """
        base = define(abstract=True, members={"item_id": int})

        assert "No 7." == define(base, type="item", title="Item", detail="No {item_id}.")(item_id=7).detail


class TestAliases:
    def test_they_are_any_text(self):
        """
        An alias is a text that a server sends as `type`, or as another member that identifies an error.
        """
        cls = define(type="item", title="Item", aliases=("No item!", "404"))

        assert ("No item!", "404") == definition_of(cls).declaration.aliases

    def test_an_empty_one_is_refused(self):
        """
        It would identify each error without an identity.
        """
        assert refusal(type="item", title="Item", aliases=("",)) == (
            "ItemNotFound: `aliases` contains an empty text, which identifies nothing. Remove it."
        )

    def test_a_single_text_is_refused(self):
        """
        A text would be a tuple of letters.
        """
        assert refusal(type="item", title="Item", aliases="old") == (
            "ItemNotFound: `aliases='old'` is one text. Write a tuple: `aliases=('old',)`."
        )

    def test_they_are_kept_in_order(self):
        """
        Aliases stay as written.
        """
        assert ("a", "b") == definition_of(define(type="item", title="Item", aliases=("a", "b"))).declaration.aliases


class TestSchemaName:
    @pytest.mark.parametrize("name", ["", "Item Not Found", "1st", "Item-Not-Found", "Größe"])
    def test_it_is_an_identifier_everywhere(self, name):
        """
        The name of a component schema becomes the name of a class in other languages.
        """
        assert refusal(type="item", title="Item", schema_name=name) == (
            f"ItemNotFound: `schema_name={name!r}` breaks code generators. Use letters and digits, a letter first."
        )


class TestAbstract:
    def test_it_is_not_inherited(self):
        """
        What is below a base is a type again.
        """
        assert not definition_of(define(define(abstract=True))).declaration.abstract

    @pytest.mark.parametrize("cls", [Problem, ClientProblem, ServerProblem, define(abstract=True)])
    @pytest.mark.parametrize(
        "use",
        [
            pytest.param(lambda cls: cls(), id="raise"),
            pytest.param(lambda cls: cls("text", item_id=7), id="raise with arguments"),
            pytest.param(lambda cls: cls.problem_model, id="document"),
        ],
    )
    def test_its_use_is_refused(self, cls, use):
        """
        A base is there to subclass and to catch.
        """
        with pytest.raises(AbstractProblem, match="it is a base"):
            use(cls)

    def test_an_unbound_generic_is_a_base(self):
        """
        A generic type becomes one by binding its variables.
        """

        class Page(NotFound, Generic[T], type="page", title="Page"):
            item: T

        with pytest.raises(AbstractProblem, match="binds every type variable"):
            raise Page[int](item=1)

    def test_so_is_a_subclass_that_binds_nothing(self):
        """
        A subclass of a generic type without arguments leaves its variables unbound.
        """

        class Page(NotFound, Generic[T], abstract=True):
            item: T

        class Loose(Page, type="page", title="Page"):
            pass

        with pytest.raises(AbstractProblem, match="binds every type variable"):
            raise Loose(item=1)


class TestSeveralBases:
    def test_a_mixin_before_the_status(self):
        """
        Each fact comes from the first base that knows it.
        """
        mixin = define(Problem, abstract=True, members={"item_id": int}, detail="No {item_id}.", title="Item trouble")

        problem = define(mixin, NotFound, type="item", members={"more": int})(item_id=7, more=8)

        assert ("404 Item trouble: No 7.", 8) == (str(problem), problem.more)

    def test_a_mixin_after_the_status(self):
        """
        The order of the bases does not matter for what only one of them says.
        """
        mixin = define(Problem, abstract=True, members={"item_id": int})

        cls = define(NotFound, mixin, type="item", title="Item", detail="No {item_id}.")

        assert "404 Item: No 7." == str(cls(item_id=7))

    def test_two_statuses_are_refused(self):
        """
        A problem that is caught as two statuses can be sent with one only.
        """
        assert refusal(NotFound, Conflict, type="item", title="Item") == (
            "ItemNotFound: NotFound has the status 404 and Conflict has 409. "
            "A problem type has one: derive it from one of them, and give the other no status."
        )

    def test_the_type_of_a_mixin_is_not_inherited(self):
        """
        A typed base anywhere asks for a type.
        """
        mixin = define(Problem, abstract=True)

        assert "TypedBase has the type 'typed-base'" in refusal(mixin, TypedBase)


class TestDeclare:
    def test_it_is_pure(self):
        """
        Facts come from words and bases alone.
        """
        base = Inherited("Base", ABOUT_BLANK, "", 404, "", frozenset({"item_id"}))
        words = Words(type="item", title="Item", detail="{item_id} of {more}", init=False)

        facts, declaration = declare("ItemNotFound", words, [base], ["more"], is_unbound=False)

        assert (("item", "Item", 404), ("{item_id} of {more}", (), None, False, True, {"item_id", "more"})) == (
            facts,
            declaration,
        )


def test_a_misspelt_word_is_refused():
    """
    An unknown class keyword argument raises an error.
    """
    with pytest.raises(TypeError, match="`titel=` is not a keyword of a problem class"):
        define(type="item", titel="Item")
