"""Himoya: social support for families, from registration to certificates, as one REST API."""
