"""The page of a classifier: one file that opens offline, computes its network in a browser, and shows every number."""
