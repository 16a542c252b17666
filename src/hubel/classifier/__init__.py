"""What a user keeps: model + preprocessing + class names + calibration, and the folder it is stored in."""
