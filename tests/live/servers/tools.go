//go:build tools

// Keeps kwok among the requirements of this module, which is where it is built.
package main

import _ "sigs.k8s.io/kwok/cmd/kwok"
