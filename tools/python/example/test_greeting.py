import os
import subprocess

from tools.python.example.greeting import greeting


def test_somebody_is_greeted_by_name() -> None:
    assert greeting("World") == "Hello, World!"


def test_the_program_greets() -> None:
    assert subprocess.run([os.environ["GREET"], "World"], check=True, capture_output=True).stdout == b"Hello, World!\n"
