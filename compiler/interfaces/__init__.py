"""The protocols that components offer each other, one per file: Claim, Offer and Endpoint each."""
