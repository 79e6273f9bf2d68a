"""Panels of chart kinds beside curves: one widget for each, made by `factory.make_panel`."""
