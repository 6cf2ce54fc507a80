"""A round of looking through bubbles, played by a person and then by a network.

The round runs in the browser, which tells the server once, at its end, where and when was clicked.
"""
