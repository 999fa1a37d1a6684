"""A peer in the usual manner of Django REST Framework: ModelSerializer, viewset, limit and offset with a count; gunicorn with threads."""
