"""Timestamps (RFC 3161): when an authority that is trusted saw a signature."""

from __future__ import annotations

import hashlib
from datetime import datetime

from viberun.sigstore import der
from viberun.sigstore.certificate import TIME_STAMPING
from viberun.sigstore.errors import FormError
from viberun.sigstore.key import hash_of, hash_of_ecdsa
from viberun.sigstore.trusted_root import Authority

_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_GRANTED = 0
_SIGNED_DATA_VERSION, _SIGNER_INFO_VERSION = (
    3,
    1,
)  # RFC 5652: of a content that is no data; of a signer named by its issuer


def time_of(response: bytes, message: bytes, authorities: tuple[Authority, ...]) -> datetime | None:
    """When one of these stamped `message`; None if none of them did. Raises ValueError where `response` is no timestamp."""
    status, token = der.parse(response).children()
    kind, content = token.children()
    if status.children()[0].integer() != _GRANTED or kind.oid() != _SIGNED_DATA:
        return None
    version, algorithms, capsule, *certificates, signers = der.parse(content.expect(der.CONTEXT_0).body).children()
    known = [certificate.raw for authority in authorities for certificate in authority.chain]
    brought = [each.raw for field in certificates for each in field.children(der.CONTEXT_0)]
    if version.integer() != _SIGNED_DATA_VERSION or not all(each in known for each in brought):
        return None
    info_kind, info_content = capsule.children()
    info = der.parse(info_content.expect(der.CONTEXT_0).body).expect(der.OCTET_STRING).body
    (signer,) = signers.children(der.SET)
    if hash_of(signer.children()[2]) not in map(hash_of, algorithms.children(der.SET)):
        return None
    _, _, imprint, _, time, *_ = der.parse(info).children()
    algorithm, digest = imprint.children()
    if info_kind.oid() != _TST_INFO or _hashed(algorithm, message) != digest.expect(der.OCTET_STRING).body:
        return None
    stamped = time.expect(der.GENERALIZED_TIME).time()
    return stamped if any(_is_signed(signer, info, stamped, each) for each in authorities) else None


def _is_signed(signer: der.Value, info: bytes, time: datetime, authority: Authority) -> bool:
    """Whether that SignerInfo (RFC 5652, section 5.3) over `info` is the authority's."""
    leaf, *above = authority.chain
    issued = all(each.is_signed_by(issuer) for each, issuer in zip(authority.chain, above))
    if not authority.is_trusted_at(time) or not leaf.signs_for(TIME_STAMPING) or not issued:
        return False
    version, who, digest, attributes, algorithm, signature = signer.children()
    issuer, serial = who.children()
    named = (version.integer(), issuer.raw, serial.raw)
    if named != (_SIGNER_INFO_VERSION, leaf.issuer.raw, leaf.serial.raw):
        return False
    said: dict[str, der.Value] = {}
    for attribute in attributes.children(der.CONTEXT_0):
        name, values = attribute.children()
        (value,) = values.children(der.SET)
        if said.setdefault(name.oid(), value) is not value:
            raise FormError("a timestamp has an attribute twice")
    if said[_CONTENT_TYPE].oid() != _TST_INFO or said[_MESSAGE_DIGEST].expect(der.OCTET_STRING).body != _hashed(
        digest, info
    ):
        return False
    plain = algorithm.children()[0].oid() == _EC_PUBLIC_KEY  # then the hash is that of the message
    hash_name = hash_of(digest) if plain else hash_of_ecdsa(algorithm)
    return leaf.key.verifies(der.encode(der.SET, attributes.body), signature.expect(der.OCTET_STRING).body, hash_name)


def _hashed(algorithm: der.Value, data: bytes) -> bytes:
    return hashlib.new(hash_of(algorithm), data).digest()
