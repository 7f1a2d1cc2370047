"""How a refresh is run: its steps, in order, each in a process of its own."""
