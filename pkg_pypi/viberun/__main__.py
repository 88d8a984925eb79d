"""`python -m viberun`."""

from .launcher import main

if __name__ == "__main__":
    main()
