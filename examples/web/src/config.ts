interface Config {
  api_url: string;
  /** The inbox of the local stack; your own app has none. */
  inbox_url: string | null;
}

/** Served beside the app; on the local stack, by local/edge/app.py. */
export const config: Config = await (await fetch("/config.json")).json();
