"""Who someone is: accounts of people, service clients of scripts, their sessions and tokens, and the door that every route has."""
