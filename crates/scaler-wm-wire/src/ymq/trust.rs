//! Whom a peer behind TLS has to convince, and who we say we are.

use std::{fmt, path::PathBuf, str::FromStr};

/// Whom a peer at a `tls://` or `wss://` address has to convince.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The certificate authorities of this system.
    #[default]
    System,
    /// The certificates in this PEM file, be they of authorities or of the peer itself, and nobody else. It is read
    /// anew for every connection.
    File(PathBuf),
    /// One of these certificates, whoever signed it and whatever name is in it.
    Certificates(Vec<Pin>),
    /// Nobody: what travels is hidden from those who listen, not from those who pretend to be the peer.
    Anyone,
}

/// The certificate chain and key that a binder shows, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsIdentity {
    /// The certificate, and those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The SHA-256 of a certificate (of its DER form).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 32]);

/// Why a text is no [`Pin`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no SHA-256: 64 hexadecimal digits, as `openssl x509 -in cert.pem -noout -fingerprint -sha256` prints them"
)]
pub struct PinError(String);

impl Pin {
    /// The certificate with this SHA-256.
    #[must_use]
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || PinError(text.to_owned());
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
        if digits.len() != 64 {
            return Err(wrong());
        }
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            let value = |digit: u8| char::from(digit).to_digit(16);
            let (Some(high), Some(low)) = (value(pair[0]), value(pair[1])) else { return Err(wrong()) };
            *byte = u8::try_from(high * 16 + low).map_err(|_| wrong())?;
        }
        Ok(Self(digest))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_as_openssl_prints_them() {
        let colons = ["AB"; 32].join(":");
        let pin: Pin = colons.parse().unwrap();
        assert_eq!(pin, Pin::new([0xab; 32]));
        assert_eq!(pin.to_string().parse::<Pin>().unwrap(), pin);
        for wrong in ["", "ab", &"ag".repeat(32), &"ab".repeat(33)] {
            assert!(wrong.parse::<Pin>().unwrap_err().to_string().contains("64 hexadecimal digits"), "{wrong}");
        }
    }
}
