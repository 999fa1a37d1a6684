"""For whom: families, and the children, parents and other members that belong to them."""
