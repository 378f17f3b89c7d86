"""Names of the figures of an analysis."""

#: Each is a method of `mdgmvae.plot.of_results.ResultPlots`: ``gm.plot.<name>()``.
FIGURES = (
    *("free_energy", "free_energy_error", "trace", "populations", "effect_sizes"),
    *("ramachandran", "transition_network", "implied_timescales", "chapman_kolmogorov"),
    *("history", "agreement"),
)

#: Pixels per inch of the .png files that commands write.
DPI = 300
