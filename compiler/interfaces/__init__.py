"""The protocols between components, one per file; each has a Claim, an Offer and an Endpoint."""
