// Command crdcheck says of custom resources what an API server says when they are created, by its own code.
//
// Arguments are files of CustomResourceDefinitions. Each line of standard input is one object in JSON, each line of
// standard output a list of what is wrong with it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

type checker struct {
	structural *structuralschema.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator
}

func main() {
	checkers := map[string]checker{}
	for _, path := range os.Args[1:] {
		must(read(path, checkers))
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, math.MaxInt32)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var object map[string]any
		must(kjson.Unmarshal(lines.Bytes(), &object))
		must(out.Encode(check(object, checkers)))
	}
	must(lines.Err())
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(path string, checkers map[string]checker) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var public v1.CustomResourceDefinition
	if err := yaml.Unmarshal(text, &public); err != nil {
		return err
	}
	for _, version := range public.Spec.Versions {
		var props apiextensions.JSONSchemaProps
		if err := v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &props, nil); err != nil {
			return err
		}
		structural, err := structuralschema.NewStructural(&props)
		if err != nil {
			return err
		}
		schema, _, err := validation.NewSchemaValidator(&props)
		if err != nil {
			return err
		}
		if version.Served {
			kind := public.Spec.Group + "/" + version.Name + " " + public.Spec.Names.Kind
			checkers[kind] = checker{structural, schema, cel.NewValidator(structural, true, celconfig.PerCallLimit)}
		}
	}
	return nil
}

func check(object map[string]any, checkers map[string]checker) []string {
	found, ok := checkers[fmt.Sprintf("%v %v", object["apiVersion"], object["kind"])]
	if !ok {
		return []string{"no CRD knows it"}
	}
	problems := []string{}
	options := structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	for _, path := range pruning.PruneWithOptions(object, found.structural, true, options) {
		problems = append(problems, "unknown field "+path)
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object, found.structural)
	defaulting.Default(object, found.structural)
	all := validation.ValidateCustomResource(nil, object, found.schema)
	all = append(all, listtype.ValidateListSetsAndMaps(nil, found.structural, object)...)
	if len(all) == 0 && found.rules != nil {
		errors, _ := found.rules.Validate(context.Background(), field.NewPath(""), found.structural, object, nil, celconfig.RuntimeCELCostBudget)
		all = append(all, errors...)
	}
	for _, each := range all {
		problems = append(problems, each.Error())
	}
	return problems
}
