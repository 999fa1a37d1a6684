"""Requests and answers about families, their members and memberships, one file an aggregate."""
