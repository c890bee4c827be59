import subprocess
import sys

import pytest

from problems._deprecation import ProblemsDeprecationWarning, warn_deprecated


def old_name():
    """A function of the package that is going away."""
    warn_deprecated("old_name()", since="1.3", removed_in="2.0", use="new_name()")


class TestWarnDeprecated:
    def test_it_says_since_when_until_when_and_what_instead(self):
        """
        One sentence is all a reader needs to act.
        """
        with pytest.warns(ProblemsDeprecationWarning) as record:
            old_name()

        expected = "old_name() is deprecated since problems 1.3 and will be removed in 2.0; use new_name() instead."
        assert expected == str(record[0].message)

    def test_it_points_at_the_caller(self):
        """
        The line that is shown is the one to change.
        """
        with pytest.warns(ProblemsDeprecationWarning) as record:
            old_name()

        assert __file__ == record[0].filename


class TestProblemsDeprecationWarning:
    def test_it_is_shown_by_default(self):
        """
        An application sees it without any option.
        """
        code = (
            "from problems._deprecation import warn_deprecated\n"
            "warn_deprecated('a', since='1.3', removed_in='2.0', use='b')"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code

        assert "ProblemsDeprecationWarning: a is deprecated" in done.stderr
