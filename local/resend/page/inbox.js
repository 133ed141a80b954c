"use strict";

const REFRESH = 1500;
const byId = (id) => document.getElementById(id);
const TABS = ["html", "text", "headers"];
let emails = [];
let shown = null;

const element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

const DATE = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };

const time = (email) => {
  const made = element("time", new Date(email.accepted_at).toLocaleString(undefined, DATE));
  made.dateTime = email.accepted_at;
  return made;
};

const row = (email) => {
  const link = element("a");
  link.href = `#${email.id}`;
  link.append(
    element("strong", email.to.join(", ")),
    time(email),
    element("span", email.subject, "subject"),
    element("span", email.last_event, "event"),
  );
  const item = element("li");
  item.append(link);
  return item;
};

const pairs = (list, entries) => {
  list.replaceChildren(
    ...entries.flatMap(([name, value]) => [element("dt", name), element("dd", value)]),
  );
};

const chosen = () => decodeURIComponent(location.hash.slice(1));

const wanted = () => {
  const to = byId("to").value.trim().toLowerCase();
  return emails.filter((email) => email.to.some((one) => one.toLowerCase().includes(to)));
};

const recipients = () => [...new Set(emails.flatMap((email) => email.to))].sort();

const option = (value) => Object.assign(element("option"), { value });

const list = () => {
  const focused = document.activeElement?.getAttribute("href");
  const found = wanted();
  byId("list").replaceChildren(...[...found].reverse().map(row));
  byId("recipients").replaceChildren(...recipients().map(option));
  byId("nothing").hidden = emails.length > 0;
  byId("none").hidden = emails.length === 0 || found.length > 0;
  byId("empty").disabled = emails.length === 0;
  byId("count").textContent = found.length === 1 ? "1 email" : `${found.length} emails`;
  for (const link of byId("list").querySelectorAll("a")) {
    if (link.hash.slice(1) === chosen()) link.setAttribute("aria-current", "true");
    if (link.getAttribute("href") === focused) link.focus();
  }
};

const envelope = (email) => {
  const entries = [["From", email.from], ["To", email.to.join(", ")]];
  for (const [name, field] of [["Cc", "cc"], ["Bcc", "bcc"], ["Reply to", "reply_to"]]) {
    if (email[field].length) entries.push([name, email[field].join(", ")]);
  }
  entries.push(["Accepted", new Date(email.accepted_at).toLocaleString()]);
  return entries;
};

const headers = (email) => [
  ...Object.entries(email.headers),
  ...email.tags.map((tag) => [`tag ${tag.name}`, tag.value]),
  ["idempotency key", email.idempotency_key ?? "none"],
  ["last event", email.last_event],
  ["id", email.id],
];

const open = (name) => {
  for (const tab of TABS) {
    const selected = tab === name;
    byId(`tab-${tab}`).setAttribute("aria-selected", String(selected));
    byId(`tab-${tab}`).tabIndex = selected ? 0 : -1;
    byId(`panel-${tab}`).hidden = !selected;
  }
};

const show = () => {
  const email = emails.find(({ id }) => id === chosen());
  document.body.classList.toggle("reading", Boolean(email));
  byId("email").hidden = !email;
  byId("invitation").hidden = Boolean(email) || emails.length === 0;
  document.title = email ? `${email.subject} · Inbox` : "Inbox";
  if (!email) {
    shown = null;
    return;
  }
  pairs(byId("headers"), headers(email));
  if (shown === email.id) return;
  shown = email.id;
  byId("subject").textContent = email.subject;
  pairs(byId("envelope"), envelope(email));
  byId("text").textContent = email.text ?? "This email has no text part.";
  byId("html").src = `/inbox/${encodeURIComponent(email.id)}`;
  open(email.html ? "html" : "text");
};

const refresh = async () => {
  try {
    const answer = await fetch("/_sandbox/emails");
    const found = await answer.json();
    if (JSON.stringify(found) !== JSON.stringify(emails) || !found.length) {
      emails = found;
      list();
      show();
    }
  } catch {
    byId("count").textContent = "The sandbox does not answer: make up";
    emails = [];
  }
  setTimeout(refresh, REFRESH);
};

const step = (links, current, by) => {
  const next = links[(links.indexOf(current) + by + links.length) % links.length];
  next?.focus();
  return next;
};

// The arrow keys work without a click first, except inside the email, where they scroll.
addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const links = [...byId("list").querySelectorAll("a")];
  const current = links.find((link) => link.hasAttribute("aria-current"));
  if (event.key === "Escape" && byId("email").contains(document.activeElement)) current?.focus();
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || byId("email").contains(document.activeElement)) return;
  event.preventDefault();
  if (links.includes(document.activeElement)) step(links, document.activeElement, by);
  else (current ?? links.at(by > 0 ? 0 : -1))?.focus();
});

byId("tabs").addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by) step([...byId("tabs").children], document.activeElement, by).click();
});

for (const tab of TABS) byId(`tab-${tab}`).addEventListener("click", () => open(tab));

byId("empty").addEventListener("click", async () => {
  await fetch("/_sandbox/emails", { method: "DELETE" });
  location.hash = "";
  emails = [];
  list();
  show();
});

byId("to").addEventListener("input", () => {
  const address = new URL(location);
  address.searchParams.set("to", byId("to").value);
  if (!byId("to").value) address.searchParams.delete("to");
  history.replaceState(null, "", address);
  list();
});

addEventListener("hashchange", () => {
  list();
  show();
  if (chosen()) byId("email").focus();
});

byId("to").value = new URLSearchParams(location.search).get("to") ?? "";
refresh();
