"""What changes consents, and with them who may see what."""
