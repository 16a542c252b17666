"""What goes into an export as it is: these files import nothing of Hubel, and run where it is not installed."""
