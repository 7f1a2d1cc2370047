"""The log density and its gradient in one compiled function.

It is the density of the model that :mod:`mmmlib.model.build` writes in PyMC, with
the linear terms (levels, trend, seasonality, events, controls) integrated out; a
test holds the two equal. One function serves every model, whatever its channels,
forms, regions and weeks, so it is compiled once, kept on disk by numba, and a fit
pays for sampling only.

Under noise with which they do not leave in closed form (Student's t, counts) the
linear terms are sampled, in a second function that shares the rest (``sampled``,
``noise``); it is compiled when it is asked for first.

What happens in it, in order: prior (``density``), contribution of the channels
(``media``, built from ``forms``), the linear terms that leave in closed form
(``linear``), and from there the gradient back through the channels (``media``).
``compiled`` turns it into machine code. All data of a fit come as one vector
(``packed``).
"""
