"""Greets whoever is named: the program of the examples."""

import sys


def greeting(name: str) -> str:
    return f"Hello, {name}!"


def main() -> int:
    print(greeting(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
