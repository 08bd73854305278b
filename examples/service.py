"""A backend service counts open tasks: python service.py FHIR_BASE CLIENT_ID KEY_FILE"""

import json
import secrets
import sys
import time
from pathlib import Path

import httpx
import jwt

base, client_id, key_file = sys.argv[1:]
token_url = httpx.get(f"{base}/.well-known/smart-configuration").json()["token_endpoint"]
key = jwt.PyJWK(json.loads(Path(key_file).read_text()), "ES384")
claims = {"iss": client_id, "sub": client_id, "aud": token_url, "jti": secrets.token_urlsafe()}
form = {
    "grant_type": "client_credentials",
    "scope": "system/Task.rs",
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_assertion": jwt.encode({**claims, "exp": time.time() + 240}, key.key, "ES384"),
}
given = httpx.post(token_url, data=form).json()
if "error" in given:
    sys.exit(f"{given['error']}: {given['error_description']}")
answer = httpx.get(
    f"{base}/Task?status=in-progress&_summary=count",
    headers={"Authorization": f"Bearer {given['access_token']}"},
)
print(answer.raise_for_status().json()["total"])
