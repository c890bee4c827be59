"""
Facts of HTTP, URIs and JSON: header fields, media types, statuses, problem details, rejected inputs.

The lowest wing: may not import any other part of the package but `problems.errors`. It has no public names; the root
re-exports `ProblemDetails`, `ProblemType` and `InvalidParam`.
"""
