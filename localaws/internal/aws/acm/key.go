package acm

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
)

const defaultKeyAlgorithm = "RSA_2048"

// requestableKeys are the algorithms of public certificates.
// https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
var requestableKeys = []string{"RSA_2048", "EC_prime256v1", "EC_secp384r1"}

func newKey(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "RSA_2048":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "EC_prime256v1":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EC_secp384r1":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return nil, fmt.Errorf("the key algorithm %s is unknown", algorithm)
}

// describedKey is how answers write an algorithm: RSA-2048.
func describedKey(algorithm string) string { return strings.Replace(algorithm, "_", "-", 1) }

// encodePair writes a certificate with its chain, and its key, as PEM.
func encodePair(pair *tls.Certificate) (chain, key string, err error) {
	var b strings.Builder
	for _, der := range pair.Certificate {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return "", "", fmt.Errorf("encoding a certificate's key: %w", err)
	}
	return b.String(), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}
