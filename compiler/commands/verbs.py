"""Name the verbs of the command line, each with its line in the help."""

# The lines of `platformc --help`: reading them from the commands would import all of them.
VERBS = {
    "adopt": "Print the sections that take over the servers of a cluster.",
    "apply-plan": "Print the commands that deliver an environment, in order.",
    "argocd": "Deliver by Argo CD: its plugin and applications.",
    "client-kit": "Write a workload's environment, for pods of your own.",
    "compile": "Compile the spec into base/, overlays/ and out/.",
    "completion": "Print the script that completes words in a shell.",
    "diff": "Show the effect of a change on running systems, and its causes.",
    "doctor": "Check that a cluster has everything the environment needs.",
    "env": "Print the variables that a workload or model gets.",
    "explain": "Explain a diagnostic by its code, or list them all.",
    "graph": "Draw the bindings between instances.",
    "help": "Print how a verb is used.",
    "images": "List every image, or pin them all by digest.",
    "init": "Write a first platform.yaml.",
    "models": "Find the versions of models that are named by alias.",
    "move": "Print the commands that put one back end in place of another.",
    "prerequisites": "List the upstream systems to install, and how.",
    "render": "Print every manifest, in the order of delivery.",
    "restore": "Print the commands that bring back what was copied, in order.",
    "schema": "Print the JSON Schema of platform.yaml, for editors.",
    "secrets": "List, generate and rotate credentials.",
    "validate": "Check the spec and its output; correct it with --fix.",
    "vendor": "Fetch upstream releases that the platform brings along.",
    "version": "Print the version, and that of the schemas.",
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
