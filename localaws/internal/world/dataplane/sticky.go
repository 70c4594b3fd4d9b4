package dataplane

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/elbv2"
)

// Cookies that keep a client at a target, or at a target group,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#sticky-sessions.
const (
	cookieTarget = "AWSALB"
	cookieCORS   = "AWSALBCORS"
	cookieApp    = "AWSALBAPP-0"
	cookieGroup  = "AWSALBTG"
)

// pin is what a cookie says; to clients it is opaque.
type pin struct {
	Group  string       `json:"g"` // ARN
	Target elbv2.Target `json:"t,omitzero"`
	Until  time.Time    `json:"u"`
}

func (p pin) encode() string {
	raw, err := json.Marshal(p)
	if err != nil {
		return "" // can't be: strings, a number and a time
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func readPin(r *http.Request, name string, now time.Time) (pin, bool) {
	cookie, err := r.Cookie(name)
	if err != nil {
		return pin{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return pin{}, false
	}
	var p pin
	if json.Unmarshal(raw, &p) != nil || now.After(p.Until) {
		return pin{}, false
	}
	return p, true
}

// stickyGroup is the target group that the client's cookie names, if the rule
// still has it and keeps clients at their group.
func (x *exchange) stickyGroup() *roster {
	if !x.groupsStick() {
		return nil
	}
	p, ok := readPin(x.request, cookieGroup, x.plane.account.Clock.Now())
	if !ok {
		return nil
	}
	for _, candidate := range x.rule.groups {
		if candidate.group.ARN == p.Group && candidate.weight > 0 {
			return candidate.roster
		}
	}
	return nil
}

func (x *exchange) groupsStick() bool {
	config := x.rule.action.ForwardConfig
	if config == nil || config.TargetGroupStickinessConfig == nil {
		return false
	}
	enabled := config.TargetGroupStickinessConfig.Enabled
	return enabled != nil && *enabled && len(x.rule.groups) > 1
}

// stickyTarget finds the endpoint that the client's cookie names; it returns
// nil where the group does not keep clients at their target.
func (x *exchange) stickyTarget() func([]member) (member, bool) {
	group := x.roster.group
	if !on(group.Attribute("stickiness.enabled")) {
		return nil
	}
	// A browser sends only the second one to another origin.
	names := []string{cookieTarget, cookieCORS}
	if group.Attribute("stickiness.type") == "app_cookie" {
		names = []string{cookieApp}
	}
	p, ok := pin{}, false
	for _, name := range names {
		if !ok {
			p, ok = readPin(x.request, name, x.plane.account.Clock.Now())
		}
	}
	if !ok || p.Group != group.ARN {
		return nil
	}
	return func(usable []member) (member, bool) {
		for _, m := range usable {
			if m.target == p.Target {
				return m, true
			}
		}
		return member{}, false
	}
}

// setStickiness adds the cookies to an answer.
func (x *exchange) setStickiness(response *http.Response) {
	if x.groupsStick() {
		for _, name := range []string{cookieGroup, cookieGroup + "CORS"} {
			duration := x.rule.action.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds
			x.setPin(response, name, pin{Group: x.roster.group.ARN}, time.Duration(*duration)*time.Second)
		}
	}
	group := x.roster.group
	if !on(group.Attribute("stickiness.enabled")) {
		return
	}
	target := pin{Group: group.ARN, Target: x.lease.target}
	if group.Attribute("stickiness.type") == "app_cookie" {
		if !sets(response, group.Attribute("stickiness.app_cookie.cookie_name")) {
			return
		}
		x.setPin(response, cookieApp, target, seconds(group.Attribute("stickiness.app_cookie.duration_seconds")))
		return
	}
	for _, name := range []string{cookieTarget, cookieCORS} {
		x.setPin(response, name, target, seconds(group.Attribute("stickiness.lb_cookie.duration_seconds")))
	}
}

// sets reports whether the target's answer sets that cookie.
func sets(response *http.Response, name string) bool {
	for _, cookie := range response.Cookies() {
		if cookie.Name == name {
			return true
		}
	}
	return false
}

func (x *exchange) setPin(response *http.Response, name string, p pin, duration time.Duration) {
	p.Until = x.plane.account.Clock.In(duration)
	cookie := http.Cookie{Name: name, Value: p.encode(), Path: "/", Expires: p.Until}
	if name == cookieCORS || name == cookieGroup+"CORS" {
		cookie.SameSite = http.SameSiteNoneMode
		cookie.Secure = x.site.listener.Protocol == "HTTPS"
	}
	response.Header.Add("Set-Cookie", cookie.String())
}
