import ast
import json
import re
import shlex
import time
from html.parser import HTMLParser
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import AfterValidator, BaseModel, Field

from problems import Conflict, InternalServerError, NotFound, Problem, Registry, ResponseHeader, TooManyRequests
from problems.catalog import ServiceUnavailable
from problems.documenting.pages import OFFERS, Pages
from problems.documenting.pages._markdown import to_html
from problems.documenting.pages._parts import constraints_of, kind_of, samples
from problems.documenting.vocabulary import DocumentedType

BASE = "https://shop.example/problems/"


class Line(BaseModel):
    """One line of an order."""

    sku: str = Field(description="The article number.")
    amount: int = Field(default=1, ge=1)


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """
    No item has the *requested* id.

    See [the texts](https://shop.example/items).
    """

    item_id: int


class OutOfStock(Conflict, type="orders/out-of-stock", title="Out <of> stock", aliases=("sold-out",)):
    """
    Fewer <items> are in stock.

    Attributes:
        available: How many are left.
    """

    available: int = Field(ge=0)
    lines: tuple[Line, ...] = ()
    reason: str | None = Field(default=None, max_length=300)


class Quota(TooManyRequests, type="quota", title="Quota exhausted"):
    resets: Annotated[int, ResponseHeader("X-Quota-Reset", description="Seconds to go.")]


class Down(ServiceUnavailable, type="down", title="Down"):
    """Try again."""


REGISTRY = Registry(ItemNotFound, OutOfStock, Quota, Down, NotFound, base=BASE)
PAGES = Pages(REGISTRY, heading="Problem types of the shop")


def read(path, accept="text/html", **options):
    """Return the text of a page."""
    return PAGES.find(path, accept=accept, **options).body.decode()


class Reader(HTMLParser):
    """Collects what a browser would load or run, the links, and the tags that are left open."""

    VOID = ("meta", "link", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag == self.open.pop()


class TestPaths:
    def test_there_is_one_for_each_type(self):
        """
        A page is at what its type adds to the base; what is `about:blank` has none.
        """
        assert ["item-not-found", "orders/out-of-stock", "quota", "down", "validation-problem"] == list(PAGES.paths)

    @pytest.mark.parametrize(
        ("uri", "path"),
        [
            pytest.param("https://other.example/errors/gone", "gone", id="path"),
            pytest.param("https://other.example/errors#gone", "gone", id="fragment"),
            pytest.param("https://other.example/errors?type=gone", "gone", id="query"),
            pytest.param("urn:shop:gone", "gone", id="URN"),
            pytest.param("https://other.example/", "other.example", id="no path"),
            pytest.param("https://other.example/a%20b", "a b", id="percent-encoded"),
            pytest.param("https://other.example/..", "Gone", id="parent"),
        ],
    )
    def test_an_absolute_type_is_at_its_end(self, uri, path):
        """
        A type URI without a base has the page that its last part names.
        """

        class Gone(Conflict, type=uri, title="Gone"):
            """Gone."""

        assert [path] == list(Pages(Registry(Gone)).paths)

    def test_two_types_have_two_pages(self):
        """
        Type URIs that end alike are distinguished.
        """

        class One(Conflict, type="https://one.example/gone", title="Gone"):
            """Gone."""

        class Two(Conflict, type="https://two.example/gone", title="Gone"):
            """Gone."""

        class Three(Conflict, type="https://three.example/gone", title="Gone"):
            """Gone."""

        assert ["gone", "gone-2", "gone-3"] == list(Pages(Registry(One, Two, Three)).paths)

    def test_no_path_climbs(self):
        """
        Whatever a type is, its files stay in the folder they are written to.
        """

        class Up(Conflict, type="../%2e%2e/up", title="Up"):
            """Up."""

        assert ["up"] == list(Pages(Registry(Up, base=BASE)).paths)[:1]


class TestFind:
    @pytest.mark.parametrize(
        ("accept", "media_type"),
        [
            pytest.param("", "text/html", id="nothing"),
            pytest.param("text/html,application/xhtml+xml,*/*;q=0.8", "text/html", id="browser"),
            pytest.param("application/schema+json", "application/schema+json", id="JSON Schema"),
            pytest.param("application/json", "application/json", id="JSON"),
            pytest.param("text/markdown", "text/markdown", id="Markdown"),
            pytest.param("image/png", "text/html", id="something else"),
        ],
    )
    def test_it_negotiates(self, accept, media_type):
        """
        The client gets its preferred representation; without a preference it gets HTML.
        """
        assert media_type == PAGES.find("quota", accept=accept).media_type

    @pytest.mark.parametrize(
        ("path", "media_type"),
        [
            pytest.param("quota.schema.json", "application/schema+json", id="JSON Schema"),
            pytest.param("orders/out-of-stock.json", "application/json", id="JSON"),
            pytest.param("index.md", "text/markdown", id="Markdown"),
        ],
    )
    def test_a_suffix_decides(self, path, media_type):
        """
        Each representation has an address of its own, for people who follow links.
        """
        found = PAGES.find(path, accept="text/html")

        assert (media_type, False) == (found.media_type, found.negotiated)

    @pytest.mark.parametrize(
        "path",
        [pytest.param("nope", id="unknown"), pytest.param("nope.json", id="suffix"), pytest.param("OUT", id="case")],
    )
    def test_another_path_is_nothing(self, path):
        """
        What is not documented is not found.
        """
        assert PAGES.find(path) is None

    def test_type_uris_may_differ_in_their_query(self):
        """
        Where type URIs are one address with different queries, the query says which page is meant.
        """
        pages = Pages(Registry(ItemNotFound, base="https://shop.example/problems?type="))

        assert "<h1>Item not found</h1>" in pages.find("", query="type=item-not-found").body.decode()

    def test_an_unknown_query_is_the_index(self):
        """
        A query that is not a type URI is ignored.
        """
        assert PAGES.find("").body == PAGES.find("", query="utm=1").body

    def test_the_entity_tag_is_that_of_the_representation(self):
        """
        Two representations differ in their entity tags, and so do two registries.
        """
        tags = {PAGES.find("quota", accept=accept).etag for accept in OFFERS}

        assert len(OFFERS) == len(tags)

    def test_the_entity_tag_is_stable(self):
        """
        Every process of an application gives the same entity tag.
        """
        assert Pages(REGISTRY).find("quota").etag == Pages(REGISTRY).find("quota").etag


every = pytest.mark.parametrize("path", ["", *PAGES.paths])


class TestHtml:
    @every
    def test_it_is_well_formed(self, path):
        """
        Every tag that is opened is closed.
        """
        assert [] == Reader(read(path)).open

    @every
    def test_it_loads_and_runs_nothing(self, path):
        """
        No script, no image, no style sheet, no font: only text.
        """
        assert not {"script", "img", "iframe", "object", "form"} & set(Reader(read(path)).tags)

    @every
    def test_its_links_are_relative(self, path):
        """
        The pages do not depend on their mount point.
        """
        links = [link for link in Reader(read(path)).links if link != "https://shop.example/items"]

        assert [] == [link for link in links if not link.startswith(("./", "../", "#"))]

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("<h1>Out &lt;of&gt; stock</h1>", id="title"),
            pytest.param("<dd>409 Conflict</dd>", id="status"),
            pytest.param(f"<code>{BASE}orders/out-of-stock</code>", id="type URI"),
            pytest.param(f"<code>{BASE}sold-out</code>", id="alias"),
            pytest.param("<p>Fewer &lt;items&gt; are in stock.</p>", id="description"),
            pytest.param('<code>available</code> <span class="soft">integer</span>', id="member"),
            pytest.param('How many are left.<br><span class="soft">At least 0.</span>', id="constraint"),
            pytest.param("array of Line, may be absent", id="optional member"),
            pytest.param("string or null, may be absent", id="nullable member"),
            pytest.param("<h3><code>Line</code></h3>", id="nested object"),
            pytest.param("HTTP/1.1 409 Conflict\nContent-Type: application/problem+json\n\n{", id="example"),
            pytest.param("except OutOfStock as problem:", id="Python"),
            pytest.param(f"if (problem.type === &quot;{BASE}orders/out-of-stock&quot;) {{", id="TypeScript"),
            pytest.param(f"  jq &#x27;select(.type == &quot;{BASE}orders/out-of-stock&quot;)&#x27;", id="curl"),
        ],
    )
    def test_it_tells(self, text):
        """
        A page contains all facts of the class.
        """
        assert text in read("orders/out-of-stock")

    def test_it_tells_of_headers(self):
        """
        The response header fields of a type are documented, including inherited ones.
        """
        found = re.findall(r"<dt><code>([A-Z][\w-]+)</code>", read("quota"))

        assert ["Retry-After", "X-Quota-Reset"] == found

    @pytest.mark.parametrize(
        ("path", "advice"),
        [
            pytest.param("item-not-found", "most likely fail again", id="client"),
            pytest.param("down", "<code>Retry-After</code>", id="retry"),
        ],
    )
    def test_it_tells_what_to_do(self, path, advice):
        """
        Whether to send the request again depends on status and header fields.
        """
        assert advice in read(path)

    def test_the_index_lists_the_types(self):
        """
        The index leads to every page, by status and then in the order of the registry.
        """
        found = [link for link in Reader(read("")).links if "." not in link.removeprefix("./") and "#" not in link]
        statuses = [PAGES.paths[link.removeprefix("./")].status for link in found]

        assert {f"./{path}" for path in PAGES.paths} == set(found)
        assert sorted(statuses) == statuses

    def test_the_index_is_filtered_by_status(self):
        """
        Each status has a link to its section; the style sheet hides the others while it is the target.
        """
        statuses = dict.fromkeys(sorted(it.status for it in PAGES.vocabulary.types))
        page = read("")

        assert ["#", *(f"#/status/{it}" for it in statuses)] == [it for it in Reader(page).links if "#" in it]
        assert [str(it) for it in statuses] == re.findall(r'<section id="/status/(\d+)">', page)
        assert "main:has(> section:target) > section:not(:target) { display: none; }" in page

    def test_one_status_needs_no_filter(self):
        """
        With one status there is nothing to leave out.
        """
        pages = Pages(Registry(NotFound))

        assert "#" not in "".join(Reader(pages.find("").body.decode()).links)

    def test_the_index_lists_plain_statuses(self):
        """
        What has no type of its own is in the index, without a page.
        """
        assert "<li>404 Not Found</li>" in read("")

    def test_the_index_has_fragments(self):
        """
        Where type URIs are fragments of one address, each leads to its line in the index.
        """
        assert '<li id="item-not-found">' in read("")


class Broken(InternalServerError, type="broken", title="Broken"):
    """Broken."""


class Later(Problem, type="later", title="Later", status=202, any_status=True):
    """Later."""


def refuse(value):
    """Accept no value: nothing can be made up."""
    raise ValueError(value)


class NoExample(Conflict, type="no-example", title="No example"):
    """
    Nothing fits.

    Attributes:
        value: What fits.
        other: No member.
    """

    value: Annotated[str, AfterValidator(refuse)]


class TestUnusual:
    PAGES = Pages(Registry(Broken, Later, NoExample, base=BASE))

    @pytest.mark.parametrize(
        ("path", "count"), [pytest.param("broken", 2, id="server"), pytest.param("later", 1, id="no error")]
    )
    def test_advice_depends_on_the_status(self, path, count):
        """
        An error of the server may pass, and a success needs no advice on retries.
        """
        text = self.PAGES.find(path).body.decode()

        assert count == text[text.index("How to handle it") :].count("<p>")

    @pytest.mark.parametrize("accept", ["text/html", "text/markdown"])
    def test_a_page_may_have_no_example(self, accept):
        """
        Where no document can be made up none is shown.
        """
        text = self.PAGES.find("no-example", accept=accept).body.decode()

        assert ("What fits." in text, "HTTP/1.1" in text, "No member." in text) == (True, False, False)


class TestSchema:
    @pytest.mark.parametrize("path", PAGES.paths)
    def test_the_example_fits(self, path):
        """
        The schema of a page accepts the example of the page.
        """
        schema = json.loads(read(path, "application/schema+json"))
        example = json.loads(read(path, "application/json"))["example"]

        assert Draft202012Validator(schema).is_valid(example)

    def test_that_of_the_index_is_all_of_them(self):
        """
        The schema of the index accepts a document of each type, and no others.
        """
        validator = Draft202012Validator(json.loads(read("", "application/schema+json")))
        examples = [it["example"] for it in json.loads(read("", "application/json"))["types"]]

        assert [True] * len(examples) == [validator.is_valid(it) for it in examples]
        assert not validator.is_valid({"type": f"{BASE}another", "title": "Another", "status": 409})

    def test_two_classes_of_one_name_are_two_schemas(self):
        """
        The schema of the index refers to each of them by a name that there is.
        """
        ones, others = (
            type(Conflict)("Gone", (Conflict,), {}, type=f"https://{host}.example/gone", title="Gone")
            for host in ("orders", "pay")
        )
        schema = json.loads(Pages(Registry(ones, others)).find("index.schema.json").body)
        names = {it["$ref"].removeprefix("#/$defs/") for it in schema["anyOf"]}

        assert (2, set()) == (len(names), names - schema["$defs"].keys())


class TestMarkdownPage:
    def test_names_of_models_are_readable(self):
        """
        Two models of one name have names without their modules.
        """
        first, second = (
            type("Place", (BaseModel,), {"__annotations__": {member: str}, "__module__": f"of_{member}"})
            for member in ("city", "street")
        )
        moved = type(Conflict)(
            "Moved", (Conflict,), {"__annotations__": {"old": first, "new": second}}, type="moved", title="Moved"
        )
        text = Pages(Registry(moved, base=BASE)).find("moved.md").body.decode()

        assert ["### `Place`", "### `ProblemPlace`"] == [it for it in text.splitlines() if it.startswith("###")]

    def test_it_tells_the_same(self):
        """
        The page as Markdown has the sections of the page as HTML.
        """
        found = re.findall(r"^#+ [^a].*", read("orders/out-of-stock", "text/markdown"), re.MULTILINE)

        assert ["# Out &lt;of> stock", "## Members", "### `Line`", "## Example", "## How to handle it"] == found

    def test_the_index_is_a_table(self):
        """
        The index as Markdown is a table with links.
        """
        row = f"| [Item not found](./item-not-found) | 404 Not Found | `{BASE}item-not-found` |"

        assert row in read("", "text/markdown").splitlines()


FILES = dict(PAGES.files())


class TestFiles:
    def test_markdown_refers_to_markdown(self):
        """
        In a documentation site the files are linked, not the addresses they get.
        """
        assert b"[Item not found](./item-not-found.md)" in FILES["index.md"]

    def test_there_is_a_folder_for_each_page(self):
        """
        A static server finds the index of a folder at the type URI.
        """
        expected = {"index.html", *(f"{path}/index.html" for path in PAGES.paths)}

        assert expected == {name for name in FILES if name.endswith(".html")}

    def test_every_link_leads_to_a_file(self):
        """
        The links of the pages work where the files are.
        """
        missing = []
        for name, content in FILES.items():
            for link in Reader(content.decode()).links if name.endswith(".html") else []:
                if link.startswith("."):
                    target = [*name.split("/")[:-1]]
                    for part in link.split("/"):
                        target = target[:-1] if part == ".." else target if part == "." else [*target, part]
                    path = "/".join(target)
                    missing += (
                        [] if (path + "index.html" if path.endswith("/") or not path else path) in FILES else [link]
                    )

        assert [] == missing


class TestDocstring:
    @pytest.mark.parametrize(
        ("text", "html"),
        [
            pytest.param("a\nb\n\nc", "<p>a\nb</p>\n<p>c</p>", id="paragraphs"),
            pytest.param("- a\n- b\n  c", "<ul><li>a</li><li>b\n  c</li></ul>", id="list"),
            pytest.param("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>", id="numbers"),
            pytest.param("```py\n<a>\n\n*b*\n```", '<pre tabindex="0"><code>&lt;a&gt;\n\n*b*</code></pre>', id="fence"),
            pytest.param("``a `b` *c*``", "<p><code>a `b` *c*</code></p>", id="code"),
            pytest.param("2 * 3 * 4 and snake_case", "<p>2 * 3 * 4 and snake_case</p>", id="no emphasis"),
            pytest.param("**a *b***", "<p><strong>a <em>b</em></strong></p>", id="both"),
            pytest.param("*a **b** c*", "<p><em>a <strong>b</strong> c</em></p>", id="the other way round"),
            pytest.param("*a **b* c**", "<p>*a <strong>b* c</strong></p>", id="crossed"),
            pytest.param("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>", id="HTML"),
            pytest.param("[a](javascript:x)", "<p>[a](javascript:x)</p>", id="unsafe link"),
            pytest.param('[a](https://x/"y)', "<p>[a](https://x/&quot;y)</p>", id="broken link"),
            pytest.param("", "", id="nothing"),
        ],
    )
    def test_it_becomes_html(self, text, html):
        """
        What people write in docstrings is shown as they mean it, and HTML as text.
        """
        assert html == to_html(text)

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(lambda size: "`" * size, id="backticks"),
            pytest.param(lambda size: " ".join("`" * it for it in range(1, int((2 * size) ** 0.5))), id="longer runs"),
            pytest.param(lambda size: "**a " * size, id="open strong"),
            pytest.param(lambda size: "*a " * size, id="open emphasis"),
            pytest.param(lambda size: "*" * size, id="stars"),
            pytest.param(lambda size: "*a **b** " * size, id="strong in emphasis"),
            pytest.param(lambda size: "[" * size, id="brackets"),
            pytest.param(lambda size: "[a](./" * size, id="open links"),
            pytest.param(lambda size: "````\n```\n" * size, id="fences"),
            pytest.param(lambda size: "- a\n" * size, id="items"),
            pytest.param(lambda size: "a\n" + " " * size + "b\n" * size, id="white space"),
        ],
    )
    def test_the_time_grows_with_the_text(self, text):
        """
        Eight times the text takes about eight times as long, not 64 times; nothing nests without end.
        """
        times = []
        for size in (1_000, 8_000):
            started = time.process_time()
            to_html(text(size))
            times.append(time.process_time() - started)

        assert times[1] <= 24 * max(times[0], 0.005)

    @given(st.text(alphabet="*`[]()<>&\n -1.ab\"'", max_size=60))
    def test_it_is_well_formed_whatever_it_is(self, text):
        """
        No docstring breaks a page, or brings a tag of its own.
        """
        reader = Reader(to_html(text))

        assert [] == reader.open
        assert set(reader.tags) <= {"p", "ul", "ol", "li", "pre", "code", "strong", "em", "a"}


class TestShape:
    @pytest.mark.parametrize(
        ("schema", "kind"),
        [
            pytest.param({}, "any value", id="any"),
            pytest.param({"enum": ["a", 1]}, '"a" or 1', id="enum"),
            pytest.param({"const": True}, "true", id="const"),
            pytest.param({"$ref": "#/$defs/Line"}, "Line", id="reference"),
            pytest.param({"allOf": [{"$ref": "#/$defs/Line"}]}, "Line", id="single"),
            pytest.param({"type": "object", "additionalProperties": {"type": "string"}}, "object of string", id="map"),
            pytest.param({"type": ["string", "null"]}, "string or null", id="types"),
            pytest.param({"type": "array"}, "array", id="array"),
        ],
    )
    def test_the_kind_of_a_value(self, schema, kind):
        """
        The type of a value is written in words.
        """
        assert kind == kind_of(schema)

    def test_the_limits_of_a_union(self):
        """
        The limits of an alternative are listed too.
        """
        schema = {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}], "default": None}

        assert ["at most 3 characters"] == list(constraints_of(schema))


class TestOperations:
    """The operations that answer with a type."""

    PAGES = Pages(REGISTRY, operations={f"{BASE}orders/out-of-stock": ["POST /orders/{id}'$(x)<b>", "GET /orders"]})

    def test_they_are_listed(self):
        """
        By method and path, in HTML and in Markdown.
        """
        page, text = (self.PAGES.find(f"orders/out-of-stock{it}").body.decode() for it in ("", ".md"))

        assert "<h2>Operations</h2>\n<ul><li><code>POST /orders/{id}&#x27;$(x)&lt;b&gt;</code></li>" in page
        assert "## Operations\n\n- `POST /orders/{id}'$(x)<b>`\n- `GET /orders`" in text

    def test_a_type_without_operations_has_no_section(self):
        """
        The pages do not claim what they do not know.
        """
        assert "Operations" not in self.PAGES.find("item-not-found").body.decode()

    def test_the_first_one_is_the_example_of_a_request(self):
        """
        A path is an argument of the shell, whatever characters it has.
        """
        text = self.PAGES.find("orders/out-of-stock.md").body.decode()
        request = next(it for it in text.splitlines() if it.startswith("curl")).removesuffix(" |")

        assert ["curl", "--silent", "--request", "POST", "$API/orders/{id}'$(x)<b>"] == shlex.split(request)


class TestSamples:
    @pytest.mark.parametrize("name", ["a-b", "class", "a'b", 'a"b', "a\nb", "`"])
    def test_names_of_members_are_code_in_each_language(self, name):
        """
        A member whose name is not an identifier is a text in TypeScript, and left out in Python.
        """
        schema = {"properties": {name: {"type": "string"}}}
        documented = DocumentedType(type="a:'b\"", name="Sold Out", title="Sold", status=409, schema=schema)
        python, typescript, curl = (it.code for it in samples(documented))

        ast.parse(python)
        assert "except Sold_Out as problem:" in python
        assert f"problem[{json.dumps(name)}]" in typescript or f"problem.{name}" in typescript
        assert 'select(.type == "a:\'b\\"")' == shlex.split(curl.splitlines()[-1])[1]

    def test_plain_statuses_are_compared_by_status(self):
        """
        `about:blank` says no more than the status.
        """
        documented = DocumentedType(type="about:blank", name="NotFound", title="Not Found", status=404, schema={})
        _, typescript, curl = (it.code for it in samples(documented))

        assert "if (response.status === 404) {" in typescript
        assert "'select(.status == 404)'" in curl


class TestValidation:
    def test_the_members_of_rejected_inputs_have_descriptions(self):
        """
        They come from the docstring, under the names on the wire.
        """
        found = Pages(Registry(base=BASE)).vocabulary.types[0].definitions["InvalidParam"]["properties"]

        assert {"detail", "code", "pointer", "parameter", "in", "context", "input"} <= set(found)
        assert [] == [name for name, it in found.items() if not it.get("description")]
