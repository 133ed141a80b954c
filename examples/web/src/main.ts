// The frame around the screens, and the routes.

import { api, done, found } from "./api.js";
import { fill, h } from "./dom.js";
import * as live from "./live.js";
import { panel } from "./panel.js";
import { go, outlet, path, start, type Screen, type Show } from "./router.js";
import { chat } from "./screens/chat.js";
import { discover } from "./screens/discovery.js";
import { match } from "./screens/match.js";
import { matches } from "./screens/matches.js";
import { meeting } from "./screens/meeting.js";
import { meetings, plan } from "./screens/meetings.js";
import { notifications } from "./screens/notifications.js";
import { profile } from "./screens/profile.js";
import { settings } from "./screens/settings.js";
import { forgot, interrupted, logIn, sent, signUp } from "./screens/welcome.js";
import * as session from "./session.js";
import { toast } from "./ui.js";

const OPEN: Record<string, Show> = { login: logIn, signup: signUp, forgot, sent };

const SIGNED_IN: Record<string, Show> = {
  "": home,
  discover,
  profile,
  settings,
  notifications,
  matches,
  "matches/*": match,
  "matches/*/plan": plan,
  "conversations/*": chat,
  sessions: meetings,
  "sessions/*": meeting,
};

const LINKS = [
  ["discover", "Discover", "◎"],
  ["matches", "Matches", "♥"],
  ["sessions", "Meetings", "◷"],
  ["notifications", "News", "✦"],
  ["profile", "Profile", "☻"],
  ["settings", "Settings", "⚙"],
] as const;

/** News that changes the number of unread notifications. */
const COUNTED = new Set(["match", "match_ended", "notifications_read"]);

async function home(): Promise<Screen> {
  const own = await found(api.GET("/api/profile"));
  const first = own?.published ? "discover" : "profile";
  if (path() === "/") history.replaceState(null, "", `#/${first}`); // else the user has left
  return first === "discover" ? discover() : profile();
}

/** A screen for signed-in users; others are sent to the login, and back afterwards. */
function guarded(show: Show): Show {
  return (id, query) => {
    if (!session.current()) {
      interrupted.path = path();
      history.replaceState(null, "", "#/login");
      return logIn();
    }
    live.start();
    document.body.classList.add("signed-in");
    return show(id, query);
  };
}

const unread = h("span.dot", { hidden: true });
const offline = h("p.offline", { role: "status" });
let isConnected = false;

function frame(): void {
  const links = LINKS.map(([place, name, sign]) =>
    h(
      "a",
      { href: `#/${place}` },
      h("span", { "aria-hidden": "true" }, sign),
      name,
      place === "notifications" && unread,
    ),
  );
  const icon = h("img", { src: "/icon.svg", alt: "", width: 28, height: 28 });
  fill(
    document.body,
    h("button.skip", { type: "button", onclick: () => outlet.focus() }, "Skip to content"),
    h(
      "header.top",
      h("a.brand", { href: "#/" }, icon, "wingman"),
      h("nav", { "aria-label": "Main" }, links),
    ),
    h("div.middle", offline, outlet),
    panel(),
    toast,
  );
  live.listen((news) => {
    if (news.kind === "connected") showConnection((isConnected = news.isConnected));
    else if (COUNTED.has(news.kind)) void countUnread();
  });
  addEventListener("hashchange", () => void countUnread());
  void countUnread();
  addEventListener("offline", () => showConnection(false));
  // A socket can survive a short network failure.
  addEventListener("online", () => showConnection(isConnected));
}

function showConnection(isOpen: boolean): void {
  document.body.dataset.connection = isOpen ? "open" : "lost";
  fill(offline, !isOpen && "Connecting again … What you write is kept, and sent then.");
}

async function countUnread(): Promise<void> {
  if (!session.current()) return;
  try {
    const params = { query: { limit: 1 } };
    const { unread: number } = await done(api.GET("/api/notifications", { params }));
    unread.hidden = number === 0;
    fill(unread, h("span.sr", `, ${number} new`));
  } catch (error) {
    console.warn("the number of new notifications is not known", error);
  }
}

session.onEnd((reason) => {
  live.stop();
  delete document.body.dataset.connection;
  document.body.classList.remove("signed-in");
  interrupted.path = path();
  if (reason) interrupted.reason = reason;
  go("/login");
});

/** Links in emails have a path; the confirmation of an address adds a session in the fragment. */
function arrive(): void {
  const handed = new URLSearchParams(location.hash.slice(1));
  const [access_token, refresh_token] = [handed.get("access_token"), handed.get("refresh_token")];
  if (access_token && refresh_token) {
    session.begin({ access_token, refresh_token });
    history.replaceState(null, "", "/#/");
  } else if (location.pathname !== "/") {
    history.replaceState(null, "", `/#${location.pathname}`);
  }
}

arrive();
frame();
const screens = Object.entries(SIGNED_IN).map(([name, show]) => [name, guarded(show)] as const);
start({ ...OPEN, ...Object.fromEntries(screens) });
