//go:build tools

// Package main names the program that is built with this module's versions.
package main

import (
	_ "github.com/argoproj/argo-rollouts/cmd/rollouts-controller"
)
