#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What one run was given to run, another run leaves alone."""
import os
import unittest

import tree


class Tools(unittest.TestCase):
    def test_again(self):
        first = os.path.join(tree.prepare("host"), "usr/sbin/hearth")
        with open(first, "rb"):         # so that its number is given to no other file
            before = os.stat(first)
            tree.prepare("host")
            after = os.stat(first)
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))


if __name__ == "__main__":
    unittest.main()
