"""The Bayesian model and the effects that it yields."""
