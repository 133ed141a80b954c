// The parts of all screens: forms, buttons, dialogs, and error messages for users.

import { ApiError } from "./api.js";
import { fill, h, type Child, type Props } from "./dom.js";
import { listen, type News } from "./live.js";

type Work = () => unknown;

/** A short message that a screen reader reads, too. */
export const toast = h("p", { id: "toast", role: "status" });
let toastTimer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
  clearTimeout(toastTimer);
  fill(toast, text);
  toastTimer = setTimeout(() => fill(toast), 6_000);
}

// --- pieces -----------------------------------------------------------------------------------

const DATE: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "short" };

export function when(date: string): HTMLTimeElement {
  return h("time", { datetime: date }, new Date(date).toLocaleString(undefined, DATE));
}

export function words(code: string): string {
  const text = code.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const card = (title: string, ...body: Child[]) => h("section.card", h("h2", title), body);

export function avatar(url: string | null | undefined, name: string): HTMLElement {
  if (url) return h("img.avatar", { src: url, alt: "", width: 48, height: 48 });
  return h("span.avatar", { "aria-hidden": "true" }, name.trim().charAt(0) || "?");
}

export function badge({ score, badge_color }: { score: number; badge_color: string }): Child {
  const title = "Meetings they came to, less those they missed";
  return score !== 0 && h("span", { class: `badge ${badge_color}`, title }, `Reputation ${score}`);
}

/** A part of a screen that reloads after a step and keeps the focus. If news arrives while it loads,
 * it loads once more. */
export function region(
  label: string,
  load: (reload: () => Promise<void>) => Promise<Child>,
): { node: HTMLElement; reload: () => Promise<void> } {
  const node = h("section", { "aria-label": label, tabindex: -1 });
  let running: Promise<void> | undefined;
  let isStale = false;
  const work = async () => {
    do {
      isStale = false;
      const body = await load(reload);
      if (isStale) continue;
      const hadFocus = node.contains(document.activeElement);
      fill(node, body);
      if (hadFocus) node.focus({ preventScroll: true });
    } while (isStale);
  };
  const reload = () => {
    isStale = true;
    running ??= work().finally(() => (running = undefined));
    return running;
  };
  return { node, reload };
}

/** A region that reloads when news concerns it. It listens before the first load, so that it misses
 * nothing; call `onLeave` to stop listening. */
export async function liveRegion(
  label: string,
  concerns: (news: News) => boolean,
  load: (reload: () => Promise<void>) => Promise<Child>,
): Promise<{ node: HTMLElement; onLeave: () => void }> {
  const { node, reload } = region(label, load);
  const onLeave = listen((news) => concerns(news) && void reload().catch(console.warn));
  await reload().catch((error) => {
    onLeave();
    throw error;
  });
  return { node, onLeave };
}

// --- errors and buttons -----------------------------------------------------------------------

export function explain(error: unknown): string {
  if (error instanceof ApiError) {
    const number = error.status >= 500 && error.requestId ? ` (request ${error.requestId})` : "";
    return error.message + number;
  }
  if (error instanceof TypeError || !navigator.onLine) {
    return "No answer from the network. Check your connection, then try again.";
  }
  return error instanceof Error ? error.message : String(error);
}

export const alertBox = () => h("p.error", { role: "alert" });

/** Disable a button until the API accepts requests again, and show the seconds left. */
function countDown(button: HTMLButtonElement, seconds: number): void {
  const label = [...button.childNodes];
  const until = Date.now() + seconds * 1000;
  button.ariaDisabled = "true"; // unlike `disabled`, it keeps the focus
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    if (left > 0) return fill(button, `Try again in ${left} s`);
    clearInterval(timer);
    button.ariaDisabled = null;
    fill(button, label);
  };
  const timer = setInterval(tick, 250);
  tick();
}

/** Do the work of a button, once at a time, and explain an error. */
async function run(button: HTMLButtonElement, alert: HTMLElement, work: Work): Promise<void> {
  if (button.ariaBusy || button.ariaDisabled) return;
  button.ariaBusy = "true";
  fill(alert);
  try {
    await work();
  } catch (error) {
    fill(alert, explain(error));
    if (error instanceof ApiError && error.retryAfter) countDown(button, error.retryAfter);
    else if (!(error instanceof ApiError)) console.warn(error);
  } finally {
    button.ariaBusy = null;
  }
}

/** A button with a place for its error message. */
export function action(label: Child, work: Work, props: Props = {}): HTMLElement {
  const alert = alertBox();
  const button = h("button", { type: "button", ...props }, label);
  button.addEventListener("click", () => void run(button, alert, work));
  return h("span.action", button, alert);
}

// --- forms ------------------------------------------------------------------------------------

/** An input with its label; the type "textarea" makes a <textarea>. */
export function field(label: string, name: string, props: Props = {}, hint?: string): HTMLElement {
  const { id = `field-${name}`, value, ...rest } = props;
  const named = { id, name, "aria-describedby": hint && `${id}-hint`, ...rest };
  const control =
    rest.type === "textarea"
      ? h("textarea", { rows: 3, ...named, type: null }, String(value ?? ""))
      : h("input", { ...named, value });
  const small = hint && h("small", { id: `${id}-hint` }, hint);
  return h("div.field", h("label", { for: id }, label), control, small);
}

export function choice(
  label: string,
  name: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen?: string | null,
): HTMLElement {
  const id = `field-${name}`;
  const made = options.map(([value, text]) =>
    h("option", { value, selected: value === (chosen ?? "") }, text),
  );
  return h("div.field", h("label", { for: id }, label), h("select", { id, name }, made));
}

export function tick(label: string, name: string, checked: boolean): HTMLElement {
  return h("label.tick", h("input", { type: "checkbox", name, checked, role: "switch" }), label);
}

/** A form that shows the API's message at each refused field. Its fields have the same names as the
 * fields of the request's body; empty ones are left out. */
export function form<T = Record<string, string>>(
  submit: string,
  fields: Child,
  work: (values: T) => Promise<unknown>,
): HTMLFormElement {
  const alert = alertBox();
  const button = h("button.primary", submit);
  const made = h("form", fields, alert, button);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    void run(button, alert, () => work(values(made) as T).catch((error) => blame(made, error)));
  });
  made.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLElement) target.removeAttribute("aria-invalid");
  });
  return made;
}

function values(made: HTMLFormElement): Record<string, unknown> {
  const controls = [...made.elements] as HTMLInputElement[];
  const filled = controls.filter(({ value }) => value !== "");
  return Object.fromEntries(
    filled.map(({ name, type, value, checked }) => {
      if (type === "checkbox") return [name, checked];
      if (type === "number") return [name, Number(value)];
      return [name, type === "datetime-local" ? new Date(value).toISOString() : value];
    }),
  );
}

function blame(made: HTMLFormElement, error: unknown): never {
  if (error instanceof ApiError && error.fields.length > 0) {
    const named = error.fields.map(({ field, message }) => {
      const control = made.elements.namedItem(field.split(".").at(-1) ?? "");
      if (!(control instanceof HTMLElement)) return `${words(field)}: ${message}`;
      control.setAttribute("aria-invalid", "true");
      control.focus();
      return `${document.querySelector(`label[for="${control.id}"]`)?.textContent}: ${message}`;
    });
    error.message = named.join(" ");
  }
  throw error;
}

// --- dialogs ----------------------------------------------------------------------------------

/** Show a dialog. The browser keeps the focus in it and gives it back afterwards, unless the button
 * that opened it no longer exists. */
export function dialog(title: string, ...body: Child[]): HTMLDialogElement {
  const id = `dialog-${crypto.randomUUID()}`;
  const close = h("button.quiet", { type: "button", onclick: () => made.close() }, "Close");
  const made = h("dialog", { "aria-labelledby": id }, h("h2", { id }, title), body, close);
  made.addEventListener("close", () => {
    made.remove();
    if (document.activeElement === document.body) document.querySelector("main")?.focus();
  });
  document.body.append(made);
  made.showModal();
  return made;
}

/** Ask before something that cannot be undone; `then` runs after it. */
export function ask(title: string, text: string, label: string, work: Work, then?: Work): void {
  const yes = async () => {
    await work();
    shown.close();
    await then?.();
  };
  const shown = dialog(title, h("p", text), action(label, yes, { class: "danger" }));
}

/** Ask for a few words; `then` runs once the API has accepted them. */
export function askFor<T = Record<string, string>>(
  title: string,
  fields: Child,
  submit: string,
  work: (values: T) => Promise<unknown>,
  then?: Work,
): void {
  const made = form<T>(submit, fields, async (values) => {
    await work(values);
    shown.close();
    await then?.();
  });
  const shown = dialog(title, made);
}

export function download(name: string, content: unknown): void {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([String(content)]));
  h("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
