"""A whole example of every body and every answer of the contract, all of one invented family: made of what each field says of itself,
and of the scene that they play in.
"""
