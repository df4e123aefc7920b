"""Figures and pages of studies, fits and plans: charts as data, then drawn."""
