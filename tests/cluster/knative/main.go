// Command knative-check reads one serving.knative.dev/v1 Service, YAML or JSON, from standard
// input, sets the defaults and validates it as Knative's own webhook does.
//
// It prints what the webhook would object to, warnings too, and fails on errors.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"knative.dev/pkg/apis"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := check(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(input io.Reader) error {
	text, err := io.ReadAll(input)
	if err != nil {
		return err
	}
	service := &servingv1.Service{}
	if err := yaml.UnmarshalStrict(text, service); err != nil {
		return err
	}
	if service.APIVersion != "serving.knative.dev/v1" || service.Kind != "Service" {
		return fmt.Errorf("not a serving.knative.dev/v1 Service: %q %q", service.APIVersion, service.Kind)
	}
	ctx := apis.WithinCreate(context.Background())
	service.SetDefaults(ctx)
	problems := service.Validate(ctx)
	if warnings := problems.Filter(apis.WarningLevel); warnings != nil {
		fmt.Fprintln(os.Stderr, "warning:", warnings)
	}
	// A typed nil would be an error that is not nil.
	if errors := problems.Filter(apis.ErrorLevel); errors != nil {
		return errors
	}
	return nil
}
