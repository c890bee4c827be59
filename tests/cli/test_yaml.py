"""YAML is read as JSON, by the core schema of YAML 1.2."""

import pytest

from problems.cli._yaml import read_yaml
from problems.tools._targets import TargetError


def bomb(entry):
    """Return a document whose aliases write out to ten to the twelfth values."""
    lines = [f"a0: &a0 {entry}"]
    lines += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 13)]
    return "\n".join(lines)


class TestScalars:
    @pytest.mark.parametrize(
        "text",
        [
            "=",
            "<<",
            "on",
            "off",
            "yes",
            "No",
            "y",
            "12:30:45",
            "2026-12-01",
            "1_000",
            "0b11",
            "+.5abc",
            "~x",
            "nan",
            "1e",
            "0x",
        ],
    )
    def test_a_text_stays_a_text(self, text):
        """
        Words and numbers of YAML 1.1 are texts.
        """
        assert {"a": [text, text]} == read_yaml(f"a: [{text}, {text}]", "a.yaml")

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("010", 10),
            ("0o17", 15),
            ("0x1F", 31),
            ("-3", -3),
            ("+3", 3),
            ("1e3", 1000.0),
            ("-2E+02", -200.0),
            (".5", 0.5),
            ("1.", 1.0),
            ("-.inf", float("-inf")),
            ("true", True),
            ("FALSE", False),
            ("~", None),
            ("null", None),
        ],
    )
    def test_numbers_flags_and_null(self, text, value):
        """
        The core schema (YAML 1.2.2, section 10.3.2) defines the types of plain scalars.
        """
        found = read_yaml(f"a: {text}", "a.yaml")["a"]

        assert (type(value), value) == (type(found), found)

    def test_a_tag_of_another_program(self):
        """
        The value of an unknown tag is read without the tag: nothing is built from it.
        """
        assert {"a": ["ls"], "b": "x"} == read_yaml("a: !!python/object/apply:os.system [ls]\nb: !own x", "a.yaml")


class TestAliases:
    def test_a_merge_key(self):
        """
        `<<` merges, as many documents expect although YAML 1.2 has no merge key; earlier mappings win.
        """
        text = "a: &a {x: 1, y: 2}\nb: {<<: [*a, {x: 5, z: 3}], y: 4}"

        assert {"x": 1, "y": 4, "z": 3} == read_yaml(text, "a.yaml")["b"]

    @pytest.mark.parametrize("entry", ["[x]", "{x: 1}"])
    def test_aliases_are_bounded(self, entry):
        """
        A small document does not become a large one.
        """
        with pytest.raises(TargetError, match=r"'a\.yaml' contains more than 5,000,000 values"):
            read_yaml(bomb(entry), "a.yaml")

    def test_merge_keys_are_bounded(self):
        """
        Mappings that are merged again and again keep one value for each key.
        """
        lines = ["a0: &a0 {k: 1}"]
        lines += [f"a{at}: &a{at} {{<<: [{', '.join([f'*a{at - 1}'] * 10)}]}}" for at in range(1, 30)]

        assert {"k": 1} == read_yaml("\n".join(lines), "a.yaml")["a29"]

    @pytest.mark.parametrize("text", ["a: &a {<<: *a}", "&a {<<: *a}"])
    def test_a_mapping_that_merges_itself(self, text):
        """
        It raises an error with a sentence.
        """
        with pytest.raises(TargetError, match=r"'a\.yaml' is not valid YAML"):
            read_yaml(text, "a.yaml")
