"""How a model is trained: data, scaling, initialisation, steps and the training loop."""
