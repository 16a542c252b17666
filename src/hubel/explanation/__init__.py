"""What a network makes of an image: feature maps, filters, single values; for people and tested like any number."""
