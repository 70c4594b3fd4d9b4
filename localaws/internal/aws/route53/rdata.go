package route53

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// recordTypes are the types that can be stored, which are those that the DNS
// server can answer.
var recordTypes = []string{"A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SPF", "SRV", "TXT"}

// checkValue tells what is wrong with a record's value, in its type's own
// format.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html
func checkValue(rrtype, text string) error {
	switch rrtype {
	case "A":
		if address, err := netip.ParseAddr(text); err != nil || !address.Is4() {
			return errors.New("ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)")
		}
	case "AAAA":
		if address, err := netip.ParseAddr(text); err != nil || !address.Is6() {
			return errors.New("AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)")
		}
	case "CNAME", "NS", "PTR":
		return checkDomain(text)
	case "MX":
		return checkNumbered(text, 2)
	case "SRV":
		return checkNumbered(text, 4)
	case "SOA":
		return checkSOA(text)
	case "CAA":
		_, err := ParseCAA(text)
		return err
	case "TXT", "SPF":
		_, err := ParseText(text)
		return err
	}
	return nil
}

func checkDomain(text string) error {
	if strings.ContainsAny(text, " \t\"") || text == "" {
		return errors.New("RRDATANotSingleField (Value should be a domain name)")
	}
	if _, err := normalize(text); err != nil {
		return fmt.Errorf("DomainNameInvalid (%w)", err)
	}
	return nil
}

// checkNumbered reads 16-bit numbers with a domain name behind them.
func checkNumbered(text string, fields int) error {
	parts := strings.Fields(text)
	if len(parts) != fields {
		return fmt.Errorf("RRDATAWrongFieldCount (Value should have %d fields)", fields)
	}
	for _, number := range parts[:fields-1] {
		if _, err := strconv.ParseUint(number, 10, 16); err != nil {
			return fmt.Errorf("RRDATANotANumber (%q is not a number from 0 to 65535)", number)
		}
	}
	return checkDomain(parts[fields-1])
}

func checkSOA(text string) error {
	parts := strings.Fields(text)
	if len(parts) != 7 {
		return errors.New("SOARRDATAWrongFieldCount (Value should have 7 fields)")
	}
	for _, number := range parts[2:] {
		if _, err := strconv.ParseUint(number, 10, 32); err != nil {
			return fmt.Errorf("SOARRDATANotANumber (%q is not a number)", number)
		}
	}
	return errors.Join(checkDomain(parts[0]), checkDomain(parts[1]))
}

// CAA is the content of a CAA record, RFC 8659.
type CAA struct {
	Critical bool
	Flags    uint8
	Tag      string // in lower case
	Value    string
}

// ParseCAA reads `0 issue "amazon.com"`.
func ParseCAA(text string) (CAA, error) {
	flags, rest, found := strings.Cut(text, " ")
	tag, quoted, alsoFound := strings.Cut(strings.TrimSpace(rest), " ")
	if !found || !alsoFound {
		return CAA{}, errors.New(`CAARRDATAWrongFieldCount (Value should be like 0 issue "ca.example.com")`)
	}
	number, err := strconv.ParseUint(flags, 10, 8)
	if err != nil {
		return CAA{}, fmt.Errorf("CAARRDATAInvalidFlags (%q is not a number from 0 to 255)", flags)
	}
	for _, c := range tag {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return CAA{}, fmt.Errorf("CAARRDATAInvalidTag (%q has a character that is not a letter or digit)", tag)
		}
	}
	quoted = strings.TrimSpace(quoted)
	if len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
		return CAA{}, errors.New("CAARRDATANotQuoted (Value should be enclosed in quotation marks)")
	}
	return CAA{
		Critical: number&128 != 0, Flags: uint8(number),
		Tag: strings.ToLower(tag), Value: quoted[1 : len(quoted)-1],
	}, nil
}

// ParseText reads the quoted strings of a TXT record, each at most 255 bytes.
func ParseText(text string) ([]string, error) {
	var list []string
	rest := strings.TrimSpace(text)
	for rest != "" {
		if rest[0] != '"' {
			return nil, errors.New("InvalidCharacterString (Value should be enclosed in quotation marks)")
		}
		one, after, err := quotedString(rest[1:])
		if err != nil {
			return nil, err
		}
		if len(one) > 255 {
			return nil, errors.New("CharacterStringTooLong (Value is longer than 255 characters)")
		}
		list = append(list, one)
		rest = strings.TrimLeft(after, " \t")
	}
	if len(list) == 0 {
		return nil, errors.New("InvalidCharacterString (Value is empty)")
	}
	return list, nil
}

func quotedString(text string) (one, after string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:], nil
		case c == '\\' && i+3 < len(text) && text[i+1] >= '0' && text[i+1] <= '3':
			code, err := strconv.ParseUint(text[i+1:i+4], 8, 8)
			if err != nil {
				return "", "", fmt.Errorf("InvalidCharacterString (%q is not an octal escape)", text[i:i+4])
			}
			b.WriteByte(byte(code))
			i += 3
		case c == '\\' && i+1 < len(text):
			b.WriteByte(text[i+1])
			i++
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errors.New("InvalidCharacterString (Value lacks its closing quotation mark)")
}
