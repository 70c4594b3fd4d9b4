package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// settingDefaults are the account settings and what a new account has,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html.
var settingDefaults = map[string]string{
	"awsvpcTrunking": "disabled", "containerInsights": "disabled", "containerInstanceLongArnFormat": "enabled",
	"defaultLogDriverMode": "non-blocking", "fargateEventWindows": "disabled", "fargateFIPSMode": "disabled",
	"fargateTaskRetirementWaitPeriod": "7", "guardDutyActivate": "off", "serviceLongArnFormat": "enabled",
	"tagResourceAuthorization": "on", "taskLongArnFormat": "enabled",
}

func (s *Service) setting(name string) string {
	if value, put := s.state.Settings[name]; put {
		return value
	}
	return settingDefaults[name]
}

func (s *Service) settingView(name string) *types.Setting {
	return &types.Setting{
		Name: types.SettingName(name), Value: aws.String(s.setting(name)),
		PrincipalArn: aws.String(s.acct.GlobalARN("iam", "root")), Type: types.SettingTypeUser,
	}
}

type putSettingInput struct {
	Name         string
	Value        string
	PrincipalArn string
}

type settingOutput struct{ Setting *types.Setting }

// putAccountSetting sets the account's default: localaws has one principal.
func (s *Service) putAccountSetting(_ context.Context, in *putSettingInput) (*settingOutput, error) {
	if _, known := settingDefaults[in.Name]; !known {
		return nil, invalid("Invalid account setting name %q.", in.Name)
	}
	if in.Value == "" {
		return nil, invalid("The value of account setting %s must not be empty.", in.Name)
	}
	s.state.Settings[in.Name] = in.Value
	return &settingOutput{s.settingView(in.Name)}, nil
}

type deleteSettingInput struct {
	Name         string
	PrincipalArn string
}

func (s *Service) deleteAccountSetting(_ context.Context, in *deleteSettingInput) (*settingOutput, error) {
	if _, known := settingDefaults[in.Name]; !known {
		return nil, invalid("Invalid account setting name %q.", in.Name)
	}
	v := s.settingView(in.Name)
	delete(s.state.Settings, in.Name)
	return &settingOutput{v}, nil
}

type listSettingsInput struct {
	EffectiveSettings bool
	Name              string
	Value             string
	PrincipalArn      string
	MaxResults        *int32
	NextToken         string
}

type listSettingsOutput struct {
	Settings  []types.Setting
	NextToken string
}

func (s *Service) listAccountSettings(_ context.Context, in *listSettingsInput) (*listSettingsOutput, error) {
	out := &listSettingsOutput{Settings: []types.Setting{}}
	for _, name := range sortedKeys(settingDefaults) {
		_, put := s.state.Settings[name]
		switch {
		case !in.EffectiveSettings && !put, in.Name != "" && in.Name != name, in.Value != "" && in.Value != s.setting(name):
			continue
		}
		out.Settings = append(out.Settings, *s.settingView(name))
	}
	return out, nil
}
