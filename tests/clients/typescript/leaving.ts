import type { Api, Schemas } from "./client.js";
import { ok, Refused } from "./errors.js";

/** Return everything that is stored about the user, as JSON to save. */
export async function exported(api: Api): Promise<Schemas["AccountExport"]> {
  return ok(await api.GET("/api/account/export"));
}

/** Delete the account and all its data; return false for a wrong password. */
export async function deleteAccount(api: Api, password: string): Promise<boolean> {
  try {
    ok(await api.DELETE("/api/account", { body: { password } }));
    return true;
  } catch (error) {
    if (error instanceof Refused && error.problem.code === "wrong_password") return false;
    throw error;
  }
}
