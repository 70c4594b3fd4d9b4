package targethealth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// LogReader reads CloudWatch Logs. It signs the one request that it needs
// itself: the SDK's package for the service costs more to compile than it
// saves.
type LogReader struct {
	Config aws.Config
	Client *http.Client
}

// Tail returns the last lines of a log stream.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
func (r LogReader) Tail(ctx context.Context, group, stream string, lines int) ([]string, error) {
	question, err := json.Marshal(map[string]any{"logGroupName": group, "logStreamName": stream, "limit": lines, "startFromHead": false})
	if err != nil {
		return nil, fmt.Errorf("request for log stream %s: %w", stream, err)
	}
	endpoint := "https://logs." + r.Config.Region + ".amazonaws.com"
	if r.Config.BaseEndpoint != nil {
		endpoint = *r.Config.BaseEndpoint
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(endpoint, "/")+"/", bytes.NewReader(question))
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", endpoint, err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "Logs_20140328.GetLogEvents")
	credentials, err := r.Config.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	hash := sha256.Sum256(question)
	if err := v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(hash[:]), "logs", r.Config.Region, time.Now()); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	response, err := r.Client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking CloudWatch Logs: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	return readEvents(response, stream)
}

func readEvents(response *http.Response, stream string) ([]string, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err != nil {
		return nil, fmt.Errorf("reading log stream %s: %w", stream, err)
	}
	var answer struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
		Events  []struct {
			Message string `json:"message"`
		} `json:"events"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("log stream %s: %s, and not JSON: %w", stream, response.Status, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("log stream %s: %s %s", stream, answer.Type[strings.LastIndex(answer.Type, "#")+1:], answer.Message)
	}
	var lines []string
	for _, event := range answer.Events {
		lines = append(lines, strings.TrimRight(event.Message, "\r\n"))
	}
	return lines, nil
}
