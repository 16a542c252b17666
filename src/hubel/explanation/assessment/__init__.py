"""Does a heat map deserve belief? Tests of a method on one classifier."""
