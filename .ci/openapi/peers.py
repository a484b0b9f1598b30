"""peers.py FILE: what a server talks to: an OpenID provider, an OAuth2 server that waits for logins, receivers of web hooks.

Writes the configuration that names them to FILE, to be laid over the clients' one, and serves until it is ended.
"""

import json
import pathlib
import signal
import sys
from types import SimpleNamespace

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "conformance"))
from kit.configs import base64_url  # noqa: E402
from kit.hydra import oauth2_server  # noqa: E402
from kit.oidc import provider  # noqa: E402
from kit.sinks import HttpSink  # noqa: E402

PROVIDER = "acme"
# Each turn is somebody else, so that there are sign-ups and, with the same address again, sign-ins.
PEOPLE = 5


def refuse(request):
    """A hook that may say no: to whoever asks it to, by the first name."""
    traits = (request["body"] or {}).get("traits") or {}
    if (traits.get("name") or {}).get("first") != "Refused":
        return 200, {}, {}
    message = {"id": 1234, "text": "This name is refused.", "type": "error"}
    return 400, {"messages": [{"instance_ptr": "#/traits/name/first", "messages": [message]}]}, {}


class Challenges(dict):
    """Login requests of an OAuth2 server: whatever begins like one is known."""

    def __init__(self, server):
        super().__init__()
        self.server = server

    def get(self, challenge, default=None):
        if challenge not in self and str(challenge).startswith("known-"):
            self.server.request(challenge)
        return super().get(challenge, default)


def main(file):
    peer = SimpleNamespace(sink=HttpSink())
    server = oauth2_server(peer)
    server.known = Challenges(server)
    idp = provider(peer, pkce=True)
    turns = iter(range(10**9))

    def authorize(request):
        number = next(turns) % PEOPLE
        idp.user(f"subject-{number}", email=f"social-{number}@example.org", given_name="User")
        return idp.authorize(request)

    peer.sink.answer("/idp/authorize", authorize)
    peer.sink.answer("/hook/refuse", refuse)
    with open(file, "w", encoding="utf-8") as out:
        json.dump(configuration(peer.sink.url), out, indent=1)
    signal.pause()


def hook(url, body, **response):
    return {"hook": "web_hook", "config": {"url": url, "method": "POST", "body": base64_url(body), "response": response}}


def configuration(url):
    traits = "function(ctx) { flow: ctx.flow.id, traits: std.get(std.get(ctx, 'identity', {}), 'traits', {}) }"
    told = hook(f"{url}/hook/told", traits, ignore=True)
    asked = hook(f"{url}/hook/refuse", traits, parse=True)
    begun = hook(f"{url}/hook/begun", "function(ctx) { flow: ctx.flow.id }", ignore=False)
    session, shown = {"hook": "session"}, {"hook": "show_verification_ui"}
    flows = {
        "login": {"before": {"hooks": [begun]}, "after": {"hooks": [told]}},
        "registration": {
            "before": {"hooks": [begun]},
            "after": {"password": {"hooks": [asked, told, session, shown]}, "oidc": {"hooks": [asked, told, session]}},
        },
        "settings": {"before": {"hooks": [begun]}, "after": {"profile": {"hooks": [asked, told, shown]}}},
        "recovery": {"before": {"hooks": [begun]}, "after": {"hooks": [told]}},
        "verification": {"before": {"hooks": [begun]}, "after": {"hooks": [told]}},
    }
    mapper = "local c = std.extVar('claims'); { identity: { traits: { email: c.email, name: { first: c.given_name } } } }"
    acme = {
        "id": PROVIDER, "provider": "generic", "client_id": "bia", "client_secret": "secret-of-bia",
        "issuer_url": f"{url}/idp", "scope": ["email", "profile"], "mapper_url": base64_url(mapper),
    }
    staff = {"properties": {"metadata_admin": {"type": "object", "properties": {"staff": {"const": True}}, "required": ["staff"]}}, "required": ["metadata_admin"]}
    return {
        "selfservice": {"flows": flows, "methods": {"oidc": {"enabled": True, "config": {"providers": [acme]}}}},
        "oauth2_provider": {"url": f"{url}/hydra"},
        # The rest of `bia` is conformance/bia.yml's; here some people are meant.
        "bia": {
            "mfa": {"default": "optional", "rules": [{"when": staff, "require": "required", "methods": ["totp", "webauthn"]}]},
            "trusted_browser": {"enabled": True},
        },
    }


main(*sys.argv[1:])
