"""The command line: mdgmvae COMMAND."""
