"""The commands of mdgmvae, a module each.

The module of a command has a function of the same name. It takes the options that `cli.parser`
read and returns the text to print on standard output.
"""
