"""Asks the service for `helm test`, as a monitor does, and fails where the news is not good.

The environment has the URL, and the path of a file with the token where one is needed. A release
that has just been installed gets a minute to come up.
"""

import http.client
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

URL = os.environ["HEARTBEAT_TEST_URL"]
TOKEN_FILE = os.environ.get("HEARTBEAT_TEST_TOKEN_FILE", "")
SECONDS = float(os.environ.get("HEARTBEAT_TEST_SECONDS", "60"))


def ask() -> tuple[bool, str]:
    """Whether the answer is 200, and what it says."""
    parts = urlsplit(URL)
    headers = {}
    if TOKEN_FILE:
        token = Path(TOKEN_FILE).read_text(encoding="ascii").strip()
        headers["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", parts.path, headers=headers)
        answer = connection.getresponse()
        return answer.status == http.HTTPStatus.OK, f"{answer.status} {answer.read().decode()}"
    except (OSError, http.client.HTTPException) as error:
        return False, str(error)
    finally:
        connection.close()


end = time.monotonic() + SECONDS
good, text = ask()
while not good and time.monotonic() < end:
    time.sleep(2)
    good, text = ask()
print(f"{URL}: {text}")
sys.exit(not good)
