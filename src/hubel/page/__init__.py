"""The page of a classifier: one file that opens offline, computes its network in the browser, and shows each number."""
