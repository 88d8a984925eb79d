"""What a signature is refused with."""

from __future__ import annotations


class SignatureError(Exception):
    """Nobody who is trusted vouches for it; the message says why, in one line without a full stop."""


class UnknownServiceError(SignatureError):
    """It is of a service of Sigstore's that the trusted root does not have: a later one may."""


class FormError(ValueError):
    """What was read has not the form that its specification wants. `bundle.verify` turns it into a SignatureError."""
