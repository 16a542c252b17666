"""How a classifier does on its test images when they are changed: measure, judge, write."""
