"""The shop owner's pages: whether the money is all there, and the rows behind every figure. Read-only."""
