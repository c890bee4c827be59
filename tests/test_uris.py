import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems._wire.uris import check_base, check_reference, is_absolute, quote_reference, resolve, without_secrets

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
URI_TEXT = st.text(st.sampled_from("ab1:/?#[]@!=%.-~ é"))


class TestCheckReference:
    @pytest.mark.parametrize(
        "reference",
        [
            "about:blank",
            "https://shop.example/problems/out-of-stock",
            "https://problem.shop.example?type=forbidden",
            "https://user:pass@shop.example:8443/a;b=c/(d)/*?x=/?&y#/a?b",
            "http://[2001:db8::7]:80/c=GB?one",
            "http://[v1.fe:d]/",
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "mailto:John.Doe@example.com",
            "news:comp.infosystems.www.servers.unix",
            "tel:+1-816-555-1212",
            "telnet://192.0.2.16:80/",
            "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
            "urn:uuid:e05972c9-e824-40e9-be53-4b423ea0ea5a",
            "tag:example@example.org,2021-09-17:OutOfLuck",
            "http:",
            "http://",
            "file:///etc/problems",
            "",
            "/",
            "/problems/out-of-stock",
            "//shop.example/a",
            "../a",
            "out-of-stock",
            "method.not.allowed",
            "not_found",
            "./a:b",
            "a/b:c",
            "?a=b",
            "#out-of-stock",
            "#",
            "a%20b",
        ],
    )
    def test_references(self, reference):
        """
        What RFC 3986 calls a URI reference is one, whatever the scheme.
        """
        assert check_reference(reference) is None

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            *(
                pytest.param(f"a{char}b", f"the character {char!r} is not allowed.", id=f"U+{ord(char):04X}")
                for char in ' <>{}"|^`\\é\n\x00\ud800'
            ),
            pytest.param("a\n", "the character '\\n' is not allowed.", id="final line break"),
            pytest.param("a%2", "a '%' is not followed by two hexadecimal digits.", id="short escape"),
            pytest.param("100%", "a '%' is not followed by two hexadecimal digits.", id="percent"),
            pytest.param("#a#b", "only one '#' is allowed.", id="two fragments"),
            pytest.param("/a[0]", "square brackets are only allowed around an IP address.", id="brackets"),
            pytest.param("http://[::1", "square brackets are only allowed around an IP address.", id="open bracket"),
            pytest.param("http://a:b/", "its authority, the part after '//', is malformed.", id="port"),
            pytest.param("//a@b@c/", "its authority, the part after '//', is malformed.", id="two users"),
            pytest.param("1a:b", "the part before its first ':' is not a scheme.", id="scheme"),
            pytest.param(":a", "the part before its first ':' is not a scheme.", id="empty scheme"),
        ],
    )
    def test_reasons(self, text, expected):
        """
        An invalid URI reference raises with the reason.
        """
        assert expected == check_reference(text)

    @pytest.mark.parametrize(
        "text", ["a" * 200_000 + " ", "/a" * 100_000 + "[", "http://" + "a:" * 100_000 + "@[", "%41" * 70_000 + "%"]
    )
    def test_long_texts(self, text):
        """
        A long text is rejected as quickly as a short one.
        """
        assert check_reference(text) is not None


class TestQuoteReference:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("urn:uuid:5", "urn:uuid:5", id="a reference"),
            pytest.param("/a b", "/a%20b", id="space"),
            pytest.param("/a%20b%", "/a%20b%25", id="escapes stay"),
            pytest.param("/größe?x=é", "/gr%C3%B6%C3%9Fe?x=%C3%A9", id="not ASCII"),
            pytest.param("1:2", "1%3A2", id="no scheme"),
            pytest.param("/a[0]", "/a%5B0%5D", id="brackets"),
            pytest.param("a#b#c", "a%23b%23c", id="two fragments"),
            pytest.param("\ud800", "%3F", id="surrogate"),
        ],
    )
    def test_it_is_a_reference_afterwards(self, text, expected):
        """
        Forbidden characters are percent-encoded, and only these where that suffices.
        """
        assert expected == quote_reference(text)

    @given(ANY_TEXT | URI_TEXT)
    def test_any_text(self, text):
        """
        Any text can be written as a URI reference.
        """
        assert check_reference(quote_reference(text)) is None


class TestIsAbsolute:
    @pytest.mark.parametrize(
        "reference", ["about:blank", "http:", "urn:a", "tag:a", "a+b-c.1:x", "https://shop.example/"]
    )
    def test_scheme(self, reference):
        """
        A reference with a scheme is absolute, even if nothing follows.
        """
        assert is_absolute(reference)

    @pytest.mark.parametrize("reference", ["", "a", "/a", "//a", "?a", "#a:b", "a/b:c", "./a:b", ":a", "1:a"])
    def test_no_scheme(self, reference):
        """
        A reference without a scheme is relative.
        """
        assert not is_absolute(reference)


class TestCheckBase:
    @pytest.mark.parametrize(
        "base",
        [
            "https://shop.example/problems/",
            "https://shop.example/",
            "https://shop.example/problems#",
            "https://shop.example/problems?type=",
            "urn:problem-type:shop:",
            "tag:shop.example,2026:",
        ],
    )
    def test_bases(self, base):
        """
        A base is absolute and ends where a name can follow.
        """
        assert check_base(base) is None

    @pytest.mark.parametrize(
        ("base", "expected"),
        [
            pytest.param(
                "https://shop.example/problems", "it does not end in '/', '#', ':' or '='.", id="no separator"
            ),
            pytest.param("", "it has no scheme, so it is not absolute.", id="empty"),
            pytest.param("/problems/", "it has no scheme, so it is not absolute.", id="relative"),
            pytest.param("//shop.example/", "it has no scheme, so it is not absolute.", id="without scheme"),
            pytest.param("https://shop.example/a b/", "the character ' ' is not allowed.", id="no reference"),
            pytest.param("https://shop.example:", "its authority, the part after '//', is malformed.", id="port"),
        ],
    )
    def test_refused(self, base, expected):
        """
        A base that cannot be extended raises with the reason.
        """
        assert expected == check_base(base)


BASE = "http://a/b/c/d;p?q"


class TestResolve:
    @pytest.mark.parametrize(
        ("reference", "expected"),
        [
            # RFC 3986, section 5.4.1
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g#s", "http://a/b/c/g#s"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y#s"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            # section 5.4.2
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g#s/./x", "http://a/b/c/g#s/./x"),
            ("g#s/../x", "http://a/b/c/g#s/../x"),
            ("http:g", "http:g"),
        ],
    )
    def test_examples_of_the_rfc(self, reference, expected):
        """
        RFC 3986, section 5.4, read strictly.
        """
        assert expected == resolve(BASE, reference)

    @pytest.mark.parametrize(
        ("base", "reference", "expected"),
        [
            # RFC 9457, section 3.1.1
            pytest.param(
                "https://api.example.org/foo/bar/123",
                "example-problem",
                "https://api.example.org/foo/bar/example-problem",
                id="relative",
            ),
            pytest.param(
                "https://api.example.org/widget/456",
                "example-problem",
                "https://api.example.org/widget/example-problem",
                id="relative to another",
            ),
            pytest.param(
                "https://api.example.org/foo/bar/123", "/types/123", "https://api.example.org/types/123", id="full path"
            ),
            pytest.param(
                "https://api.example.org/widget/456",
                "/types/123",
                "https://api.example.org/types/123",
                id="full path, again",
            ),
            pytest.param("https://a.example/b?c#d", "", "https://a.example/b?c", id="empty"),
            pytest.param("https://a.example/b", "about:blank", "about:blank", id="blank"),
            pytest.param(
                "https://a.example/b",
                "tag:example@example.org,2021-09-17:OutOfLuck",
                "tag:example@example.org,2021-09-17:OutOfLuck",
                id="tag",
            ),
            pytest.param(
                "https://a.example/b", "method.not.allowed", "https://a.example/method.not.allowed", id="words"
            ),
            pytest.param("https://a.example", "?type=a", "https://a.example?type=a", id="query"),
            pytest.param("https://a.example", "#a", "https://a.example#a", id="fragment"),
            pytest.param("https://a.example", "a", "https://a.example/a", id="base without path"),
            pytest.param("https://a.example/b", "?", "https://a.example/b?", id="empty query"),
            pytest.param("https://a.example/b", "#", "https://a.example/b#", id="empty fragment"),
            pytest.param("urn:shop:a", "#b", "urn:shop:a#b", id="fragment of a URN"),
            pytest.param("urn:shop:a", "?=b", "urn:shop:a?=b", id="query of a URN"),
            pytest.param("urn:shop:a", "b", "urn:b", id="relative to a URN"),
            pytest.param("urn:shop/a", "../b", "urn:/b", id="above a URN"),
            pytest.param("urn:a", "../b", "urn:b", id="dots without anything to go up from"),
            pytest.param("tag:a", "..", "tag:", id="only dots"),
            pytest.param("/a/b", "c", "/a/c", id="relative base"),
            pytest.param("", "c/../d", "/d", id="no base"),
            pytest.param("https://a.example/b", "HTTP://B.example/../c", "HTTP://B.example/c", id="case stays"),
            pytest.param("https://a.example/b", "//c/./d", "https://c/d", id="another host"),
        ],
    )
    def test_type_uris(self, base, reference, expected):
        """
        A type URI of any scheme is resolved, and query and fragment remain part of it.
        """
        assert expected == resolve(base, reference)

    @given(ANY_TEXT, ANY_TEXT)
    def test_any_texts(self, base, reference):
        """
        No server response makes resolving fail.
        """
        assert isinstance(resolve(base, reference), str)

    @given(URI_TEXT.map(quote_reference))
    def test_the_result_is_absolute(self, reference):
        """
        What was resolved against an absolute URI has a scheme itself.
        """
        assert is_absolute(resolve(BASE, reference))

    @given(st.text(st.sampled_from("./a")))
    def test_dots_as_the_rfc_removes_them(self, path):
        """
        Dots are removed as by the algorithm of section 5.2.4, taken literally.
        """
        assert f"x:{without_dots(path)}" == resolve("x:", f"x:{path}") or path.startswith("//")

    def test_long_path(self):
        """
        The time to resolve a reference grows no faster than the reference.
        """
        assert "http://a/" == resolve(BASE, "a/" * 100_000 + "../" * 100_002)


class TestWithoutSecrets:
    @pytest.mark.parametrize(
        ("uri", "expected"),
        [
            pytest.param(
                "https://anna:hunter2@a.example:8/b?key=hunter2#hunter2", "https://a.example:8/b", id="everywhere"
            ),
            pytest.param("https://a@hunter2@a.example/b", "https://a.example/b", id="malformed"),
            pytest.param("https://a.example", "https://a.example", id="nowhere"),
            pytest.param("urn:a?=hunter2", "urn:a", id="URN"),
            pytest.param("/b?key=hunter2", "/b", id="relative"),
            pytest.param("//anna@a.example", "//a.example", id="without scheme"),
        ],
    )
    def test_what_may_be_secret_is_left_out(self, uri, expected):
        """
        Scheme, host and path remain.
        """
        assert expected == without_secrets(uri)

    @given(ANY_TEXT)
    def test_any_text(self, uri):
        """
        Nothing makes it fail.
        """
        assert "?" not in without_secrets(uri)


def without_dots(path: str) -> str:
    """Return *path* after section 5.2.4, step by step."""
    output = ""
    while path:
        if path.startswith("../"):
            path = path[3:]
        elif path.startswith(("./", "/./")):
            path = path[2:]
        elif path == "/.":
            path = "/"
        elif path.startswith("/../") or path == "/..":
            path = f"/{path[4:]}"
            output = output[: max(output.rfind("/"), 0)]
        elif path in (".", ".."):
            path = ""
        else:
            end = path.find("/", 1)
            end = len(path) if end < 0 else end
            output, path = output + path[:end], path[end:]
    return output
