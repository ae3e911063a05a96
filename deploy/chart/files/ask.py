"""Asks the service what `helm test` wants to know, as a monitor does, and fails where it is no good news.

The environment has the URL, and the path of a file with the token where one is needed. A release
that has just been installed gets a minute to come up.
"""

import os
import sys
import time
import urllib.error
import urllib.request

URL = os.environ["HEARTBEAT_TEST_URL"]
TOKEN_FILE = os.environ.get("HEARTBEAT_TEST_TOKEN_FILE", "")
SECONDS = float(os.environ.get("HEARTBEAT_TEST_SECONDS", "60"))


def ask() -> tuple[bool, str]:
    """Whether the answer is 200, and what it says."""
    headers = {}
    if TOKEN_FILE:
        with open(TOKEN_FILE, encoding="ascii") as file:
            headers["Authorization"] = f"Bearer {file.read().strip()}"
    try:
        with urllib.request.urlopen(urllib.request.Request(URL, headers=headers), timeout=10) as answer:
            return answer.status == 200, f"{answer.status} {answer.read().decode()}"
    except urllib.error.HTTPError as error:
        return False, f"{error.code} {error.read().decode(errors='replace')}"
    except OSError as error:
        return False, str(error)


end = time.monotonic() + SECONDS
while True:
    good, text = ask()
    if good or time.monotonic() > end:
        break
    time.sleep(2)
print(f"{URL}: {text}")
sys.exit(not good)
