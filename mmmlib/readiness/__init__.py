"""May a model be fitted to this data?"""
