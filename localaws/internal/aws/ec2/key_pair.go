package ec2

import (
	"context"
	"crypto/md5" //nolint:gosec // EC2's fingerprints are MD5
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/tags"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// keyPair is an imported public key; localaws makes no private ones.
type keyPair struct {
	ID, Name, Type, PublicKey, Fingerprint string
	Created                                time.Time
}

// keyPairOperations are those on key pairs.
type keyPairOperations struct{ *records }

func (s *keyPairOperations) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("ImportKeyPair", s.importKeyPair),
		wire.Op("DeleteKeyPair", s.deleteKeyPair),
		wire.ReadOp("DescribeKeyPairs", s.describeKeyPairs),
	}
}

type importKeyPairInput struct {
	tagged
	KeyName           string
	PublicKeyMaterial []byte
}

type importKeyPairOutput struct {
	ID          string     `out:"keyPairId"`
	Name        string     `out:"keyName"`
	Fingerprint string     `out:"keyFingerprint"`
	Tags        []tags.Tag `out:"tagSet"`
}

func (s *keyPairOperations) importKeyPair(_ context.Context, in *importKeyPairInput) (*importKeyPairOutput, error) {
	if in.KeyName == "" {
		return nil, missing("KeyName")
	}
	if _, taken := s.keyByName(in.KeyName); taken {
		return nil, wire.Errorf("InvalidKeyPair.Duplicate", "The keypair already exists: %s", in.KeyName)
	}
	set, err := in.tagsFor("key-pair")
	if err != nil {
		return nil, err
	}
	kind, fingerprint, err := readPublicKey(string(in.PublicKeyMaterial))
	if err != nil {
		return nil, err
	}
	key := &keyPair{
		ID: ids.New("key"), Name: in.KeyName, Type: kind, PublicKey: string(in.PublicKeyMaterial),
		Fingerprint: fingerprint, Created: s.account.Clock.Now(),
	}
	s.keyPairs.Put(key.ID, key)
	s.setTags(key.ID, set)
	return &importKeyPairOutput{ID: key.ID, Name: key.Name, Fingerprint: fingerprint, Tags: s.tagsOf(key.ID).List()}, nil
}

// readPublicKey reads a key as OpenSSH writes it: a type, base64, a comment.
func readPublicKey(material string) (kind, fingerprint string, err error) {
	fields := strings.Fields(material)
	if len(fields) < 2 {
		return "", "", wire.Errorf("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
	}
	raw, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return "", "", wire.Errorf("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
	}
	switch fields[0] {
	case "ssh-rsa":
		kind = "rsa"
	case "ssh-ed25519":
		kind = "ed25519"
	default:
		return "", "", wire.Errorf("InvalidKey.Format", "Key type %s is not supported: use ssh-rsa or ssh-ed25519", fields[0])
	}
	sum := md5.Sum(raw) //nolint:gosec // as above
	var pairs []string
	for _, b := range sum {
		pairs = append(pairs, hex.EncodeToString([]byte{b}))
	}
	return kind, strings.Join(pairs, ":"), nil
}

type keyPairItem struct {
	ID          string     `out:"keyPairId"`
	Name        string     `out:"keyName"`
	Type        string     `out:"keyType"`
	Fingerprint string     `out:"keyFingerprint"`
	PublicKey   string     `out:"publicKey"`
	Created     time.Time  `out:"createTime"`
	Tags        []tags.Tag `out:"tagSet"`
}

type describeKeyPairsInput struct {
	Filters          []filter `in:"Filter"`
	Names            []string `in:"KeyName"`
	IDs              []string `in:"KeyPairId"`
	IncludePublicKey bool
}

type describeKeyPairsOutput struct {
	Keys []keyPairItem `out:"keySet"`
}

func (s *keyPairOperations) describeKeyPairs(_ context.Context, in *describeKeyPairsInput) (*describeKeyPairsOutput, error) {
	keys := family[*keyPair]{
		all: list(s.keyPairs), id: func(k *keyPair) string { return k.ID }, notFound: keyPairNotFound,
		attributes: attributes[*keyPair]{
			"key-pair-id": func(k *keyPair) []string { return one(k.ID) },
			"key-name":    func(k *keyPair) []string { return one(k.Name) },
			"fingerprint": func(k *keyPair) []string { return one(k.Fingerprint) },
		},
	}
	for _, name := range in.Names {
		key, ok := s.keyByName(name)
		if !ok {
			return nil, keyPairNotFound(name)
		}
		in.IDs = append(in.IDs, key.ID)
	}
	found, _, err := choose(s.records, keys, in.IDs, selection{Filters: in.Filters})
	return &describeKeyPairsOutput{Keys: each(found, func(k *keyPair) keyPairItem {
		item := keyPairItem{ID: k.ID, Name: k.Name, Type: k.Type, Fingerprint: k.Fingerprint, Created: k.Created, Tags: s.tagsOf(k.ID).List()}
		if in.IncludePublicKey {
			item.PublicKey = k.PublicKey
		}
		return item
	})}, err
}

type deleteKeyPairInput struct {
	KeyName   string
	KeyPairID string
}

type deleteKeyPairOutput struct {
	Return    bool   `out:"return"`
	KeyPairID string `out:"keyPairId"`
}

// deleteKeyPair succeeds for a key that does not exist, as EC2 does.
func (s *keyPairOperations) deleteKeyPair(_ context.Context, in *deleteKeyPairInput) (*deleteKeyPairOutput, error) {
	key, ok := s.keyByName(in.KeyName)
	if !ok {
		key, ok = s.keyPairs.Get(in.KeyPairID)
	}
	if !ok {
		return &deleteKeyPairOutput{Return: true}, nil
	}
	s.forget(key.ID)
	s.keyPairs.Delete(key.ID)
	return &deleteKeyPairOutput{Return: true, KeyPairID: key.ID}, nil
}
