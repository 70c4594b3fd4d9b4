package awsapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answering is a client of a server that gives these answers, one after the
// other, and the requests that it got.
func answering(t *testing.T, answers ...string) (client *Client, requests *[]string) {
	t.Helper()
	requests = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("reading a request: %v", err)
		}
		*requests = append(*requests, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Amz-Target")+" "+string(body)+" "+r.Header.Get("Authorization"))
		answer := answers[min(len(*requests), len(answers))-1]
		if answer[0] == '!' {
			answer = answer[1:]
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	client = New(aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	})
	client.pause = time.Microsecond
	return client, requests
}

func TestQuery(t *testing.T) {
	t.Parallel()
	client, requests := answering(t, "<R><vpcId>vpc-1</vpcId></R>")
	var out struct {
		ID string `xml:"vpcId"`
	}
	require.NoError(t, client.Query(t.Context(), EC2, "DescribeVpcs", map[string]string{"VpcId.1": "vpc-1"}, &out))
	assert.Equal(t, "vpc-1", out.ID)
	require.Len(t, *requests, 1)
	assert.Contains(t, (*requests)[0], "POST /  Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1 AWS4-HMAC-SHA256 Credential=AKID/")
	assert.Contains(t, (*requests)[0], "/eu-west-1/ec2/aws4_request")
}

func TestGlobalServicesAreSignedForTheirRegion(t *testing.T) {
	t.Parallel()
	client, requests := answering(t, "<R/>")
	require.NoError(t, client.Get(t.Context(), Route53, "/2013-04-01/hostedzone/Z1", nil))
	assert.Contains(t, (*requests)[0], "GET /2013-04-01/hostedzone/Z1 ")
	assert.Contains(t, (*requests)[0], "/us-east-1/route53/aws4_request")
}

func TestEndpointsOfAWS(t *testing.T) {
	t.Parallel()
	client := New(aws.Config{Region: "eu-west-1"})
	assert.Equal(t, "https://tagging.eu-west-1.amazonaws.com", client.endpoint(Tagging))
	assert.Equal(t, "https://tagging.us-east-1.amazonaws.com", client.In(GlobalRegion).endpoint(Tagging))
	assert.Equal(t, "https://iam.amazonaws.com", client.endpoint(IAM))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"JSON":  `!{"__type": "com.amazonaws#NoSuchThing", "message": "it is gone"}`,
		"Query": `!<ErrorResponse><Error><Code>NoSuchThing</Code><Message>it is gone</Message></Error></ErrorResponse>`,
		"EC2":   `!<Response><Errors><Error><Code>NoSuchThing</Code><Message>it is gone</Message></Error></Errors></Response>`,
	} {
		client, requests := answering(t, answer)
		err := client.JSON(t.Context(), Events, "AWSEvents.ListRules", struct{}{}, nil)
		assert.EqualError(t, err, "events:ListRules: NoSuchThing: it is gone", name)
		assert.True(t, Refused(err, "Other", "NoSuchThing"), name)
		assert.Len(t, *requests, 1, "%s: a refusal is not retried", name)
	}
}

func TestThrottledCallsAreRepeated(t *testing.T) {
	t.Parallel()
	throttled := `!{"__type": "ThrottlingException", "message": "Rate exceeded"}`
	client, requests := answering(t, throttled, throttled, `{"Targets": [{"Id": "topic"}]}`)
	var out struct{ Targets []struct{ ID string } }
	require.NoError(t, client.JSON(t.Context(), Events, "AWSEvents.ListTargetsByRule", map[string]string{"Rule": "a"}, &out))
	assert.Equal(t, "topic", out.Targets[0].ID)
	assert.Len(t, *requests, 3)

	client, requests = answering(t, throttled)
	assert.ErrorContains(t, client.JSON(t.Context(), Events, "AWSEvents.ListRules", struct{}{}, nil), "ThrottlingException")
	assert.Len(t, *requests, attempts, "in the end it gives up")
}
