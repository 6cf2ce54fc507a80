"""The page "Evidence": tests of what a map marks, one file for each section."""
