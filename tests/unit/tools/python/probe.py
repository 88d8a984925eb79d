"""Tells which runfiles it was started with."""

import os

print(os.environ["RUNFILES_DIR"])
