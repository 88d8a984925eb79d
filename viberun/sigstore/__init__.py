"""Verifies what was signed with Sigstore (https://docs.sigstore.dev), without a network and with the standard library alone.

From outside, `bundle.verify` says who signed what and when, and `release_workflow.check` whether that is whom a client
trusts. Nothing here signs, holds a secret or asks anybody, and nothing here imports the rest of the product.
"""
