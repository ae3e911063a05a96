(() => {
  "use strict";
  const main = document.getElementById("main"), old = document.getElementById("old");
  const icon = document.querySelector("link[rel=icon]");
  const every = REPAINT_SECONDS * 1000;
  let timer = 0, last = Date.now(), asking = false, title = document.title;
  const readAt = () => {
    const time = main.querySelector("[data-read]");
    return time ? " since " + time.dataset.read : "";
  };
  const failed = (why) => {
    old.textContent = "Not refreshed" + readAt() + ": " + why;
    old.hidden = false;
    if (!main.dataset.old) {
      main.dataset.old = "yes";
      const headline = document.getElementById("headline"), time = main.querySelector("[data-read]");
      if (time) headline.textContent = "At " + time.dataset.read + ": " + headline.textContent;
      icon.href = icon.dataset.old;
    }
    document.documentElement.classList.add("is-old");
    document.title = "Not refreshed: " + title;
  };
  const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");
  // Changes what has changed and nothing else, so that focus, selection and typed text stay.
  const sync = (now, then) => {
    if (now.nodeType !== 1) {
      if (now.data !== then.data) now.data = then.data;
      return;
    }
    for (const { name, value } of [...then.attributes])
      if (now.getAttribute(name) !== value) now.setAttribute(name, value);
    for (const { name } of [...now.attributes])
      if (!then.hasAttribute(name) && !(name === "open" && now.nodeName === "DETAILS")) now.removeAttribute(name);
    const known = new Map();
    for (const child of now.children) if (child.id) known.set(child.id, child);
    let at = now.firstChild;
    for (const child of [...then.childNodes]) {
      const found = child.id ? known.get(child.id) : at && same(at, child) ? at : null;
      known.delete(child.id);
      if (found && same(found, child)) {
        if (found === at) at = at.nextSibling;
        else now.insertBefore(found, at);
        sync(found, child);
      } else now.insertBefore(document.importNode(child, true), at);
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  };
  const repaint = (page) => {
    const focused = document.activeElement;
    sync(main, page.getElementById("main"));
    if (focused && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    title = document.title = page.title;
    icon.href = page.querySelector("link[rel=icon]").getAttribute("href");
    old.hidden = true;
    document.documentElement.classList.remove("is-old");
  };
  const ask = async () => {
    if (asking) return;
    asking = true;
    clearTimeout(timer);
    const stop = new AbortController(), late = setTimeout(() => stop.abort(), every);
    let again = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", redirect: "error", signal: stop.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.getElementById("main");
      if (!answer.headers.has("Heartbeat-Status") || !next) failed("the answer is not from this service");
      else if (next.dataset.failed === "no" || main.dataset.failed === "yes") {
        repaint(page);
        last = Date.now();
      } else failed(page.getElementById("headline").textContent);
      // A browser would ask for the password again and again.
      if (answer.status === 401) again = false;
    } catch {
      failed("the service does not answer");
    } finally {
      clearTimeout(late);
      asking = false;
      if (again && !document.hidden) timer = setTimeout(ask, every);
    }
  };
  const woken = () => {
    clearTimeout(timer);
    if (document.hidden) return;
    const rest = last + every - Date.now();
    if (rest < -every) failed("retrying");
    timer = setTimeout(ask, Math.max(0, rest));
  };
  document.addEventListener("visibilitychange", woken);
  addEventListener("pageshow", (event) => event.persisted && woken());
  timer = setTimeout(ask, every);
})();
