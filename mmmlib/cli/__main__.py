"""What ``mmm`` and ``python -m mmmlib.cli`` start: it imports nothing before it can be stopped."""

import sys


def start() -> None:
    """Import the command and run it; Ctrl-C is one sentence, while imports run too."""
    try:
        from mmmlib.cli.app import main

        main()
    except KeyboardInterrupt:
        sys.stderr.write("mmm: stopped.\n")
        sys.exit(1)


if __name__ == "__main__":
    start()
