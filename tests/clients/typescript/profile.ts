import type { Api, Schemas } from "./client.js";
import { ok } from "./errors.js";

/** Save the profile; return what is missing before others can see it. */
export async function introduce(api: Api): Promise<string[]> {
  const body: Schemas["NewProfile"] = {
    display_name: "Maya & Bruno",
    age: 4, // the dog's, in years
    bio: "Bruno swims in every pond.",
    activity_level: "high",
    prompts: [{ question: "Favourite toy?", answer: "The red ball" }],
  };
  const profile = ok(await api.PUT("/api/profile", { body }));
  return profile.missing;
}

/** Save the user's location; others see only distances, rounded up. */
export async function locate(api: Api, latitude: number, longitude: number): Promise<void> {
  ok(await api.PUT("/api/profile/location", { body: { latitude, longitude } }));
}
