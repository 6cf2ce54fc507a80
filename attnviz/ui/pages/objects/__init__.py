"""The parts of the page "Objects": what was chosen, the stage, and the cards below it."""
