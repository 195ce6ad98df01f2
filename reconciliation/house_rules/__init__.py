"""The rules of the house: making them, asking them, carrying out what they say, and trying them on the past."""
