package ecs

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wire"
)

// settingDefaults are the account settings and what a new account has,
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html.
var settingDefaults = map[string]string{
	"awsvpcTrunking": "disabled", "containerInsights": "disabled", "containerInstanceLongArnFormat": "enabled",
	"defaultLogDriverMode": "non-blocking", "fargateEventWindows": "disabled", "fargateFIPSMode": "disabled",
	"fargateTaskRetirementWaitPeriod": "7", "guardDutyActivate": "off", "serviceLongArnFormat": "enabled",
	"tagResourceAuthorization": "on", "taskLongArnFormat": "enabled",
}

// setting is the value of an account setting.
func (r *region) setting(name string) string {
	if value, put := r.state.Settings.Get(name); put {
		return value
	}
	return settingDefaults[name]
}

// settingAPI is the API of account settings.
type settingAPI struct{ *region }

func (s settingAPI) operations() []wire.Operation {
	return []wire.Operation{
		wire.Op("PutAccountSetting", s.putAccountSetting),
		wire.Op("PutAccountSettingDefault", s.putAccountSetting),
		wire.ReadOp("ListAccountSettings", s.listAccountSettings),
		wire.Op("DeleteAccountSetting", s.deleteAccountSetting),
	}
}

func (s settingAPI) settingView(name string) *types.Setting {
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
func (s settingAPI) putAccountSetting(_ context.Context, in *putSettingInput) (*settingOutput, error) {
	if _, known := settingDefaults[in.Name]; !known {
		return nil, invalid("Invalid account setting name %q.", in.Name)
	}
	if in.Value == "" {
		return nil, invalid("The value of account setting %s must not be empty.", in.Name)
	}
	s.state.Settings.Put(in.Name, in.Value)
	return &settingOutput{s.settingView(in.Name)}, nil
}

type deleteSettingInput struct {
	Name         string
	PrincipalArn string
}

func (s settingAPI) deleteAccountSetting(_ context.Context, in *deleteSettingInput) (*settingOutput, error) {
	if _, known := settingDefaults[in.Name]; !known {
		return nil, invalid("Invalid account setting name %q.", in.Name)
	}
	v := s.settingView(in.Name)
	s.state.Settings.Delete(in.Name)
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

func (s settingAPI) listAccountSettings(_ context.Context, in *listSettingsInput) (*listSettingsOutput, error) {
	out := &listSettingsOutput{Settings: []types.Setting{}}
	for _, name := range slices.Sorted(maps.Keys(settingDefaults)) {
		_, put := s.state.Settings.Get(name)
		switch {
		case !in.EffectiveSettings && !put, in.Name != "" && in.Name != name, in.Value != "" && in.Value != s.setting(name):
			continue
		}
		out.Settings = append(out.Settings, *s.settingView(name))
	}
	return out, nil
}
