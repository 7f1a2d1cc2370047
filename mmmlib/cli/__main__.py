"""``python -m mmmlib.cli`` is ``mmm``."""

from mmmlib.cli.app import main

if __name__ == "__main__":
    main()
