"use strict";

const REFRESH = 1500;
const byId = (id) => document.getElementById(id);
const TABS = ["html", "text", "headers"];
let mails = [];
let shown = null;

const element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

const time = (mail) => {
  const made = element("time", new Date(mail.accepted_at).toLocaleTimeString());
  made.dateTime = mail.accepted_at;
  return made;
};

const row = (mail) => {
  const link = element("a");
  link.href = `#${mail.id}`;
  link.append(
    element("strong", mail.to.join(", ")),
    time(mail),
    element("span", mail.subject, "subject"),
    element("span", mail.last_event, "event"),
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

const list = () => {
  const focused = document.activeElement?.getAttribute("href");
  byId("list").replaceChildren(...[...mails].reverse().map(row));
  byId("nothing").hidden = mails.length > 0;
  byId("empty").disabled = mails.length === 0;
  byId("count").textContent = mails.length === 1 ? "1 mail" : `${mails.length} mails`;
  for (const link of byId("list").querySelectorAll("a")) {
    if (link.hash.slice(1) === chosen()) link.setAttribute("aria-current", "true");
    if (link.getAttribute("href") === focused) link.focus();
  }
};

const envelope = (mail) => {
  const entries = [["From", mail.from], ["To", mail.to.join(", ")]];
  for (const [name, field] of [["Cc", "cc"], ["Bcc", "bcc"], ["Reply to", "reply_to"]]) {
    if (mail[field].length) entries.push([name, mail[field].join(", ")]);
  }
  entries.push(["Accepted", new Date(mail.accepted_at).toLocaleString()]);
  return entries;
};

const headers = (mail) => [
  ...Object.entries(mail.headers),
  ...mail.tags.map((tag) => [`tag ${tag.name}`, tag.value]),
  ["idempotency key", mail.idempotency_key ?? "none"],
  ["last event", mail.last_event],
  ["id", mail.id],
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
  const mail = mails.find(({ id }) => id === chosen());
  document.body.classList.toggle("reading", Boolean(mail));
  byId("mail").hidden = !mail;
  byId("invitation").hidden = Boolean(mail) || mails.length === 0;
  document.title = mail ? `${mail.subject} · Inbox` : "Inbox";
  if (!mail) {
    shown = null;
    return;
  }
  pairs(byId("headers"), headers(mail));
  if (shown === mail.id) return;
  shown = mail.id;
  byId("subject").textContent = mail.subject;
  pairs(byId("envelope"), envelope(mail));
  byId("text").textContent = mail.text ?? "This mail has no text part.";
  byId("html").src = `/inbox/${encodeURIComponent(mail.id)}`;
  open(mail.html ? "html" : "text");
};

const refresh = async () => {
  try {
    const answer = await fetch("/_sandbox/emails");
    const found = await answer.json();
    if (JSON.stringify(found) !== JSON.stringify(mails) || !found.length) {
      mails = found;
      list();
      show();
    }
  } catch {
    byId("count").textContent = "The sandbox does not answer: make up";
    mails = [];
  }
  setTimeout(refresh, REFRESH);
};

const step = (links, current, by) => {
  const next = links[(links.indexOf(current) + by + links.length) % links.length];
  next?.focus();
  return next;
};

byId("list").addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  step([...byId("list").querySelectorAll("a")], document.activeElement, by);
});

byId("tabs").addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by) step([...byId("tabs").children], document.activeElement, by).click();
});

for (const tab of TABS) byId(`tab-${tab}`).addEventListener("click", () => open(tab));

byId("empty").addEventListener("click", async () => {
  await fetch("/_sandbox/emails", { method: "DELETE" });
  location.hash = "";
  mails = [];
  list();
  show();
});

addEventListener("hashchange", () => {
  list();
  show();
  if (chosen()) byId("mail").focus();
});

refresh();
