"""What moved since the last refresh?"""
