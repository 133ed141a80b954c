// Photos go straight to the bucket, with a form that the API signs.

import { api, at, done, once, type Schemas } from "../api.js";
import { fill, h, type Child } from "../dom.js";
import { action, alertBox, ask, explain, region, say, words } from "../ui.js";

type Photo = Schemas["Photo"];

const MOST = 6;
const TYPES = "image/jpeg,image/png,image/webp";
const POLL_MS = 500;

/** The user's photos; a change that may have published the profile calls `changed`. */
export function photos(changed: () => Promise<void>): ReturnType<typeof region> {
  return region("Your photos", async (reload) => {
    const { photos } = await done(api.GET("/api/photos"));
    const added = () => reload().then(changed);
    const tiles = photos.map((photo, index) => tile(photo, index, photos, reload));
    return [h("ol.photos", tiles), photos.length < MOST && picker(added)];
  });
}

function tile(photo: Photo, place: number, all: Photo[], reload: () => Promise<void>): HTMLElement {
  const { id: photo_id, thumbnail_url: src, width, height, rejection } = photo;
  const name = `photo ${place + 1}`;
  const button = (sign: string, label: string, work: () => unknown) =>
    action(sign, work, { "aria-label": label });
  const to = (other: number) => async () => {
    const photo_ids = all.map(({ id }) => id);
    photo_ids.splice(other, 0, ...photo_ids.splice(place, 1));
    await done(api.PUT("/api/photos/order", { body: { photo_ids } }));
    await reload();
  };
  const remove = () =>
    ask(
      "Delete this photo?",
      "It is gone within a minute, for everyone.",
      "Delete",
      () => done(api.DELETE("/api/photos/{photo_id}", at({ photo_id }))),
      () => reload().then(() => say("The photo is deleted.")),
    );
  return h(
    "li",
    src
      ? h("img", { src, alt: `Photo ${place + 1}`, width, height })
      : h("span.blank", rejection ? words(rejection) : "Being checked …"),
    h(
      "div.tools",
      place > 0 && button("←", `Move ${name} forward`, to(place - 1)),
      place < all.length - 1 && button("→", `Move ${name} back`, to(place + 1)),
      button("✕", `Delete ${name}`, remove),
    ),
  );
}

function picker(changed: () => Promise<void>): Child {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Upload", hidden: true });
  const alert = alertBox();
  const input = h("input", { type: "file", id: "photo-file", accept: TYPES, multiple: true });
  // `disabled` would lose the focus.
  input.addEventListener("click", (event) => bar.hidden || event.preventDefault());
  input.addEventListener("change", async () => {
    const files = [...(input.files ?? [])];
    bar.hidden = false;
    fill(alert);
    try {
      for (const [index, file] of files.entries()) {
        await upload(file, (part) => (bar.value = (index + part) / files.length));
      }
      await changed();
      say(files.length > 1 ? "The photos are added." : "The photo is added.");
    } catch (error) {
      fill(alert, explain(error));
    } finally {
      input.value = "";
      bar.hidden = true;
    }
  });
  return h(
    "div.field",
    h("label", { for: "photo-file" }, "Add photos"),
    input,
    h("small", `JPEG, PNG or WebP of at most 10 MB; up to ${MOST} photos.`),
    bar,
    alert,
  );
}

/** Reserve a photo, post its file, and wait until it has been checked. */
async function upload(file: File, progress: (part: number) => void): Promise<void> {
  const body = { content_type: file.type as Schemas["PhotoType"], size_bytes: file.size };
  const reserved = await done(api.POST("/api/photos", { params: { header: once() }, body }));
  await post(reserved.upload, file, (part) => progress(part * 0.9));
  let { photo } = reserved;
  while (photo.status === "pending") {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    photo = await done(api.GET("/api/photos/{photo_id}", at({ photo_id: photo.id })));
  }
  if (photo.status === "rejected") {
    throw new Error(`${file.name} was not accepted: ${words(photo.rejection ?? "rejected")}.`);
  }
  progress(1);
}

/** XMLHttpRequest, because fetch does not say how much it has sent. */
function post(form: Schemas["Upload"], file: File, progress: (part: number) => void) {
  const data = new FormData();
  for (const [name, value] of Object.entries(form.fields)) data.append(name, String(value));
  data.append("file", file); // last: S3 ignores what follows it
  return new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest();
    const refused = () => new Error(`The storage did not take ${file.name} (${request.status}).`);
    request.upload.onprogress = ({ loaded, total }) => progress(loaded / total);
    request.onload = () => (request.status < 300 ? resolve() : reject(refused()));
    request.onerror = () => reject(new TypeError("The upload broke off. Try again."));
    request.open("POST", form.url);
    request.send(data);
  });
}
