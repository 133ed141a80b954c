// The user's own profile: what others see, and what is missing before they can see it.

import { api, at, done, found, type Schemas } from "../api.js";
import { h, type Child } from "../dom.js";
import type { Screen } from "../router.js";
import { action, badge, card, choice, field, form, region, say, tick, words } from "../ui.js";
import { photos } from "./photos.js";

type Own = Schemas["OwnProfile"];
type Changed = () => Promise<void>;

export const LEVELS = [
  ["low", "Relaxed"],
  ["medium", "Lively"],
  ["high", "Sporty"],
] as const;
const MISSING: Record<string, string> = {
  display_name: "a name",
  age: "your dog's age",
  photos: "two photos",
  location: "your location",
};

export async function profile(): Promise<Screen> {
  const own = await found(api.GET("/api/profile"));
  let now = own;
  const state = region("State of your profile", async () => standing(now));
  // The forms are not reloaded: the user may be filling in another one.
  const changed = async () => {
    now = await found(api.GET("/api/profile"));
    await state.reload();
  };
  const pictures = photos(changed);
  await Promise.all([state.reload(), pictures.reload()]);
  return {
    title: "Your profile",
    body: [
      state.node,
      card("About you", about(own, changed)),
      card("Photos", pictures.node),
      card("Location", place(own, changed)),
    ],
  };
}

function standing(own: Own | undefined): Child {
  if (!own) return h("p.note", "Say who you are, so that others can find you.");
  if (own.published) {
    const discover = h("a", { href: "#/discover" }, "Discover others");
    return h("p.note.good", "Others can see you. ", discover, ".");
  }
  const missing = own.missing.map((each) => MISSING[each] ?? words(each)).join(", ");
  const lacks = missing ? `Still missing: ${missing}.` : "Your profile is hidden.";
  return h("p.note", lacks, " Until then, others do not see you.");
}

function about(own: Own | undefined, changed: Changed): HTMLElement {
  const [prompt] = own?.prompts ?? [];
  const name = { required: true, maxlength: 100, value: own?.display_name };
  const age = { type: "number", required: true, min: 0, max: 20, value: own?.age };
  const fields = [
    field("Name", "display_name", name),
    field("Your dog's age in years", "age", age),
    choice("You two are", "activity_level", LEVELS, own?.activity_level ?? "medium"),
    field("About you both", "bio", { type: "textarea", rows: 4, maxlength: 2000, value: own?.bio }),
    field("A question", "question", { maxlength: 500, value: prompt?.question }),
    field("Your answer", "answer", { maxlength: 1000, value: prompt?.answer }),
    tick("Others can find me", "visible", own?.visible ?? true),
  ];
  type Wanted = Schemas["NewProfile"] & Schemas["Prompt"] & { visible: boolean };
  return form<Wanted>("Save profile", fields, async ({ question, answer, visible, ...rest }) => {
    const first = question && answer ? [{ question, answer }] : [];
    const prompts = [...first, ...(own?.prompts.slice(1) ?? [])];
    await done(api.PUT("/api/profile", { body: { ...rest, prompts } }));
    await done(api.PATCH("/api/profile", { body: { visible } }));
    await changed();
    say("Your profile is saved.");
  });
}

function place(own: Own | undefined, changed: Changed): Child {
  const degrees = (label: string, name: "latitude" | "longitude", max: number) => {
    const value = own?.location?.[name];
    return field(label, name, {
      type: "number",
      step: "any",
      required: true,
      min: -max,
      max,
      value,
    });
  };
  const fields = [degrees("Latitude", "latitude", 90), degrees("Longitude", "longitude", 180)];
  type Wanted = Schemas["Coordinates"];
  const made = form<Wanted>("Save location", h("div.pair", fields), async (body) => {
    await done(api.PUT("/api/profile/location", { body }));
    await changed();
    say("Your location is saved.");
  });
  const fillIn = async () => {
    const { latitude, longitude } = await device();
    const [first, second] = made.querySelectorAll("input");
    if (first) first.value = String(latitude);
    if (second) second.value = String(longitude);
    made.requestSubmit();
  };
  const promise = h("p", "Others see a rounded distance, never where you are.");
  return [promise, action("Use where I am now", fillIn), made];
}

function device(): Promise<GeolocationCoordinates> {
  const silent = "Your device did not say where you are. Enter the coordinates instead.";
  return new Promise((resolve, reject) =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve(coords),
      () => reject(new Error(silent)),
    ),
  );
}

/** The card of another user, as a match sees it. */
export async function others(user_id: string): Promise<Child> {
  const shown = await found(api.GET("/api/profiles/{user_id}", at({ user_id })));
  return shown && face(shown);
}

export function face(shown: Schemas["Card"], reasons: string[] = []): Child {
  const { display_name, age, distance, playgrounds } = shown;
  const unit = distance?.value === 1 ? distance.unit.slice(0, -1) : distance?.unit;
  const far = distance && `${distance.value} ${unit} away`;
  const level = LEVELS.find(([code]) => code === shown.activity_level)?.[1];
  const facts = [`Dog of ${age}`, level, far].filter(Boolean).join(" · ");
  const pictures = shown.photos.map(({ url: src, width, height }, index) =>
    h("img", { src, width, height, alt: `Photo ${index + 1} of ${display_name}` }),
  );
  const gallery = { tabindex: 0, role: "group", "aria-label": `Photos of ${display_name}` };
  const chips = reasons.map((code) => h("li", words(code)));
  return [
    h("div.gallery", gallery, pictures),
    h("h2", display_name),
    h("p.facts", facts, " ", badge(shown.reputation)),
    chips.length > 0 && h("ul.chips", { "aria-label": "Why" }, chips),
    shown.bio && h("p.bio", shown.bio),
    shown.prompts.map(({ question, answer }) => h("dl", h("dt", question), h("dd", answer))),
    playgrounds.length > 0 &&
      h("p", "Likes to be at ", playgrounds.map(({ name }) => name).join(", ")),
  ];
}
