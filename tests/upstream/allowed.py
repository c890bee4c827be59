"""
The differences that problems make on purpose, as (kind, test, pattern, reason). Any other difference is a failure.

The pattern is searched in the text of a difference, "METHOD /path?query: before -> after", the test in the id of the
test. Before adding an entry, ask whether a user who adds one line to an application expects it. `compare.py` never
reports the shape of an error document, added headers on errors, notes, cause and context of an exception, and error
responses in OpenAPI.
"""

ANY = ""

ALLOWED = (
    (
        "refusal",
        ANY,
        r"before accept: .*-> (4\d\d|500) ",
        "A WebSocket without `accept` gets a denial response, where the server has the extension.",
    ),
    (
        "websocket",
        ANY,
        r'^\S+ \S+ (?:(?!websocket\.close).)* -> .*"websocket\.close", "code": 1011, "reason": "Internal Server Error"',
        "A WebSocket that crashes after `accept` is closed with a code; before, no close frame was sent.",
    ),
    (
        "raised",
        "body_limit",
        r"ExceptionGroup.* -> nothing",
        "A group of HTTP exceptions only is one problem; the groups in these tests contain a 413.",
    ),
    ("status", "body_limit", r"500 Internal Server Error -> 413 ", "As above."),
    (
        "raised",
        ANY,
        r"Request\w*ValidationError.* -> nothing",
        "A validation error that a handler of the application raises again is a 422.",
    ),
    ("status", ANY, r"500 Internal Server Error -> 422 .*\"errors\"", "As above."),
    (
        "raised",
        ANY,
        r"RuntimeError: Caught handled exception, .* -> ",
        "The server gets the original exception of a response that had started.",
    ),
    (
        "detail",
        ANY,
        r"^\S+ \S+: 5\d\d ",
        "The detail of a 5xx is for operators; `Policy(expose_server_detail=True)` sends it.",
    ),
    (
        "validation message",
        ANY,
        r"JSON decode error|does not match any of the expected tags|items? after validation|valid dictionary or object",
        "Reworded: these messages repeat the rejected value or name Python types. The code is kept.",
    ),
    (
        "validation message",
        "test_model_defaults_and_validators_are_independent",
        "Value error, Invalid label",
        "The message of a validator that contains a word of the input, here `invalid`, is replaced.",
    ),
    (
        "raised",
        ANY,
        r"trio\.Cancelled: .* -> nothing",
        "A race of the suite between a disconnect and the end of the application.",
    ),
    (
        "raised",
        r"test_websocket_concurrency_pattern\[trio\]",
        r"nothing -> trio\.Cancelled: ",
        "The same race, which the other run of the suite lost.",
    ),
    (
        "websocket",
        "test_websocket_concurrency_pattern",
        r'"code": 1000, ',
        "A race of the suite: in one of the two runs the application was quick enough to close the connection.",
    ),
    ("body", "slow", r"^GET /slow-a?sync\?", "The number of pings in real time."),
    (
        "body",
        "validation_error_context|test_exception_handler_failure",
        r": 500 Internal Server Error -> 500 \{.*\"status\":500",
        "A handler of the application that raises is a crash, whose body is a problem.",
    ),
    (
        "handler not called",
        "test_subapp_websocket_validation",
        "websocket_validation_handler",
        "The mounted application answers the validation error that its handler raises again, so the outer one gets none.",
    ),
    (
        "test fails with the same exchanges",
        "test_nested_annotated_in_sequence.*test_openapi|test_generate_clients/test_tutorial004.*test_remove_tags",
        "'422': ",
        "The test compares an OpenAPI document that was not sent; its 422 is the problem.",
    ),
    (
        "validation location",
        ANY,
        r"json_invalid",
        "The position of a syntax error is `context.offset`, not a place.",
    ),
)
