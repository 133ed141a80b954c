import type { Api, Schemas } from "./client.js";
import { ok } from "./errors.js";

type Photo = Schemas["Photo"];

/** Reserve a place, send the file directly to the storage, and wait until it is checked. */
export async function upload(api: Api, file: File): Promise<Photo> {
  const content_type = file.type as Schemas["PhotoType"];
  const { photo, upload } = ok(
    await api.POST("/api/photos", {
      params: { header: { "Idempotency-Key": crypto.randomUUID() } },
      body: { content_type, size_bytes: file.size },
    }),
  );
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
  form.append("file", file); // the last field
  const sent = await fetch(upload.url, { method: "POST", body: form });
  if (!sent.ok) throw new Error(`the storage answered ${sent.status}`);
  return settled(api, photo.id);
}

/** Wait until a photo is ready or rejected, which takes a few seconds. */
async function settled(api: Api, photo_id: string): Promise<Photo> {
  for (;;) {
    const params = { path: { photo_id } };
    const photo = ok(await api.GET("/api/photos/{photo_id}", { params }));
    if (photo.status !== "pending") return photo;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
