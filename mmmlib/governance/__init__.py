"""May it be published, and who says so?"""
