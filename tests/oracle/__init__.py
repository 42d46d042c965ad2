"""A brute-force evaluation of FHIR search, written from R4 §3.1.1 and nothing of the product."""
