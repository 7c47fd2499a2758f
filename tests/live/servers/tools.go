//go:build tools

// Keeps kwok's own program among the module's requirements.
package main

import _ "sigs.k8s.io/kwok/cmd/kwok"
