"""The window: one client of `runfolio.api`, and the only package that knows Qt."""
