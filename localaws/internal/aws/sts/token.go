package sts

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// webToken are the claims of an OpenID Connect token that matter here.
type webToken struct {
	Issuer   string          `json:"iss"`
	Subject  string          `json:"sub"`
	Audience json.RawMessage `json:"aud"`
}

// readToken reads the claims of a JSON Web Token.
func readToken(text string) (webToken, error) {
	refused := wire.Errorf("InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return webToken{}, refused
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return webToken{}, refused
	}
	var token webToken
	if err := json.Unmarshal(raw, &token); err != nil || token.Issuer == "" || token.Subject == "" {
		return webToken{}, refused
	}
	return token, nil
}

// audience is the first of the token's audiences.
func (t webToken) audience() string {
	var one string
	if json.Unmarshal(t.Audience, &one) == nil {
		return one
	}
	var several []string
	if json.Unmarshal(t.Audience, &several) == nil && len(several) > 0 {
		return several[0]
	}
	return ""
}
