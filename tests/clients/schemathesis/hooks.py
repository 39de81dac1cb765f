"""Leads the requests of schemathesis to where something is.

A drawn id is nobody's, a drawn token opens nothing: of such requests one would only ever learn that
they are refused. So three of four drawn ids, passwords and tokens become good ones. Whether one does
depends on the drawn value alone, so that a run can be repeated."""

import atexit
import collections
import itertools
import os
import pathlib
import re
import time
import uuid
import zlib

import requests
import schemathesis

BASE = os.environ["ERPMAX_BASE"]
LETTERS = pathlib.Path(os.environ["ERPMAX_LETTERS"])
# A visitor asks everything without credentials.
VISITOR = os.environ["ERPMAX_WHO"] == "visitor"
PASSWORD = "plum-tractor-velvet"
PATIENCE = 20


class World:
    """A company with people in it, made once; further people as they are needed."""

    def __init__(self):
        self.run = uuid.uuid4().hex[:8]
        self.numbers = itertools.count()
        ann = self.register()
        self.email = ann["user"]["email"]
        self.token = ann["access_token"]
        self.tenant = ann["current_tenant"]["id"]
        # What is done to the site of one company may close it; the others go on.
        self.builder = self.register()["access_token"]
        self.asked = None

    def post(self, path, body, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.post(f"{BASE}/api/v1{path}", json=body, headers=headers, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()["data"]

    def address(self):
        return f"person-{self.run}-{next(self.numbers)}@example.com"

    def register(self):
        body = {"full_name": "A Person", "company_name": "A Company", "password": PASSWORD}
        return self.post("/auth/register", body | {"email": self.address()})

    def sign_in(self):
        return self.post("/auth/login", {"email": self.email, "password": PASSWORD})

    def invite(self, email):
        path = f"/tenants/{self.tenant}/users/invite"
        return self.post(path, {"email": email, "role": "member"}, self.token)

    def invitation(self):
        """The id of an invitation that waits."""
        return self.invite(self.address())["invitation"]["id"]

    def member(self):
        """The id of somebody with an account, who is in at once."""
        user = self.register()["user"]
        self.invite(user["email"])
        return user["id"]

    def job(self):
        """The id of a provisioning job; always the same, because so many may wait and no more."""
        if self.asked is None:
            self.asked = self.post("/provisioning/jobs", {"job_type": "create_site"}, self.builder)["id"]
        return self.asked

    def letter(self):
        """The token in the letter to somebody who has no account."""
        email = self.address()
        self.invite(email)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for path in LETTERS.glob("*.txt"):
                text = path.read_text()
                if f"To: {email}" in text:
                    return re.search(r"/join#(\S+)", text)[1]
            time.sleep(0.02)
        raise TimeoutError(f"no letter to {email}")


world = World()
LOGOUT = "POST /api/v1/auth/logout"
ACCEPT = "POST /api/v1/invitations/accept"


@schemathesis.auth(cache_by_key=lambda case, _: case.id)
class SignedIn:
    """One session for all, except that whoever signs out has a session for that. Invitations are
    accepted by those who have no account yet."""

    def get(self, case, _):
        label = case.operation.label
        if VISITOR or label == ACCEPT:
            return None
        if "/provisioning/" in label:
            return world.builder
        return world.sign_in()["access_token"] if label == LOGOUT else world.token

    def set(self, case, token, _):
        if token:
            case.headers["Authorization"] = f"Bearer {token}"


def chosen(drawn):
    """Whether a drawn value becomes a good one."""
    return zlib.crc32(repr(drawn).encode()) % 4 > 0


def is_id(value):
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


# What a good value is where it stands. What others may have used up meanwhile is made anew.
PATHS = {
    "tenant_id": lambda: world.tenant,
    "user_id": world.member,
    "invitation_id": world.invitation,
    "job_id": world.job,
}
BODIES = {
    "POST /api/v1/auth/login": lambda: {"email": world.email, "password": PASSWORD},
    "POST /api/v1/auth/refresh": lambda: {"refresh_token": world.sign_in()["refresh_token"]},
    "POST /api/v1/auth/switch-tenant": lambda: {"tenant_id": world.tenant},
    ACCEPT: lambda: {"token": world.letter(), "password": PASSWORD, "full_name": "A Person"},
}


@schemathesis.hook
def before_call(context, case, kwargs):
    # Requests that follow from one another know where they go.
    if case.meta is None or case.meta.phase.name == "stateful":
        return
    for name, good in PATHS.items():
        drawn = (case.path_parameters or {}).get(name)
        if is_id(drawn) and chosen(drawn):
            case.path_parameters[name] = good()
    good = BODIES.get(case.operation.label)
    positive = case.meta.generation.mode.is_positive
    if good and positive and isinstance(case.body, dict) and chosen(case.body):
        case.body.update(good())


statuses = collections.defaultdict(set)


@schemathesis.hook
def after_call(context, case, response):
    # What an undocumented method was answered with says nothing about the operation.
    if response.request.method == case.operation.method.upper():
        statuses[case.operation.label].add(response.status_code)


@atexit.register
def tell_statuses():
    """Every operation with all that it was answered with, for `.ci/schemathesis`."""
    lines = (f"{label} {' '.join(map(str, sorted(all)))}\n" for label, all in sorted(statuses.items()))
    pathlib.Path(os.environ["ERPMAX_STATUSES"]).write_text("".join(lines))
