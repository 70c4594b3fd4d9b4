package route53

import (
	"fmt"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// normalize brings a domain name into the form that Route 53 stores: lower
// case, with a dot at its end, and with every byte that is not a letter, digit,
// hyphen or underscore as an octal escape: "*.Example.com" is
// "\052.example.com.".
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
func normalize(name string) (string, error) {
	raw, err := unescape(name)
	if err != nil {
		return "", err
	}
	raw = strings.TrimSuffix(strings.ToLower(raw), ".")
	if raw == "" {
		return ".", nil
	}
	if len(raw) > 253 {
		return "", fmt.Errorf("it is longer than 255 bytes")
	}
	labels := strings.Split(raw, ".")
	for _, label := range labels {
		if label == "" {
			return "", fmt.Errorf("it has an empty label")
		}
		if len(label) > 63 {
			return "", fmt.Errorf("its label %q is longer than 63 bytes", label)
		}
	}
	var b strings.Builder
	for _, c := range []byte(raw) {
		if c == '.' || c == '-' || c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String() + ".", nil
}

func unescape(name string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if name[i] != '\\' {
			b.WriteByte(name[i])
			continue
		}
		if i+3 >= len(name) {
			return "", fmt.Errorf("it ends within an escape")
		}
		value := 0
		for _, digit := range name[i+1 : i+4] {
			if digit < '0' || digit > '7' {
				return "", fmt.Errorf("its escape %q is not octal", name[i:i+4])
			}
			value = value*8 + int(digit-'0')
		}
		if value > 255 {
			return "", fmt.Errorf("its escape %q is not a byte", name[i:i+4])
		}
		b.WriteByte(byte(value))
		i += 3
	}
	return b.String(), nil
}

func validName(name string) (string, error) {
	normal, err := normalize(name)
	if err != nil {
		return "", wire.Errorf("InvalidDomainName", "%q is not a valid domain name: %v", name, err)
	}
	return normal, nil
}

// within reports whether a normalized name is a zone's or lies below it.
func within(name, zoneName string) bool {
	return name == zoneName || strings.HasSuffix(name, "."+zoneName)
}

// parent is the name without its first label; "." has none.
func parent(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	if rest == "" {
		return "."
	}
	return rest
}

// reversed is the name with its labels in reverse order, which is how Route 53
// sorts: com.example.www.
func reversed(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}
