"""Centres, intervals, tests and comparisons. Every quantile and probability is SciPy's; it is imported when used."""
