"""What schemathesis has to know of this server, loaded by it (SCHEMATHESIS_HOOKS).

Made-up ids would find nothing but 404. So every second call gets ids of things that exist, made when they are
needed, and callers take turns: nobody, a native app, a script in a browser. All turns are counted, not drawn, so
that a run with the same seed is the same run.
"""

import atexit
import base64
import hashlib
import hmac
import itertools
import json
import os
import time
from urllib.parse import parse_qsl, urlsplit

import requests
import schemathesis

PUBLIC, ADMIN = os.environ["BIA_PUBLIC"], os.environ["BIA_ADMIN"]
API = os.environ["BIA_API"]  # public or admin
PASSWORD = "right horse, wrong battery 7"
PROVIDER = "acme"
KEY = base64.b32encode(b"the key of every authenticator").decode().rstrip("=")
FLOWS = ("login", "registration", "settings", "recovery", "verification")

turns, forms, names = itertools.count(1), itertools.count(1), itertools.count(1)


def call(method, url, expected, **more):
    """A request that has to succeed, as the run would be worth nothing without."""
    headers = {"Accept": "application/json"} | more.pop("headers", {})
    answer = requests.request(method, url, timeout=20, allow_redirects=False, headers=headers, **more)
    if answer.status_code not in expected:
        raise RuntimeError(f"{method} {url}: {answer.status_code} {answer.text}")
    return answer.json() if answer.content else None


def new_identity(staff=False, **more):
    """Somebody with a password, and with `more` credentials; `staff` has to have a second factor, and has none yet."""
    number = next(names)
    body = {
        "schema_id": "person",
        "external_id": f"{API}-{number}",
        "metadata_admin": {"staff": staff},
        "traits": {"email": f"{API}-{number}@example.org", "name": {"first": "User", "last": str(number)}},
        "credentials": {"password": {"config": {"password": PASSWORD}}} | more,
        "metadata_public": {"shown": True},
    }
    return call("POST", f"{ADMIN}/admin/identities", {201}, json=body)


def sign_in(identity):
    """The answer to the sign-in of a native app."""
    flow = call("GET", f"{PUBLIC}/self-service/login/api", {200})
    form = {"method": "password", "identifier": identity["traits"]["email"], "password": PASSWORD}
    try:
        return call("POST", f"{PUBLIC}/self-service/login?flow={flow['id']}", {200}, json=form)
    except RuntimeError as refused:
        time.sleep(1)
        why = requests.get(f"{ADMIN}/admin/bia/explain/{flow['id']}", timeout=20).text
        raise RuntimeError(f"{refused}\nwhy: {why}") from None


def send_mail():
    """Lets the courier have something: a code to an address that is known and to one that is not."""
    for email in (seed["traits"]["email"], "nobody@example.org"):
        flow = call("GET", f"{PUBLIC}/self-service/verification/api", {200})
        form = {"method": "code", "email": email}
        call("POST", f"{PUBLIC}/self-service/verification?flow={flow['id']}", {200}, json=form)


class Browser:
    """A browser that a script drives, signed in where an identity is given."""

    def __init__(self, identity=None):
        self.http = requests.Session()
        self.http.headers["Accept"] = "application/json"
        if identity is None:
            return
        flow = self.flow("login")
        answer = self.post("login", flow, {"method": "password", "identifier": identity["traits"]["email"], "password": PASSWORD})
        # Who has a second factor is sent to it.
        if answer.status_code not in (200, 422):
            raise RuntimeError(answer.text)

    def flow(self, kind, query=""):
        answer = self.http.get(f"{PUBLIC}/self-service/{kind}/browser{query}", timeout=20)
        if answer.status_code != 200:
            raise RuntimeError(f"{kind}: {answer.text}")
        return answer.json()

    @staticmethod
    def csrf(flow):
        nodes = flow["ui"]["nodes"] or []
        return next((n["attributes"]["value"] for n in nodes if n["attributes"].get("name") == "csrf_token"), "")

    def post(self, kind, flow, form):
        """Sends a form; the answer, whatever it is."""
        form = {"csrf_token": self.csrf(flow)} | form
        return self.http.post(f"{PUBLIC}/self-service/{kind}?flow={flow['id']}", json=form, timeout=20, allow_redirects=False)

    def visit_provider(self, url):
        """Goes to the provider, which sends the browser back: where to."""
        return requests.get(url, timeout=20, allow_redirects=False).headers["Location"]

    def cookies(self):
        return "; ".join(f"{c.name}={c.value}" for c in self.http.cookies)


seed, staff = new_identity(), new_identity(staff=True)
send_mail()


def as_staff(case):
    """A native app of somebody who has to set up a second factor first."""
    as_app(case, staff)


def as_app(case, who=seed):
    """A native app with a session of its own."""
    token = sign_in(who)["session_token"]
    case.headers["X-Session-Token"] = token
    for kind in FLOWS:
        if case.path == f"/self-service/{kind}" or case.path == f"/self-service/{kind}/flows":
            headers = {"X-Session-Token": token} if kind == "settings" else {}
            flow = call("GET", f"{PUBLIC}/self-service/{kind}/api", {200}, headers=headers)
            if kind != "settings":
                del case.headers["X-Session-Token"]
            use_flow(case, flow)
    if case.path == "/self-service/logout/api" and isinstance(case.body, dict):
        case.body["session_token"] = token
    if case.path == "/bia/explain/{name}":
        case.path_parameters["name"] = "session_aal2_required"
    if case.path == "/self-service/errors":
        case.query["id"] = an_error()
    if case.path == "/sessions/{id}":
        case.path_parameters["id"] = sign_in(who)["session"]["id"]
    if case.path == "/self-service/login/test":
        case.query["id"] = call("POST", f"{ADMIN}/admin/test-login-flows", {201}, json={"provider_id": PROVIDER})["id"]
    if case.path == "/sessions/token-exchange":
        case.query.update(exchange_codes())


def as_traveller(case):
    """A browser that comes back from a provider, or from an OAuth2 server."""
    browser = Browser()
    if case.path in ("/self-service/login/browser", "/self-service/registration/browser"):
        case.query["login_challenge"] = f"known-{next(names)}"
    elif case.path.startswith("/self-service/methods/oidc/callback"):
        back = browser.visit_provider(leave(browser))
        if "{provider}" in case.path:
            case.path_parameters["provider"] = PROVIDER
        given = dict(parse_qsl(urlsplit(back).query))
        if case.method == "POST":
            case.body = given
        else:
            case.query = given
    elif case.path in ("/self-service/login", "/self-service/registration") and isinstance(case.body, dict):
        kind = case.path.rsplit("/", 1)[1]
        flow = browser.flow(kind, f"?login_challenge=known-{next(names)}" if next(forms) % 2 else "")
        use_flow(case, flow)
        if "provider" in case.body:
            case.body["provider"] = PROVIDER
        case.body["csrf_token"] = Browser.csrf(flow)
    case.headers["Cookie"] = browser.cookies()


def totp():
    """What an authenticator app shows now (RFC 6238)."""
    key = base64.b32decode(KEY + "=" * (-len(KEY) % 8))
    digest = hmac.digest(key, int(time.time() // 30).to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def trusted_browser():
    """A browser in which a second factor was given that is not asked for again; whose it is, and its id."""
    somebody = new_identity(totp={"config": {"totp_url": f"otpauth://totp/somebody?secret={KEY}"}})
    browser = Browser(somebody)
    form = {"method": "totp", "totp_code": totp(), "trust_browser": True}
    answer = browser.post("login", browser.flow("login", "?aal=aal2"), form)
    if answer.status_code != 200:
        raise RuntimeError(answer.text)
    trusted = browser.http.get(f"{PUBLIC}/bia/trusted-browsers", timeout=20).json()
    return browser, somebody["id"], trusted[0]["id"]


def leave(browser, flow=None):
    """Where somebody is sent who chooses a provider."""
    flow = flow or browser.flow("login")
    return browser.post("login", flow, {"method": "oidc", "provider": PROVIDER}).json()["redirect_browser_to"]


def exchange_codes():
    """Both halves of the codes for a session, after a browser has signed in for an app."""
    flow = call("GET", f"{PUBLIC}/self-service/login/api?return_session_token_exchange_code=true", {200})
    form = {"method": "oidc", "provider": PROVIDER}
    away = call("POST", f"{PUBLIC}/self-service/login?flow={flow['id']}", {422}, json=form)
    browser = Browser()
    back = browser.visit_provider(away["redirect_browser_to"])
    answer = browser.http.get(back, timeout=20, allow_redirects=False, headers={"Accept": "text/html"})
    query = dict(parse_qsl(urlsplit(answer.headers.get("Location", "")).query))
    return {"init_code": flow["session_token_exchange_code"], "return_to_code": query.get("code", "")}


def as_script(case):
    """A script in a browser that is signed in."""
    if case.path == "/bia/trusted-browsers/{id}":
        browser, _, case.path_parameters["id"] = trusted_browser()
    else:
        browser = Browser(seed)
    for kind in FLOWS:
        if case.path == f"/self-service/{kind}" or case.path == f"/self-service/{kind}/flows":
            flow = browser.flow(kind, "?refresh=true") if kind == "login" else None
            if kind in ("settings", "verification"):
                flow = browser.flow(kind)
            if flow is not None:
                use_flow(case, flow)
                if isinstance(case.body, dict):
                    case.body["csrf_token"] = Browser.csrf(flow)
    if case.path == "/self-service/logout":
        case.query["token"] = browser.http.get(f"{PUBLIC}/self-service/logout/browser", timeout=20).json()["logout_token"]
    case.headers["Accept"] = "application/json"
    case.headers["Cookie"] = browser.cookies()


def use_flow(case, flow):
    """Names the flow, and fills in what could hardly be guessed; every third form is left as it is."""
    case.query["id" if case.path.endswith("/flows") else "flow"] = flow["id"]
    body = case.body
    if not isinstance(body, dict) or next(forms) % 3 == 0:
        return
    is_new = case.path.endswith("/registration")
    known = seed["traits"]["email"]
    fitting = {
        "identifier": known,
        "password": f"{PASSWORD} {next(names)}" if is_new else PASSWORD,
        "email": known,
        "traits": {"email": f"new-{API}-{next(names)}@example.org"} if is_new else seed["traits"],
    }
    body.update({name: value for name, value in fitting.items() if name in body})


def an_error():
    """The id of an error that an error page is sent to."""
    answer = requests.get(f"{PUBLIC}/self-service/login", timeout=20, allow_redirects=False)
    return answer.headers["Location"].split("id=")[1]


def a_refusal():
    """The id of a request that was refused, once that is written down."""
    answer = requests.get(f"{PUBLIC}/sessions/whoami", headers={"X-Session-Token": "nobody"}, timeout=20)
    time.sleep(0.2)
    return answer.json()["bia"]["request"]


def as_operator(case):
    """A call about something that exists."""
    ids = case.path_parameters
    if "/by/external/" in case.path:
        ids["id"] = seed["external_id"]
    elif "browser" in ids:
        _, ids["id"], ids["browser"] = trusted_browser()
    elif case.path.startswith("/admin/identities/"):
        mine = new_identity()
        ids["id"] = mine["id"]
        if case.path.endswith("/sessions"):
            sign_in(mine)
        if "type" in ids:
            # The one type that the schema's identifier gives everybody, and that is not the last way to sign in.
            ids["type"] = "webauthn"
    elif case.path.startswith("/admin/sessions/"):
        ids["id"] = sign_in(seed)["session"]["id"]
    elif "/courier/messages/" in case.path:
        ids["id"] = call("GET", f"{ADMIN}/admin/courier/messages", {200})[0]["id"]
    elif "/hooks/outbox/" in case.path:
        ids["id"] = delivered_call()
    elif case.path.startswith(("/admin/recovery/", "/admin/bia/verification/")) and isinstance(case.body, dict):
        case.body["identity_id"] = seed["id"]
        if next(forms) % 2:
            case.body = {"identity_id": seed["id"]}
    elif case.path == "/admin/test-login-flows" and isinstance(case.body, dict):
        case.body["provider_id"] = PROVIDER
    elif case.path == "/admin/bia/explain/{id}":
        ids["id"] = a_refusal()
    elif case.path == "/admin/identities" and isinstance(case.body, dict) and "traits" in case.body:
        case.body["traits"] = {"email": f"new-{API}-{next(names)}@example.org"}


def delivered_call():
    """A call of a hook that waits in the outbox no more. Each sign-in makes one."""
    sign_in(seed)
    for _ in range(200):
        calls = call("GET", f"{ADMIN}/admin/bia/hooks/outbox?state=delivered", {200})
        if calls:
            return calls[0]["id"]
        time.sleep(0.05)
    raise RuntimeError("no call of a hook was delivered")


CALLERS = {
    "public": (None, as_app, None, as_script, as_traveller, as_staff),
    "admin": (None, as_operator),
}[API]


@schemathesis.hook
def before_call(context, case, kwargs):
    # A redirect is the answer; what is behind it is not this server's.
    kwargs["allow_redirects"] = False
    caller = CALLERS[next(turns) % len(CALLERS)]
    if caller is not None:
        caller(case)


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Closes the objects that the server answers, so that a member which the document does not name is a failure."""
    for name, schema in raw_schema["components"]["schemas"].items():
        sent = name.endswith(("Body", "Method", "Import", "Fields", "Payload", "jsonPatch", "identityPatch"))
        if not sent and not name.startswith("import"):
            close(schema)


def close(schema):
    if isinstance(schema, list):
        for item in schema:
            close(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
        for key, item in schema.items():
            if key not in ("required", "enum", "mapping"):
                close(item)


seen = {}


@schemathesis.hook
def after_call(context, case, response):
    statuses = seen.setdefault(case.operation.definition.raw["operationId"], {})
    statuses[response.status_code] = statuses.get(response.status_code, 0) + 1


@atexit.register
def write_seen():
    """Which operation was answered how often with which status, for the one who started this."""
    with open(os.environ["BIA_SEEN"], "w", encoding="utf-8") as file:
        json.dump(seen, file, indent=1, sort_keys=True)
