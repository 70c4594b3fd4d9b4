package ssm

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
)

// publicPrefix begins the names of AWS's own parameters.
const publicPrefix = "/aws/"

// recommendation is what the parameter ".../recommended" says of an image;
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html.
type recommendation struct {
	AgentVersion   string `json:"ecs_agent_version"`
	RuntimeVersion string `json:"ecs_runtime_version"`
	ImageID        string `json:"image_id"`
	ImageName      string `json:"image_name"`
	ImageVersion   string `json:"image_version"`
	OS             string `json:"os"`
	SchemaVersion  int    `json:"schema_version"`
}

// Versions that the images are said to hold.
const (
	agentVersion   = "1.101.0"
	runtimeVersion = "Docker version 25.0.13"
)

// publicParameters are those of the newest image of each kind, and of every
// image by its name.
func publicParameters(images []ec2.Image) map[string]*parameter {
	all := map[string]*parameter{}
	newest := map[string]ec2.Image{}
	for _, image := range images {
		directory := directoryOf(image)
		if before, ok := newest[directory]; !ok || image.Created.After(before.Created) {
			newest[directory] = image
		}
		if image.ECSOptimized {
			addImage(all, directory+"/"+image.Name, image)
		}
	}
	for directory, image := range newest {
		if image.ECSOptimized {
			addImage(all, directory+"/recommended", image)
			continue
		}
		for _, kernel := range []string{"default", "6.1"} {
			add(all, fmt.Sprintf("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-%s-%s", kernel, image.Architecture), image.ID, image)
		}
	}
	return all
}

// directoryOf is where the parameters of a kind of images are.
func directoryOf(image ec2.Image) string {
	directory := "/aws/service/ecs/optimized-ami/" + image.Line
	if image.Architecture != "x86_64" {
		directory += "/" + image.Architecture
	}
	if image.GPU {
		directory += "/gpu"
	}
	return directory
}

// addImage adds an image's parameters: all that is known as JSON, and the parts
// by themselves.
func addImage(all map[string]*parameter, name string, image ec2.Image) {
	r := recommendation{
		AgentVersion: agentVersion, RuntimeVersion: runtimeVersion, ImageID: image.ID, ImageName: image.Name,
		ImageVersion: versionOf(image), OS: "Amazon Linux 2023", SchemaVersion: 1,
	}
	if image.Line == "amazon-linux-2" {
		r.OS = "Amazon Linux 2"
	}
	text, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("encoding a public parameter: %v", err)) // only strings and a number
	}
	add(all, name, string(text), image)
	for part, value := range map[string]string{
		"image_id": r.ImageID, "image_name": r.ImageName, "image_version": r.ImageVersion, "os": r.OS,
		"ecs_agent_version": r.AgentVersion, "ecs_runtime_version": r.RuntimeVersion, "schema_version": "1",
	} {
		add(all, name+"/"+part, value, image)
	}
}

// versionOf is the version in an image's name: 2023.0.20260101.
func versionOf(image ec2.Image) string {
	date := image.Created.Format("20060102")
	at := strings.Index(image.Name, date)
	return image.Name[strings.LastIndex(image.Name[:at], "-")+1:at] + date
}

func add(all map[string]*parameter, name, value string, image ec2.Image) {
	all[name] = &parameter{
		Name: name, Type: typeString, Tier: "Standard", DataType: "text",
		Latest: version{Number: 1, Value: value, Modified: image.Created},
	}
}
