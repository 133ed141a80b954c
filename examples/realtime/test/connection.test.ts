import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { backOff } from "../src/pacing.js";
import { advance, App, FakeServer, HEARTBEAT_S, json, LEO, MAX_AGE_S, MATCH } from "./server.js";

const MINUTE = 60_000;
let server: FakeServer;
let app: App;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  server = new FakeServer();
  app = new App(server);
});

afterEach(() => {
  app.client.stop();
  mock.timers.reset();
});

test("each connection has a ticket of its own", async () => {
  await app.start();
  server.socket.cut();
  await advance(MINUTE);

  const urls = server.sockets.map((socket) => socket.url);
  assert.deepEqual(urls, ["wss://ws.example?ticket=t1", "wss://ws.example?ticket=t2"]);
});

test("the heartbeat is shorter than the silence that API Gateway allows", async () => {
  await app.start();
  await advance(3 * HEARTBEAT_S * 1000);

  assert.equal(server.frames("ping").length, 4);
  assert.equal(server.sockets.length, 1);
});

test("a missing pong closes the connection and opens another", async () => {
  await app.start();
  server.instead = (socket, frame) => frame.type === "ping" && socket === server.sockets[0];
  await advance(HEARTBEAT_S * 1000 + 20_000);

  assert.equal(server.sockets[0]!.isOpen, false);
  assert.deepEqual(server.open, [server.sockets[1]]);
});

test("a socket that died while the phone slept is found when the user looks", async () => {
  await app.start();
  server.instead = (socket) => socket === server.sockets[0];
  app.client.setVisible(true);
  await advance(20_000);

  assert.deepEqual(server.open, [server.sockets[1]]);
});

test("a handshake without an end is given up", async () => {
  server.ignoresSockets = true;
  await app.start();
  server.ignoresSockets = false;
  await advance(20_000);

  assert.deepEqual(server.open, [server.socket]);
});

test("the first retry waits for a random time, too", async () => {
  await app.start();
  server.socket.cut();
  await advance(900);
  assert.equal(server.tickets, 1);
  await advance(200);
  assert.equal(server.tickets, 2);
});

test("waits are spread from zero to a limit that grows up to a minute", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 50].map((failures) => backOff(failures, () => 1) / 1000);
  assert.deepEqual(longest, [2, 4, 8, 16, 32, 60, 60, 60]);
  assert.equal(
    backOff(5, () => 0),
    0,
  );
});

test("the waits begin again only after a stable connection", async () => {
  await app.start();
  const waits: number[] = [];
  for (const lifetime of [1000, 1000, 1000, 2 * MINUTE]) {
    await advance(lifetime);
    const before = server.tickets;
    server.socket.cut();
    let waited = 0;
    for (; server.tickets === before && waited < MINUTE; waited += 100) await advance(100);
    waits.push(waited);
    await advance(100);
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 1000]);
});

test("a ticket call that fails does not end the attempts", async () => {
  server.insteadOf = () => {
    throw new TypeError("Failed to fetch");
  };
  await app.start();
  await advance(10 * MINUTE);
  server.insteadOf = () => undefined;
  await advance(MINUTE);

  assert.equal(server.open.length, 1);
});

test("a refused ticket call is repeated when the server allows", async () => {
  server.insteadOf = () => json(429, { code: "rate_limited" }, { "Retry-After": "90" });
  await app.start();
  app.client.online();
  await advance(89_000);
  assert.equal(server.tickets, 1);
  await advance(5000);
  assert.equal(server.tickets, 2);
});

test("there is one attempt at a time", async () => {
  server.refusesSockets = true;
  await app.start();
  for (let n = 0; n < 20; n++) {
    app.client.online();
    app.client.setVisible(true);
    server.socket.cut();
  }
  server.refusesSockets = false;
  await advance(5 * MINUTE);

  assert.equal(server.open.length, 1);
  assert.ok(server.sockets.length < 5, `${server.sockets.length} sockets`);
});

test("the network's return ends the wait", async () => {
  server.insteadOf = () => json(503, {});
  await app.start();
  await advance(10 * MINUTE);
  server.insteadOf = () => undefined;
  app.client.online();
  await advance(100);

  assert.equal(server.open.length, 1);
});

test("an old connection is replaced without a gap", async () => {
  await app.start();
  for (let s = 0; s < MAX_AGE_S && server.sockets.length === 1; s++) await advance(1000, 1000);
  const [old] = server.sockets;
  await advance(100);
  assert.equal(server.open.length, 2);
  const message = server.store(LEO, "Hello");
  old!.say({ type: "message", message });
  server.socket.say({ type: "message", message });
  await advance(10_000);

  assert.deepEqual(server.open, [server.socket]);
  assert.deepEqual(app.texts, ["Hello"]);
  assert.deepEqual(
    app.heard.filter((name) => name === "lost"),
    [],
  );
  assert.ok(Date.now() < MAX_AGE_S * 1000);
});

test("an old connection stays until another one works", async () => {
  await app.start();
  server.refusesSockets = true;
  await advance(MAX_AGE_S * 1000, 1000);
  assert.deepEqual(server.open, [server.sockets[0]]);
  server.refusesSockets = false;
  await advance(2 * MINUTE, 1000);

  assert.deepEqual(server.open, [server.socket]);
});

test("a token that is about to expire does not mean a ticket every second", async () => {
  server.maxAge = 3;
  await app.start();
  await advance(5 * MINUTE);

  assert.ok(server.tickets < 12, `${server.tickets} tickets`);
});

test("the end of the session ends everything", async () => {
  await app.start();
  server.instead = () => true;
  await app.send("Hello");
  server.socket.say({ type: "session_ended" });
  const before = server.calls.length;
  await advance(4 * 60 * MINUTE, 10_000);

  assert.deepEqual(app.heard.slice(-1), ["sessionEnded"]);
  assert.equal(server.calls.length, before);
  assert.deepEqual(server.open, []);
  assert.equal(app.storage.unsent.length, 1);
});

test("a refused token is replaced once; after a second refusal, the session has ended", async () => {
  server.insteadOf = () =>
    app.token === "token" ? json(401, { code: "token_expired" }) : undefined;
  await app.start();
  assert.equal(server.open.length, 1);

  server.insteadOf = () => json(401, { code: "session_ended" });
  server.socket.cut();
  await advance(MINUTE);
  assert.equal(app.heard.at(-1), "sessionEnded");
});

test("typing is one frame in three seconds, and none from the background", async () => {
  await app.start();
  for (let n = 0; n < 50; n++) {
    app.client.typing(MATCH);
    await advance(100);
  }
  assert.equal(server.frames("typing").length, 2);
  app.client.setVisible(false);
  await advance(5000);
  app.client.typing(MATCH);
  assert.equal(server.frames("typing").length, 2);
});
