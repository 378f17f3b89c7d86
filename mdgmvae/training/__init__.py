"""Training of a model: data, scaling, initial weights, steps and the training loop."""
