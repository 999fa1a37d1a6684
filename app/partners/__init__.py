"""With whom: the organizations of the mission, their specialists, and the venues where people meet."""
