"""The contest's files: fetched by the official client, checked and unpacked."""
