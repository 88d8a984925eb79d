"""Certificate authorities: Fulcio's, with the log of its certificates (RFC 6962), and what others are built of."""

import datetime
import hashlib
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.sigstore import der, keys
from tests.sigstore.claims import GITHUB, Claims, extensions, identity

LIFETIME = datetime.timedelta(minutes=10)
"""Of a certificate of Fulcio's."""

SINCE = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
"""Everything of an instance is valid from then."""

_UNTIL = datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC)
_SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "sigstore.test"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def key_usage(*, signs: str) -> x509.KeyUsage:
    """`signs`: "certificates" or "messages"."""
    return x509.KeyUsage(
        digital_signature=signs == "messages",
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs == "certificates",
        crl_sign=signs == "certificates",
        encipher_only=False,
        decipher_only=False,
    )


def unsigned(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePublicKey,
    since: datetime.datetime = SINCE,
    until: datetime.datetime = _UNTIL,
) -> x509.CertificateBuilder:
    """A certificate without what says of what use it is. Its serial number is of its key: the same one for the same key."""
    key_info = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(int.from_bytes(hashlib.sha256(key_info).digest()[:19]))
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def root(common: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return (
        unsigned(name(common), key.public_key(), name(common), key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage(signs="certificates"), critical=True)
        .sign(key, hashes.SHA384(), ecdsa_deterministic=True)
    )


class CertificateLog:
    """Promises to take certificates in; keeps none."""

    def __init__(self, keyring: keys.Keyring) -> None:
        self.key = keyring.ecdsa("certificates' log", ec.SECP256R1())

    def promise(self, to_be_signed: bytes, issuer: ec.EllipticCurvePrivateKey, at: datetime.datetime) -> bytes:
        """The SCT list (RFC 6962, section 3.3) for a certificate that has none yet, as DER."""
        moment = struct.pack(">Q", int(at.timestamp() * 1000))
        entry = keys.key_id(issuer) + len(to_be_signed).to_bytes(3, "big") + to_be_signed
        signature = keys.sign(self.key, b"\0\0" + moment + b"\0\1" + entry + b"\0\0")
        sha256_ecdsa = b"\4\3"
        sct = b"\0" + keys.key_id(self.key) + moment + b"\0\0" + sha256_ecdsa + _sized(signature)
        return der.encode(der.OCTET_STRING, _sized(_sized(sct)))


class CertificateAuthority:
    """Fulcio: a root, an intermediate authority that issues, a log. Its jobs are those of the GitHub at `github`."""

    def __init__(self, keyring: keys.Keyring) -> None:
        self.github = GITHUB
        root_key = keyring.ecdsa("root", ec.SECP384R1())
        self._key = keyring.ecdsa("intermediate", ec.SECP384R1())
        self.log = CertificateLog(keyring)
        self.root = root("root", root_key)
        self.intermediate = (
            unsigned(name("intermediate"), self._key.public_key(), self.root.subject, root_key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(key_usage(signs="certificates"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .sign(root_key, hashes.SHA384(), ecdsa_deterministic=True)
        )

    def issue(
        self,
        public_key: ec.EllipticCurvePublicKey,
        claims: Claims,
        at: datetime.datetime,
        *,
        logged: bool = True,
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CODE_SIGNING,
    ) -> x509.Certificate:
        """Valid for ten minutes from `at`, with a promise of the log if it is `logged`."""
        at = at.replace(microsecond=0)
        issuer = self.intermediate.subject
        builder = (
            unsigned(x509.Name([]), public_key, issuer, self._key.public_key(), at, at + LIFETIME)
            .add_extension(key_usage(signs="messages"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity(claims, self.github))]),
                critical=True,
            )
        )
        for oid, value in extensions(claims, self.github).items():
            builder = builder.add_extension(
                x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), critical=False
            )
        if not logged:
            return builder.sign(self._key, hashes.SHA384())
        to_be_signed = builder.sign(self._key, hashes.SHA384()).tbs_certificate_bytes
        promise = x509.UnrecognizedExtension(_SCT_LIST, self.log.promise(to_be_signed, self._key, at))
        return builder.add_extension(promise, critical=False).sign(self._key, hashes.SHA384())


def _sized(content: bytes) -> bytes:
    return struct.pack(">H", len(content)) + content
