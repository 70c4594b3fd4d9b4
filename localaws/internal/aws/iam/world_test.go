package iam_test

import (
	"bytes"
	"encoding/xml"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// trustEC2 lets EC2 act as a role.
const trustEC2 = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`

// world is IAM behind its wire.
type world struct {
	*wiretest.Server
	iam     *iam.Service
	account *core.Account
	clock   *clock.Fake
}

func newWorld(t *testing.T) *world {
	t.Helper()
	a, fake := wiretest.NewAccount()
	w := &world{account: a, clock: fake, iam: iam.New(a)}
	w.Server = wiretest.NewServer(t, a, w.iam.Wire())
	return w
}

// call sends an operation with parameters written as name, value, name, value.
func (w *world) call(t *testing.T, action string, parameters ...string) *wiretest.Reply {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	return w.Query(t, "iam", action, form, nil)
}

// list calls an operation that must succeed, and returns the texts of all
// elements with that name.
func (w *world) list(t *testing.T, element, action string, parameters ...string) []string {
	t.Helper()
	return texts(t, w.call(t, action, parameters...).OK(t).Body, element)
}

// get is the first of them.
func (w *world) get(t *testing.T, element, action string, parameters ...string) string {
	t.Helper()
	all := w.list(t, element, action, parameters...)
	require.NotEmpty(t, all, "no <%s>", element)
	return all[0]
}

func texts(t *testing.T, body []byte, element string) []string {
	t.Helper()
	all := []string{}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return all
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != element {
			continue
		}
		var text string
		require.NoError(t, decoder.DecodeElement(&text, &start))
		all = append(all, text)
	}
}

// role makes a role that EC2 may assume, and returns its ARN.
func (w *world) role(t *testing.T, name string) string {
	t.Helper()
	return w.get(t, "Arn", "CreateRole", "RoleName", name, "AssumeRolePolicyDocument", trustEC2)
}

func (w *world) allows(role, action, resource string, c iam.Context) (ok bool, why string) {
	w.account.Do(func() { ok, why = w.iam.AllowsIn(role, action, resource, c) })
	return ok, why
}

// decoded reads a document as IAM answers it.
func decoded(t *testing.T, document string) string {
	t.Helper()
	text, err := url.PathUnescape(document) // %20, never +
	require.NoError(t, err)
	return text
}
