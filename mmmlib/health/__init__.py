"""May this fit be trusted?"""
