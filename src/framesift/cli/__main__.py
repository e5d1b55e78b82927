"""``python -m framesift.cli``: the command, where the ``framesift`` script is not on the path."""

from framesift.cli.app import main

main()
