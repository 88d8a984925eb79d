"""Who makes certificates, as Fulcio does: an authority, and the log of certificates that promises to take them."""

import hashlib
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from tests.sigstore.claims import Claims, der

BEGINS, ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
_SCTS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_LIFE = timedelta(minutes=10)


class Authority:
    """A root and the authority below it that issues, with keys of its own."""

    def __init__(self) -> None:
        root_key = ec.generate_private_key(ec.SECP384R1())
        self._key = ec.generate_private_key(ec.SECP384R1())
        self._log_key = ec.generate_private_key(ec.SECP256R1())
        self.root = ca("root", root_key, "root", root_key)
        self.issuer = ca("intermediate", self._key, "root", root_key)
        self.log_spki = spki(self._log_key.public_key())

    def issue(
        self, key: ec.EllipticCurvePublicKey, claims: Claims, at: datetime, *, logged: bool = True, purpose: bool = True
    ) -> x509.Certificate:
        """A certificate for the claims, valid for ten minutes; not `logged` it has no promise of the log, and without its
        `purpose` it is not for signing code."""
        begins = at.replace(microsecond=0)
        usage = ExtendedKeyUsageOID.CODE_SIGNING if purpose else ExtendedKeyUsageOID.SERVER_AUTH
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.issuer.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + _LIFE)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(claims.signer)]), critical=True)
        )
        for extension in claims.extensions():
            builder = builder.add_extension(extension, critical=False)
        if logged:
            body = builder.sign(self._key, SHA384()).tbs_certificate_bytes
            builder = builder.add_extension(
                x509.UnrecognizedExtension(_SCTS, self._promised(body, begins)), critical=False
            )
        return builder.sign(self._key, SHA384())

    def _promised(self, body: bytes, at: datetime) -> bytes:
        """The list of one SCT (RFC 6962, sections 3.2 and 3.3), as it stands in an extension."""
        milliseconds = int(at.timestamp() * 1000).to_bytes(8)
        issuer = hashlib.sha256(spki(self._key.public_key())).digest()
        signed = b"\0\0" + milliseconds + b"\0\1" + issuer + len(body).to_bytes(3) + body + b"\0\0"
        signature = self._log_key.sign(signed, ec.ECDSA(SHA256()))
        log_id = hashlib.sha256(self.log_spki).digest()
        sct = b"\0" + log_id + milliseconds + b"\0\0" + b"\4\3" + len(signature).to_bytes(2) + signature
        one = len(sct).to_bytes(2) + sct
        return der(0x04, len(one).to_bytes(2) + one)


def spki(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def ca(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(distinguished(name))
        .issuer_name(distinguished(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGINS)
        .not_valid_after(ENDS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, SHA384())
    )


def distinguished(text: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, "sigstore.tests"), (NameOID.COMMON_NAME, text))
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])


def key_usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
