package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// registry serves images to pull from a folder that build_images.py fills: blobs/sha256/HEX, tags/NAME/TAG (a digest
// in it). containerd sends it the pulls of every host, as an air-gapped site's mirror would get them: NAME has no host.
func registry(args []string) error {
	listen, root := args[0], args[1]
	return http.ListenAndServe(listen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(filepath.Clean(r.URL.Path), "/v2")
		if path == "" || path == "/" {
			return
		}
		name, kind, ref := "", "", ""
		for _, k := range []string{"/manifests/", "/blobs/"} {
			if i := strings.LastIndex(path, k); i > 0 {
				name, kind, ref = path[1:i], k, path[i+len(k):]
			}
		}
		digest := ref
		if kind == "/manifests/" && !strings.HasPrefix(ref, "sha256:") {
			b, err := os.ReadFile(filepath.Join(root, "tags", name, ref))
			if err != nil {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(404)
				w.Write([]byte(`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such image here"}]}`))
				return
			}
			digest = strings.TrimSpace(string(b))
		}
		file := filepath.Join(root, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
		if kind == "/manifests/" {
			b, err := os.ReadFile(file)
			if err != nil {
				http.NotFound(w, r)
				return
			}
			var m struct{ MediaType string }
			json.Unmarshal(b, &m)
			w.Header().Set("Content-Type", m.MediaType)
		} else {
			w.Header().Set("Content-Type", "application/octet-stream")
		}
		w.Header().Set("Docker-Content-Digest", digest)
		http.ServeFile(w, r, file)
	}))
}
