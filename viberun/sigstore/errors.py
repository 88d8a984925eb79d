"""What a signature is refused with."""

from __future__ import annotations


class SignatureError(Exception):
    """Nobody who is trusted vouches for it; the message says why, in one line without a full stop."""


class UnknownError(SignatureError):
    """It is of a form that this reader does not know, or of a service that the trusted root does not have: a later one may."""


class FormError(ValueError):
    """What was read has not the form that its specification wants. `bundle.verify` turns it into a SignatureError."""
