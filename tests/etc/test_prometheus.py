"""The alert rules, by Prometheus's own tool. That each metric in them is exported, OpenStackSev.Control.Tests knows (DashboardTests)."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from given import ETC, promtool, run

RULES = ETC / "prometheus/openstack-sev.rules.yaml"
STORIES = ETC / "prometheus/openstack-sev.rules.test.yaml"


class Rules(unittest.TestCase):
    alerts = re.findall(r"^ +- alert: (\w+)$", RULES.read_text(), re.M)

    def test_prometheus_takes_them(self) -> None:
        checked = run(promtool(), "check", "rules", RULES)
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_each_alert_is_quiet_and_then_fires(self) -> None:
        tried = run(promtool(), "test", "rules", STORIES)
        self.assertEqual(tried.returncode, 0, tried.stdout)

    def test_each_alert_has_a_story(self) -> None:
        stories = re.findall(r"^  - name: '(\w+): ", STORIES.read_text(), re.M)
        self.assertEqual(stories, self.alerts)
        for alert in self.alerts:
            self.assertRegex(STORIES.read_text(), rf"alertname: {alert}, eval_time: ")
            self.assertRegex(STORIES.read_text(), rf"alertname: {alert}\n +eval_time: .*\n +exp_alerts:\n +- exp_labels")

    def test_a_story_notices_a_rule_that_changed(self) -> None:
        tool = promtool()
        folder = Path(tempfile.mkdtemp(prefix="osev-rules-"))
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(STORIES, folder)
        for before, after in (
            ('verdict="contraindicated"', 'verdict="affirming"'),
            ("< 30 * 86400", "< 1 * 86400"),
            ("for: 1h", "for: 2h"),
        ):
            self.assertIn(before, RULES.read_text())
            (folder / RULES.name).write_text(RULES.read_text().replace(before, after))
            with self.subTest(changed=before):
                self.assertNotEqual(run(tool, "test", "rules", folder / STORIES.name).returncode, 0)

    def test_the_readme_has_each_alert(self) -> None:
        readme = (ETC / "prometheus/README.md").read_text()
        table = re.findall(r"`(Osev\w+)`", readme)
        self.assertEqual(sorted(table), sorted(self.alerts))


class Board(unittest.TestCase):
    board = json.loads((ETC / "grafana/openstack-sev.json").read_text())

    def test_panels_have_their_own_number_and_place(self) -> None:
        panels = self.board["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken: set[tuple[int, int]] = set()
        for panel in panels:
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24)
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(taken & cells, panel["title"])
            taken |= cells

    def test_each_panel_asks_the_prometheus_that_is_chosen(self) -> None:
        for panel in self.board["panels"]:
            if panel["type"] != "row":
                self.assertEqual(panel["datasource"], {"type": "prometheus", "uid": "${datasource}"})
                self.assertTrue(panel["targets"], panel["title"])
                for target in panel["targets"]:
                    self.assertEqual(target["datasource"]["uid"], "${datasource}")


if __name__ == "__main__":
    unittest.main()
