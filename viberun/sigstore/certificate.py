"""Certificates (RFC 5280), as much of them as those of Fulcio and of timestamp authorities have."""

from __future__ import annotations

from datetime import datetime

from viberun.sigstore import der
from viberun.sigstore.errors import FormError
from viberun.sigstore.key import Key, hash_of_ecdsa

CODE_SIGNING, TIME_STAMPING = "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.8"
_KEY_USAGE, _ALTERNATIVE_NAME, _BASIC_CONSTRAINTS, _EXTENDED_KEY_USAGE = (f"2.5.29.{last}" for last in (15, 17, 19, 37))
_UNDERSTOOD = (_KEY_USAGE, _ALTERNATIVE_NAME, _BASIC_CONSTRAINTS, _EXTENDED_KEY_USAGE)
_DIGITAL_SIGNATURE, _KEY_CERT_SIGN = 0x80, 0x04
_EMAIL, _URI = 0x81, 0x86


class Certificate:
    """A certificate. Raises FormError where it is none, or has a critical extension that is not known here.

    `extensions` are the values (DER) by their dotted identifiers.
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._tbs, self._algorithm, signature = der.parse(raw).children()
        self._signature = signature.bits()
        version, self.serial, inner, self.issuer, validity, self.subject, key, *optional = self._tbs.children()
        if der.parse(version.expect(der.CONTEXT_0).body).integer() != 2:
            raise FormError("a certificate is not of version 3")
        if inner.raw != self._algorithm.raw:
            raise FormError("a certificate names two algorithms for its signature")
        self.begins, self.ends = (time.time() for time in validity.children())
        self.key = Key(key.raw)
        self.extensions: dict[str, bytes] = {}
        for field in optional:
            if field.tag == der.CONTEXT_3:
                self._read(der.parse(field.body).children())

    def _read(self, extensions: list[der.Value]) -> None:
        for extension in extensions:
            identifier, *critical, value = extension.children()
            name = identifier.oid()
            if name in self.extensions:
                raise FormError(f"a certificate has the extension {name} twice")
            if any(flag.boolean() for flag in critical) and name not in _UNDERSTOOD:
                raise FormError(f"a certificate has the critical extension {name}, which is not known")
            self.extensions[name] = value.expect(der.OCTET_STRING).body

    def is_signed_by(self, issuer: Certificate) -> bool:
        """Whether the authority `issuer` made this certificate."""
        return (
            self.issuer.raw == issuer.subject.raw
            and issuer.is_authority
            and issuer.key.verifies(self._tbs.raw, self._signature, hash_of_ecdsa(self._algorithm))
        )

    def is_valid_at(self, time: datetime) -> bool:
        return self.begins <= time <= self.ends

    @property
    def is_authority(self) -> bool:
        """Whether its key signs certificates."""
        constraints = der.parse(self.extensions.get(_BASIC_CONSTRAINTS, b"\x30\x00")).children()
        return (
            bool(constraints)
            and constraints[0].tag == der.BOOLEAN
            and constraints[0].boolean()
            and self._may(_KEY_CERT_SIGN)
        )

    def signs_for(self, purpose: str) -> bool:
        """Whether its key signs documents, and for this purpose (an extended key usage)."""
        purposes = der.parse(self.extensions.get(_EXTENDED_KEY_USAGE, b"\x30\x00")).children()
        return purpose in [each.oid() for each in purposes] and self._may(_DIGITAL_SIGNATURE) and not self.is_authority

    def _may(self, usage: int) -> bool:
        bits = der.parse(self.extensions.get(_KEY_USAGE, b"\x03\x01\x00")).bits()
        return bool(bits and bits[0] & usage)

    @property
    def names(self) -> list[str]:
        """The URIs and e-mail addresses that it is for. Raises FormError where it is for anything else."""
        found = der.parse(self.extensions.get(_ALTERNATIVE_NAME, b"\x30\x00")).children()
        if any(name.tag not in (_EMAIL, _URI) for name in found):
            raise FormError("a certificate has a name of a kind that is not known")
        return [name.body.decode("ascii") for name in found]

    def text(self, name: str) -> str | None:
        """The text of an extension that is a UTF8String, as Fulcio's are; None without it."""
        value = self.extensions.get(name)
        return None if value is None else der.parse(value).text()

    def tbs_without(self, name: str) -> bytes:
        """Its TBSCertificate as it was before that extension came to it (RFC 6962, section 3.2)."""
        fields = self._tbs.children()
        extensions = der.parse(fields[-1].expect(der.CONTEXT_3).body).children()
        kept = b"".join(each.raw for each in extensions if each.children()[0].oid() != name)
        last = der.encode(der.CONTEXT_3, der.encode(der.SEQUENCE, kept))
        return der.encode(der.SEQUENCE, b"".join(field.raw for field in fields[:-1]) + last)
