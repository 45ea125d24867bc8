"""Who is asking: the verified claims of X-Vestibule-Jwt-Assertion, or None.

Needs PyJWT 2.6 or newer with cryptography: pip install "pyjwt[crypto]", or Debian's python3-jwt and python3-cryptography.
"""

import json
import logging
import threading
import time
import urllib.request

import jwt

KEYS_KEPT_SECONDS = 300
KEYS_BYTES_MAX = 65_536
CLOCK_TOLERANCE_SECONDS = 5


class IdentityCheck:
    """company: the company's host at the gateway, "https://acme.example.com".

    application: the scheme, host and port of its originUrl. Make one check a company and keep it: it holds the keys.
    """

    def __init__(self, company, application):
        self._company = company
        self._application = application
        self._lock = threading.Lock()
        self._keys = {}
        self._fetched_at = None

    def __call__(self, assertion):
        if not assertion:
            return None
        try:
            kid = jwt.get_unverified_header(assertion).get("kid")
            return jwt.decode(
                assertion,
                self._published_keys()[kid],
                algorithms=["ES256"],
                issuer=self._company,
                audience=self._application,
                leeway=CLOCK_TOLERANCE_SECONDS,
                options={"require": ["iss", "aud", "exp", "nbf", "sub"]},
            )
        except (jwt.PyJWTError, OSError, LookupError, TypeError, ValueError) as error:
            logging.warning("refused an identity assertion: %r", error)
            return None

    def _published_keys(self):
        # A key is published 15 minutes before it signs: a copy that is five minutes old lacks none.
        with self._lock:
            now = time.monotonic()
            if self._fetched_at is None or now - self._fetched_at > KEYS_KEPT_SECONDS:
                with urllib.request.urlopen(self._company + "/sso/jwks.json", timeout=5) as answer:
                    published = json.loads(answer.read(KEYS_BYTES_MAX))
                self._keys = {key["kid"]: jwt.PyJWK(key, "ES256").key for key in published["keys"]}
                self._fetched_at = now
            return self._keys


# check = IdentityCheck("https://acme.example.com", "https://assets.internal.example.com")
# who = check(request.headers.get("X-Vestibule-Jwt-Assertion"))
# if who is None: answer 401
