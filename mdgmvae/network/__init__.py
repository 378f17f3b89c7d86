"""The four networks of a GMVAE and the loss that they minimise (TensorFlow)."""
