package rest_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire/rest"
)

type order struct {
	Name  string   `xml:"Name"`
	Items []string `xml:"Items>Item"`
	Rush  *struct {
		Hours int
	}
}

func TestDecodeXML(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body, wrong string
	}{
		{"all members", `<Order xmlns="urn:x"><Name>a</Name><Items><Item>1</Item><Item>2</Item></Items><Rush><Hours>3</Hours></Rush></Order>`, ""},
		{"no members", `<Order/>`, ""},
		{"empty", ``, "empty"},
		{"another root", `<Bill/>`, "<Bill>, not a <Order>"},
		{"unknown member", `<Order><Colour>red</Colour></Order>`, "Order/Colour"},
		{"unknown member in a list", `<Order><Items><Item>1</Item><Thing/></Items></Order>`, "Order/Items/Thing"},
		{"element in a scalar", `<Order><Name><b/></Name></Order>`, "Order/Name/b"},
		{"not closed", `<Order><Name>`, "EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got order
			err := rest.DecodeXML([]byte(test.body), "Order", &got)
			if test.wrong == "" {
				require.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.wrong)
		})
	}
}

func FuzzDecodeXML(f *testing.F) {
	f.Add([]byte(`<Order><Name>a</Name><Items><Item>1</Item></Items></Order>`))
	f.Add([]byte(`<Order><!-- a --><?b c?></Order><Order/>`))
	f.Fuzz(func(_ *testing.T, body []byte) {
		var got order
		_ = rest.DecodeXML(body, "Order", &got) // must not panic
	})
}

func TestFind(t *testing.T) {
	t.Parallel()
	routes := []rest.Route{
		{Method: "GET", Path: "/v1/zone", Operation: "List"},
		{Method: "GET", Path: "/v1/zone/{id}", Operation: "Get"},
		{Method: "POST", Path: "/v1/zone/{id}/records", Operation: "Change"},
	}
	tests := []struct {
		method, path, operation, id string
	}{
		{"GET", "/v1/zone", "List", ""},
		{"GET", "/v1/zone/", "List", ""},
		{"GET", "/v1/zone/Z1", "Get", "Z1"},
		{"GET", "/v1/zone/a%2Fb", "Get", "a/b"},
		{"POST", "/v1/zone/Z1/records/", "Change", "Z1"},
		{"POST", "/v1/zone", "", ""},
		{"GET", "/v2/zone", "", ""},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			t.Parallel()
			route, call, ok := rest.Find(routes, &wire.Request{Method: test.method, Path: test.path})
			require.Equal(t, test.operation != "", ok)
			if ok {
				assert.Equal(t, test.operation, route.Operation)
				assert.Equal(t, test.id, call.Param["id"])
			}
		})
	}
}

func TestUnknownQueryParametersAreRefused(t *testing.T) {
	t.Parallel()
	route := rest.Route{Operation: "List", Query: []string{"marker"}}
	check := func(query string) error {
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		return route.CheckQuery(&rest.Call{Request: &wire.Request{Query: values}})
	}
	require.NoError(t, check(""))
	require.NoError(t, check("marker=a&X-Amz-Signature=b"))
	assert.ErrorContains(t, check("marker=a&colour=red"), "UnsupportedParameter: localaws does not know the parameter colour of List")
}

func TestParametersOfWhatWasRead(t *testing.T) {
	t.Parallel()
	type item struct {
		Key   string
		Count *int `xml:"Number"`
	}
	var in struct {
		Items []item `xml:"Items>Item"`
		Note  string
		One   *item `xml:",omitempty"`
	}
	require.NoError(t, rest.DecodeXML([]byte("<In><Items><Item><Key>a</Key><Number>0</Number></Item><Item></Item></Items><Note></Note></In>"), "In", &in))
	assert.Equal(t, map[string]any{"Items": []any{map[string]any{"Key": "a", "Number": 0}, map[string]any{}}}, rest.Parameters(&in))
}
