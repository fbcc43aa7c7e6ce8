"""Kopf's side: thin handlers that keep the picture current. No logic here."""
