"""A round of looking through bubbles, played by a person and then by a network.

The round runs in the browser, which sends the positions and times of all clicks when it ends.
"""
