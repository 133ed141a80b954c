// Lists the requests of this window, so that a developer learns the API by using the app.

import { config } from "./config.js";
import { fill, h } from "./dom.js";
import { calls, watch, type Call } from "./record.js";

const UUID = /([0-9a-f]{4})[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

export function panel(): HTMLElement {
  const list = h("ol", { tabindex: 0, "aria-label": "Requests of this window" });
  const rows = new WeakMap<Call, HTMLElement>();
  const count = h("span.count");
  const put = (call: Call) => {
    const row = draw(call);
    const before = rows.get(call);
    if (before) before.replaceWith(row);
    else list.prepend(row);
    rows.set(call, row);
    while (list.children.length > calls.length) list.lastChild?.remove();
    fill(count, calls.length);
  };
  calls.forEach(put);
  watch(put);
  const { api_url, inbox_url } = config;
  const link = (href: string, name: string) =>
    h("a", { href, target: "_blank", rel: "noreferrer" }, name);
  const made = h(
    "details.panel",
    h("summary", "Requests ", count),
    h(
      "p",
      link(`${api_url}/docs`, "API"),
      inbox_url && [link(inbox_url, "Inbox"), link(`${inbox_url}fcm/`, "Pushes")],
    ),
    list,
  );
  made.open = matchMedia("(min-width: 1100px)").matches;
  return h("aside", { "aria-label": "Requests" }, made);
}

function draw({ method, path, status, ms, requestId }: Call): HTMLElement {
  return h(
    "li",
    { class: kind(method, status) },
    h("b", method),
    h("code", { title: path }, path.replace(UUID, "$1…")),
    h("span", status || (status === 0 ? "no answer" : !method.startsWith("WS") && "…")),
    ms !== undefined && h("span", `${ms} ms`),
    requestId && h("small", { title: "X-Request-Id: `make trace ARGS=…` follows it" }, requestId),
  );
}

function kind(method: string, status: number | undefined): string {
  if (method.startsWith("WS")) return "frame";
  if (status === undefined) return "";
  if (status === 0 || status >= 500) return "bad";
  return status >= 400 ? "refused" : "good";
}
