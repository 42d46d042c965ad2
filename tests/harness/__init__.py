"""Starts the gateway for a test, and speaks FHIR to it."""
