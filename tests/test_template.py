import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems._wire.template import fields


class TestFields:
    @pytest.mark.parametrize(
        ("template", "expected"),
        [
            pytest.param("", set(), id="empty"),
            pytest.param("No fields.", set(), id="text"),
            pytest.param("No item has the id {item_id}.", {"item_id"}, id="field"),
            pytest.param("{a}{b}{a}", {"a", "b"}, id="several"),
            pytest.param("{{a}} and {b}", {"b"}, id="escaped"),
            pytest.param("{a!r} {b!s:>10} {c:.2f}", {"a", "b", "c"}, id="conversion and specification"),
            pytest.param("{a:{width}.{digits}f}", {"a", "width", "digits"}, id="fields in a specification"),
            pytest.param("{since:%d.%m.%Y}", {"since"}, id="dots in a specification"),
            pytest.param("{größe}", {"größe"}, id="not ASCII"),
        ],
    )
    def test_names(self, template, expected):
        """
        The names of all fields are found, each once.
        """
        assert expected == fields(template)

    @pytest.mark.parametrize(
        ("template", "reason"),
        [
            pytest.param("{}", "has no name", id="automatic"),
            pytest.param("{0}", "has no name", id="positional"),
            pytest.param("{a:{}}", "has no name", id="automatic in a specification"),
            pytest.param("{a.b}", "{a.b} accesses a part of its value", id="attribute"),
            pytest.param("{a[0]}", "{a[0]} accesses a part of its value", id="item"),
            pytest.param("{a:{b.c}}", "{b.c} accesses a part of its value", id="attribute in a specification"),
            pytest.param("{a!x}", "unknown conversion 'x'", id="conversion"),
            pytest.param("{a:{b:{c}}}", "{c} is nested too deep", id="nested"),
            pytest.param("{a", "expected '}'", id="open"),
            pytest.param("a}", "Single '}'", id="closed"),
            pytest.param("{", "Single '{'", id="only open"),
            pytest.param("{a:{b}", "in format spec", id="open specification"),
        ],
    )
    def test_refused(self, template, reason):
        """
        A template that cannot be filled in, or reaches into a member, raises with a sentence.
        """
        with pytest.raises(ValueError, match="is not a valid template") as refused:
            fields(template)

        assert f"`detail={template!r}` is not a valid template: " in str(refused.value)
        assert reason in str(refused.value)
        assert str(refused.value).endswith(". Write {{ and }} for braces.")

    @given(st.text(st.sampled_from("{}[]!:.ab01 ")))
    def test_what_is_accepted_can_be_filled_in(self, template):
        """
        An accepted template needs only the members it names.
        """
        try:
            names = fields(template)
        except ValueError:
            return

        assert isinstance(template.format_map({name: Anything() for name in names}), str)


class Anything:
    """A value that any format fits."""

    def __format__(self, _: str) -> str:
        return ""
