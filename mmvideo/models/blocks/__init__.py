"""What is put into networks: shifts, attention over a clip, weights, freezing."""
