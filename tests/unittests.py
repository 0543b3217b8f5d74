"""Runs the Python tests of a folder, and writes their outcomes where tests/run.sh counts them.

usage: python3 tests/unittests.py FOLDER [FILE.trx]
"""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import cast
from xml.sax.saxutils import quoteattr


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


def main(folder: str, file: str | None = None) -> int:
    suite = unittest.defaultTestLoader.discover(folder)
    # typeshed says that it is any result
    result = cast(Outcomes, unittest.TextTestRunner(resultclass=Outcomes).run(suite))
    for test, why in result.skipped:
        print(f"skipped: {test.id()}: {why}")
    # A module that cannot be imported, or a fixture that fails, is a failure of the folder's own name.
    lines = result.lines
    if not result.testsRun and result.skipped and result.wasSuccessful():
        lines = [f'<UnitTestResult testName={quoteattr(Path(folder).name)} outcome="NotExecuted" />']
    elif not result.testsRun or len(result.errors) + len(result.failures) > sum('"Failed"' in line for line in lines):
        lines = [*lines, f'<UnitTestResult testName={quoteattr(Path(folder).name)} outcome="Failed" />']
    if file:
        Path(file).write_text("<TestRun>\n" + "\n".join(lines) + "\n</TestRun>\n")
    return 0 if result.wasSuccessful() and (result.testsRun or result.skipped) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
