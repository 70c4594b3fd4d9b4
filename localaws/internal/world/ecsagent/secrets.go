package ecsagent

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// readSecrets fetches the containers' secrets in the execution role's name.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html
func (t *task) readSecrets() (failure string) {
	reader := secretReader{t.agent.Agents, t.assignment.ExecutionRoleARN}
	for _, c := range t.containers {
		for _, secret := range c.definition.Secrets {
			value, err := reader.read(aws.ToString(secret.ValueFrom))
			if err != nil {
				failure := "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: " + err.Error()
				c.fail(failure)
				return failure
			}
			c.secrets[aws.ToString(secret.Name)] = value
		}
		if len(c.definition.EnvironmentFiles) > 0 {
			return "ResourceInitializationError: environmentFiles are not supported by localaws"
		}
	}
	return ""
}

// secretReader reads secrets in the name of a task's execution role.
type secretReader struct {
	*Agents
	role string
}

// read reads an SSM parameter, by name or ARN, or a secret of Secrets Manager
// by ARN, with :json-key:version-stage:version-id after it.
func (r secretReader) read(from string) (string, error) {
	if r.role == "" {
		return "", errors.New("the task has no execution role")
	}
	parts := strings.Split(from, ":")
	if len(parts) >= 7 && parts[0] == "arn" && parts[2] == "secretsmanager" {
		return r.managedSecret(parts)
	}
	return r.parameter(from)
}

func (r secretReader) parameter(from string) (value string, err error) {
	arn := from
	if !strings.HasPrefix(from, "arn:") {
		arn = r.account.ARN("ssm", "parameter/"+strings.TrimPrefix(from, "/"))
	}
	r.account.Do(func() {
		if ok, why := r.Roles.Allows(r.role, "ssm:GetParameters", arn); !ok {
			err = errors.New("unable to retrieve secrets from ssm: " + denied(r.role, "ssm:GetParameters", arn, why))
			return
		}
		var found bool
		if value, found = r.Parameters.Parameter(from); !found {
			err = fmt.Errorf("unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: %s", from)
		}
	})
	return value, err
}

func (r secretReader) managedSecret(parts []string) (value string, err error) {
	arn := strings.Join(parts[:7], ":")
	field := func(i int) string {
		if i < len(parts) {
			return parts[i]
		}
		return ""
	}
	r.account.Do(func() {
		if ok, why := r.Roles.Allows(r.role, "secretsmanager:GetSecretValue", arn); !ok {
			err = errors.New("unable to retrieve secret from asm: " + denied(r.role, "secretsmanager:GetSecretValue", arn, why))
			return
		}
		var found bool
		if value, found = r.Secrets.SecretValue(arn, field(8), field(9)); !found {
			err = errors.New("unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret " + arn +
				" from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.")
		}
	})
	if err != nil || field(7) == "" {
		return value, err
	}
	return jsonField(arn, value, field(7))
}

func jsonField(arn, document, key string) (string, error) {
	var fields map[string]any
	if err := json.Unmarshal([]byte(document), &fields); err != nil {
		return "", fmt.Errorf("unable to retrieve secret from asm: secret %s is not a JSON object", arn)
	}
	value, ok := fields[key]
	if !ok {
		return "", fmt.Errorf("unable to retrieve secret from asm: retrieved secret from Secrets Manager did not contain json key %s", key)
	}
	if text, ok := value.(string); ok {
		return text, nil
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("unable to retrieve secret from asm: key %s of %s: %w", key, arn, err)
	}
	return string(encoded), nil
}
