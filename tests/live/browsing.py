"""Programs of a browser at the login: it follows redirects, keeps cookies by host, fills in forms.

Each is run in a pod, after BROWSER.
"""

BROWSER = '''
import re
from html import unescape
from urllib.parse import urljoin

import requests

PAGE = "https://mlflow.ml.example.internal"
CONSOLE = "https://minio-console.ml.example.internal"


def browser() -> requests.Session:
    session = requests.Session()
    session.verify = "/tmp/own.crt"
    return session


def choose(session: requests.Session, url: str, connector: str) -> requests.Response:
    """Open a page, and choose a way to log in on the list of the identity provider."""
    listed = session.get(url)
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', listed.text)]
    (link,) = [link for link in links if f"/auth/{connector}" in link]
    return session.get(urljoin(listed.url, link))


def log_in(session: requests.Session, url: str, connector: str) -> requests.Response:
    """Log in as the user of a connector; the one with passwords shows a form."""
    answer = choose(session, url, connector)
    if connector == "local":
        action = unescape(re.search(r'<form method="post" action="([^"]+)"', answer.text)[1])
        form = {"login": "jane@example.internal", "password": "password"}
        answer = session.post(urljoin(answer.url, action), data=form)
    return answer
'''
EVERY_ROUTE = """
import json, re
from mlflow.server import app
print(json.dumps(sorted({re.sub("<[^>]+>", "1", rule.rule) for rule in app.url_map.iter_rules()})))
"""
ANONYMOUS = """
session, answers = browser(), {}
for path in ROUTES:
    for method in METHODS:
        for accept in ("text/html", "application/json"):
            answer = session.request(
                method, PAGE + path, headers={"Accept": accept}, allow_redirects=False)
            place = answer.headers.get("Location", "").split("?")[0]
            answers.setdefault(f"{answer.status_code} {place}", []).append(f"{method} {path}")
            body = answer.text.strip()
            assert body in ("", "{}") or body.startswith('<a href="' + ISSUER), body
            session.cookies.clear()
print({answer: len(requests) for answer, requests in answers.items()})
"""
MEMBER = """
session = browser()
answer = log_in(session, PAGE + "/", "mock")
print(answer.status_code, answer.url, "<title>MLflow</title>" in answer.text)
search = "/api/2.0/mlflow/experiments/search"
experiments = session.post(PAGE + search, json={"max_results": 5})
print(experiments.status_code, [experiment["name"] for experiment in experiments.json()["experiments"]])
run = session.post(PAGE + "/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}).json()
run_id = run["run"]["info"]["run_id"]
print(session.get(PAGE + f"/ajax-api/2.0/mlflow/artifacts/list?run_id={run_id}").status_code)
names = {cookie.name: (cookie.secure, cookie.domain) for cookie in session.cookies
         if "mlflow" in cookie.domain}
print(names)
"""
STRANGER = """
session = browser()
answer = log_in(session, PAGE + "/", "local")
print(answer.status_code, answer.url.split("?")[0], "MLflow</title>" in answer.text)
second_answer = session.get(PAGE + "/", allow_redirects=False)
print(second_answer.status_code)
"""
KEEP = """
session = browser()
log_in(session, PAGE + "/", "mock")
(cookie,) = [entry for entry in session.cookies if entry.name == "__Host-mlflow-login"]
print(cookie.value)
"""
RETURN = """
for page, name in ((PAGE, "__Host-mlflow-login"), (CONSOLE, "__Host-mlflow-login"),
                   (CONSOLE, "__Host-minio-console-login")):
    answer = browser().get(page + "/", headers={"Cookie": f"{name}={COOKIE}"}, allow_redirects=False)
    print(answer.status_code, answer.headers.get("Location", "").split("?")[0])
"""
CONSOLE_PAGE = """
answer = log_in(browser(), CONSOLE + "/", "mock")
print(answer.status_code, "MinIO Console" in answer.text)
"""
LOGOUT = """
session = browser()
log_in(session, PAGE + "/", "mock")
print(session.get(PAGE + "/version").status_code)
session.get(PAGE + "/oauth2/sign_out", allow_redirects=False)
print(session.get(PAGE + "/version", allow_redirects=False).status_code)
"""
TOKEN = """
from urllib.parse import parse_qs, urlencode, urlsplit
session = browser()
callback = PAGE + "/oauth2/callback"
query = urlencode({"client_id": "ml-platform", "redirect_uri": callback, "response_type": "code",
                   "scope": "openid email groups", "state": "x"})
answer = session.get(f"{ISSUER}/auth/mock?{query}", allow_redirects=False)
while not answer.headers["Location"].startswith(callback):
    answer = session.get(urljoin(answer.url, answer.headers["Location"]), allow_redirects=False)
(code,) = parse_qs(urlsplit(answer.headers["Location"]).query)["code"]
form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback}
token = session.post(f"{ISSUER}/token", data=form, auth=("ml-platform", SECRET)).json()["id_token"]
for sent in (token, token[:-4] + "AAAA"):
    headers = {"Authorization": f"Bearer {sent}", "Accept": "application/json"}
    print(browser().get(PAGE + "/version", headers=headers, allow_redirects=False).status_code)
"""
TOKENS = """
for sent in TOKENS:
    headers = {"Authorization": f"Bearer {sent}"} if sent else {}
    answer = browser().post("https://churn.ml.example.internal/v1/models/churn:predict", data="{}",
                            headers=headers, allow_redirects=False)
    print(answer.status_code, answer.text.strip())
"""
# A model with a login: in a browser, for a user of the group, for another one, and with another host's cookie.
MODEL = """
HOST = "https://wine.ml.example.internal"
QUESTION = HOST + "/v1/models/wine:predict"
for accept in ("text/html", "application/json"):
    answer = browser().post(QUESTION, data="{}", headers={"Accept": accept}, allow_redirects=False)
    print(answer.status_code, answer.headers.get("Location", "").split("?")[0])
session = browser()
log_in(session, HOST + "/", "mock")
print(session.post(QUESTION, data="{}").text)
print(log_in(browser(), HOST + "/", "local").status_code)
(cookie,) = [entry for entry in session.cookies if entry.name == "__Host-wine-login"]
for page, name in ((HOST, "wine-login"), (PAGE, "mlflow-login")):
    headers = {"Cookie": f"__Host-{name}={cookie.value}"}
    print(browser().get(page + "/", headers=headers, allow_redirects=False).status_code)
"""
# A host without a route is answered by 404; a gateway without the certificate yet ends the connection.
ROUTED = """
def routed(host: str) -> bool:
    try:
        answer = browser().get(f"https://{host}.ml.example.internal/", allow_redirects=False)
    except OSError:
        return False
    return answer.status_code != 404

print(all(map(routed, HOSTS)))
"""
# Argo's own single sign-on, behind the login: the rights are those of the person's group.
ARGO = """
HOST = "https://argo-workflows.ml.example.internal"
paths = ("/", "/oauth2/redirect", "/oauth2/callback", "/api/v1/userinfo", "/api/v1/workflows/mlops")
answers = {browser().get(HOST + path, allow_redirects=False).headers.get("Location", "").split("?")[0]
           for path in paths}
print(answers)
session = browser()
print(log_in(session, HOST + "/", "mock").status_code)
print(session.get(HOST + "/api/v1/userinfo").status_code)
choose(session, HOST + "/oauth2/redirect?redirect=/workflows", "mock")
person = session.get(HOST + "/api/v1/userinfo").json()
print(person["groups"], person["serviceAccountNamespace"], person["serviceAccountName"])
body = {"workflow": {"metadata": {"generateName": "own-"}, "spec": {
    "entrypoint": "main", "templates": [{"name": "main", "suspend": {}}]}}}
print([session.get(HOST + "/api/v1/workflows/mlops").status_code,
       session.post(HOST + "/api/v1/workflows/mlops", json=body).status_code,
       session.get(HOST + "/api/v1/workflows/kube-system").status_code])
session.get(HOST + "/oauth2-proxy/sign_out", allow_redirects=False)
print(session.get(HOST + "/api/v1/userinfo", allow_redirects=False).status_code)
"""
# By plain HTTP, to a store and a model, and to paths that are hidden however they are written.
OUTSIDE = """
import http.client, ssl

def answer(host, path):
    context = ssl.create_default_context(cafile="/tmp/own.crt")
    connection = http.client.HTTPSConnection(f"{host}.ml.example.internal", context=context)
    connection.request("GET", path)
    return connection.getresponse().read().decode()

plain = [browser().get(f"http://{host}.ml.example.internal/x?y=1", allow_redirects=False)
         for host in ("mlflow", "churn", "iris")]
print("plain", all(response.status_code in (301, 308) and response.headers["Location"].startswith("https://")
                   for response in plain))
print(answer("minio", "/dvc-datasets/a/b"))
print(answer("iris", "/v1/models"))
hidden = ("/minio/v2/metrics/cluster", "/dvc-datasets/../minio/v2/metrics/cluster",
          "//minio/v2/metrics/cluster", "/%6dinio/v2/metrics/cluster",
          "/dvc-datasets/%2e%2e/minio/v2/metrics")
print("hidden", not any(answer("minio", path).startswith("minio /minio") for path in hidden))
print(answer("lakefs", "/api/v1/repositories"))
print(answer("lakefs", "/metrics-of-training/main/a"))
private = ("/metrics", "/metrics/", "/metrics?x", "/_pprof", "/_pprof/", "/_pprof/heap", "/a/../metrics", "//metrics",
           "/%6detrics", "/a/%2e%2e/_pprof/heap", "/./_pprof/heap", "/;/../metrics")
# lakeFS itself knows no other spelling of them.
print("private", [path for path in private if answer("lakefs", path).startswith(("lakefs /metrics", "lakefs /_pprof"))])
"""
# In Chromium, as a person would: log in, see a run on MLflow's page, log out.
CHROMIUM = """
from playwright.sync_api import sync_playwright

with sync_playwright() as play:
    chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    page = chromium.new_page(ignore_https_errors=True)
    page.set_default_timeout(60000)
    page.goto(PAGE + "/")
    page.click("a[href*='/auth/mock']")
    page.wait_for_url(PAGE + "/**")
    body = {"experiment_id": "0", "run_name": "seen in a browser"}
    answer = page.request.post(PAGE + "/api/2.0/mlflow/runs/create", data=body)
    run = answer.json()["run"]["info"]["run_id"]
    page.goto(f"{PAGE}/#/experiments/0/runs/{run}")
    page.get_by_text("seen in a browser").first.wait_for()
    print(page.title())
    page.goto(PAGE + "/oauth2/sign_out")
    print(page.url.split("?")[0])
    page.goto(f"{PAGE}/#/experiments/0/runs/{run}")
    print(page.url.split("?")[0])
    chromium.close()
"""
