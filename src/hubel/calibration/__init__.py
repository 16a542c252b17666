"""What is fitted on the validation split and used in every prediction: temperature, sets, off-corpus score."""
