"""What if the budget changed?"""
