"""May a model be fitted to this data?

``checks.toml`` names every question that is put to the panel before a model runs (R1 to R3), in
the order in which they are asked; :func:`mmmlib.readiness.assess.assess` asks them and gives the
verdict (R4).
"""
