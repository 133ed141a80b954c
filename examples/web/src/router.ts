// Shows one screen at a time, by the hash of the address, and gives it the focus.

import { ApiError } from "./api.js";
import { fill, h, type Child } from "./dom.js";
import { SessionEnded } from "./session.js";
import { action, explain } from "./ui.js";

export interface Screen {
  title: string;
  body: Child;
  /** Where "Back" leads. */
  back?: string;
  /** The screen fills the window, like a conversation. */
  isTall?: boolean;
  onLeave?: () => void;
}

export type Show = (id: string, query: URLSearchParams) => Promise<Screen> | Screen;

export const outlet = h("main", { id: "main", tabindex: -1 });
let routes: Record<string, Show> = {};
let number = 0;
let leave: (() => void) | undefined;

export function go(path: string): void {
  if (location.hash === `#${path}`) void show();
  else location.hash = path;
}

export function path(): string {
  return location.hash.slice(1) || "/";
}

/** The address `/sessions/{id}` matches the route "sessions/*", which gets the id. */
export function start(known: Record<string, Show>): void {
  routes = known;
  addEventListener("hashchange", () => {
    for (const open of document.querySelectorAll("dialog")) open.close();
    void show();
  });
  void show();
}

export async function show(): Promise<void> {
  const mine = ++number;
  leave?.();
  leave = undefined;
  const { name, id, query } = place();
  outlet.ariaBusy = "true";
  markCurrent();
  let screen: Screen;
  try {
    screen = await (routes[name] ?? missing)(id, query);
  } catch (error) {
    if (error instanceof SessionEnded) return;
    screen = failed(error);
  }
  if (mine !== number) return screen.onLeave?.(); // the user has left already
  render(screen);
}

function place() {
  const [steps = "", query] = path().split("?");
  const [first = "", id = "", last] = steps.slice(1).split("/");
  const name = [first, ...(id ? ["*"] : []), ...(last ? [last] : [])].join("/");
  return { first, name, id, query: new URLSearchParams(query) };
}

function render({ title, body, back, isTall, onLeave }: Screen): void {
  leave = onLeave;
  const heading = h("h1", { tabindex: -1 }, title);
  const link = back && h("a.back", { href: `#${back}` }, "← Back");
  fill(outlet, h("header", link, heading), body);
  outlet.classList.toggle("tall", isTall ?? false);
  outlet.ariaBusy = null;
  outlet.dataset.screen = place().name;
  markCurrent();
  const isFirst = !document.title.includes("·");
  document.title = `${title} · Wingman`;
  if (!isTall) scrollTo(0, 0);
  // A screen reader reads the new heading; a field that took the focus keeps it.
  if (!isFirst && !outlet.contains(document.activeElement)) heading.focus({ preventScroll: true });
}

function markCurrent(): void {
  const { first } = place();
  for (const link of document.querySelectorAll("nav a")) {
    const isHere = link.getAttribute("href") === `#/${first}`;
    link.ariaCurrent = isHere ? "page" : null;
  }
}

const missing: Show = () => ({
  title: "Nothing here",
  body: h("p", "This address leads nowhere. ", h("a", { href: "#/discover" }, "Discover")),
});

function failed(error: unknown): Screen {
  const isGone = error instanceof ApiError && error.status === 404;
  return {
    title: isGone ? "Not found" : "That did not work",
    body: [
      h("p.error", { role: "alert" }, explain(error)),
      isGone ? h("a", { href: "#/matches" }, "Your matches") : action("Try again", show),
    ],
  };
}
