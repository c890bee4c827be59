"""The modules here are programs of `scripts/upstream`; some import what only its environment has."""

collect_ignore_glob = ["*.py"]
