#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Each script says with -h and --help what it does, and does nothing else."""
import glob
import os
import subprocess
import tempfile
import unittest

from paths import TOP


class Help(unittest.TestCase):
    def test_all(self):
        scripts = [p for p in glob.glob(TOP + "/scripts/*") + glob.glob(TOP + "/packaging/*") if os.access(p, os.X_OK)
                   and os.path.isfile(p)]
        self.assertGreater(len(scripts), 10)
        for script in [*scripts, TOP + "/selftests/run_kselftest.sh"]:
            for option in ("-h", "--help"):
                with self.subTest(script), tempfile.TemporaryDirectory() as folder:
                    p = subprocess.run([script, option], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                                       timeout=60, env={**os.environ, "HEARTH_CACHE": folder + "/cache"}, check=False)
                    self.assertEqual((p.returncode, p.stderr), (0, b""))
                    self.assertGreater(len(p.stdout), 40)
                    self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    unittest.main()
