"""Runs the tests of the filter under whatever Nova this Python has, and writes their outcomes where tests/run.sh counts them.

usage: python3 run.py [FILE.trx]
"""

from __future__ import annotations

import logging
import sys
import unittest
from pathlib import Path
from typing import cast
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).resolve().parent


class Outcomes(unittest.TextTestResult):
    """One line a test, with the words of a TRX file."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.lines: list[str] = []

    def stopTest(self, test: unittest.TestCase) -> None:
        bad = any(test is one or getattr(one, "test_case", None) is test for one, _ in (*self.failures, *self.errors))
        outcome = "Failed" if bad else "NotExecuted" if any(test is one for one, _ in self.skipped) else "Passed"
        self.lines.append(f'<UnitTestResult testName={quoteattr(test.id())} outcome="{outcome}" />')
        super().stopTest(test)


def main() -> int:
    # From the checkout, or from one folder into which both were copied.
    for folder in (HERE, HERE.parent.parent / "src" / "nova-filter"):
        if folder.exists():
            sys.path.insert(0, str(folder))
    # What the filter says, tests look at; the console is theirs.
    logging.getLogger("openstack_sev_filter").addHandler(logging.NullHandler())
    suite = unittest.defaultTestLoader.discover(str(HERE))
    # typeshed says that it is any result.
    result = cast(Outcomes, unittest.TextTestRunner(resultclass=Outcomes).run(suite))
    for test, why in result.skipped:
        print(f"skipped: {test.id()}: {why}")
    # A module that cannot be imported is a failure of its own name.
    lines = result.lines if result.testsRun else ['<UnitTestResult testName="nova-filter" outcome="Failed" />']
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text("<TestRun>\n" + "\n".join(lines) + "\n</TestRun>\n")
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
