"""Name the verbs of the command line, each with its line in the help."""

# The lines of `platformc --help`: reading them from the commands would import all of them.
VERBS = {
    "adopt": "Print the lines of the spec that take over running servers.",
    "apply-plan": "Print the commands that deliver an environment, in order.",
    "argocd": "Deliver by Argo CD: its plugin and applications.",
    "client-kit": "Write a workload's environment, for pods of your own.",
    "compile": "Compile the spec into base/, overlays/ and out/.",
    "completion": "Print the script that completes words in a shell.",
    "diff": "Show the effect of a change on running systems, and its causes.",
    "doctor": "Check that a cluster has everything the environment needs.",
    "env": "Print the variables that a workload or model gets.",
    "explain": "Explain a diagnostic, a component or a field.",
    "graph": "Draw the bindings between instances.",
    "help": "Explain a verb.",
    "images": "List every image, or pin every image by digest.",
    "impact": "List the instances that use an instance, also through others.",
    "init": "Write a first platform.yaml.",
    "models": "Ask the model registry for the versions of models.",
    "move": "Print the commands that move data to another back end.",
    "prerequisites": "List the upstream systems to install, and how.",
    "render": "Print every manifest, in the order of delivery.",
    "restore": "Print the commands that restore backups, in order.",
    "schema": "Print the JSON Schema of platform.yaml, for editors.",
    "secrets": "List, generate and rotate credentials.",
    "validate": "Check the spec and its output; correct it with --fix.",
    "vendor": "Copy releases of upstream systems into operators/.",
    "version": "Print the versions of platformc and of its schemas.",
}
# Verbs of other tools that mean the same.
SYNONYMS = {
    "apply": "apply-plan",
    "build": "compile",
    "check": "validate",
    "deploy": "apply-plan",
    "generate": "compile",
    "install": "apply-plan",
    "lint": "validate",
    "new": "init",
    "plan": "diff",
    "synth": "compile",
    "template": "render",
}
