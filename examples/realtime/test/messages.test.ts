import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { Message } from "../src/protocol.js";
import { advance, App, FakeServer, HEARTBEAT_S, json, LEO, MATCH, MAYA } from "./server.js";

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

const numbered = (count: number): Message[] =>
  Array.from({ length: count }, (_, n) => server.store(LEO, `${n + 1}`));

function say(...messages: Message[]): void {
  for (const message of messages) server.socket.say({ type: "message", message });
}

// --- receiving ------------------------------------------------------------------------------

test("messages that overtake each other are shown in order, each once", async () => {
  await app.start();
  const [one, two, three] = numbered(3) as [Message, Message, Message];
  say(three, one, one, two, three, two);

  assert.deepEqual(app.texts, ["1", "2", "3"]);
});

test("a gap is filled", async () => {
  await app.start();
  const [one, , three] = numbered(3) as [Message, Message, Message];
  say(one, three);
  assert.deepEqual(app.texts, ["1"]);
  await advance(100);

  assert.deepEqual(app.texts, ["1", "2", "3"]);
  assert.deepEqual(server.frames("sync"), [{ type: "sync", match_id: MATCH, after_seq: 1 }]);
});

test("a long gap is filled page by page", async () => {
  await app.start();
  server.pageSize = 10;
  say(numbered(95).at(-1)!);
  await advance(100);

  assert.equal(app.shown.length, 95);
  assert.equal(server.frames("sync").length, 10);
});

test("a client that comes back resumes after the last message", async () => {
  await app.start();
  say(...numbered(2));
  server.socket.cut();
  server.store(LEO, "3");
  server.store(LEO, "4");
  await advance(5000);

  assert.deepEqual(app.texts, ["1", "2", "3", "4"]);
  assert.deepEqual(server.frames("sync"), [{ type: "sync", match_id: MATCH, after_seq: 2 }]);
});

test("a client that starts resumes after the last message that its app has", async () => {
  numbered(5);
  app = new App(server, app.storage, { lastSeq: () => 2 });
  await app.start();

  assert.deepEqual(app.texts, ["3", "4", "5"]);
});

test("a client whose app has nothing begins with the message that is unread", async () => {
  numbered(5);
  await app.start();

  assert.deepEqual(app.texts, ["5"]);
  assert.deepEqual(server.frames("sync"), []);
});

test("a message that is faster than the first list waits for it", async () => {
  let failures = 1;
  server.insteadOf = ({ path }) => {
    if (!path.startsWith("/api/conversations")) return undefined;
    const listed = { conversations: [], head: "h0", next_cursor: null };
    return failures-- > 0 ? json(503, {}) : json(200, listed);
  };
  await app.start();
  say(numbered(1)[0]!);
  await advance(10_000);

  assert.deepEqual(app.texts, ["1"]);
});

test("messages that are faster than the first list are all shown, the read ones too", async () => {
  let failures = 1;
  server.insteadOf = ({ path }) =>
    path.startsWith("/api/conversations") && failures-- > 0 ? json(503, {}) : undefined;
  await app.start();
  say(...numbered(3));
  await advance(10_000);

  assert.deepEqual(app.texts, ["1", "2", "3"]);
});

test("an own message that is faster than the first list replaces its bubble", async () => {
  let failures = 1;
  server.insteadOf = ({ path }) => {
    if (!path.startsWith("/api/conversations")) return undefined;
    if (failures-- > 0) return json(503, {});
    const last_message = server.stored.at(-1)!;
    const marks = { last_seq: last_message.seq, read_seq: 0, unread_count: 0, first_seq: 1 };
    const conversations = [{ match_id: MATCH, last_message, ...marks }];
    return json(200, { conversations, head: server.head, next_cursor: null });
  };
  await app.start();
  await app.send("Hello!");
  await advance(10_000);

  assert.deepEqual(app.texts, ["Hello!"]);
});

/** Let the first list fail; the next one counts `unread` messages. */
function listLater(unread: number): void {
  let failures = 1;
  server.insteadOf = ({ path }) => {
    if (!path.startsWith("/api/conversations?")) return undefined;
    if (failures-- > 0) return json(503, {});
    const last_message = server.stored.at(-1)!;
    const marks = { last_seq: last_message.seq, read_seq: 0, unread_count: unread, first_seq: 1 };
    const conversations = [{ match_id: MATCH, last_message, ...marks }];
    return json(200, { conversations, head: server.head, next_cursor: null });
  };
}

test("an own message that the first list contains before its acknowledgement is shown", async () => {
  listLater(0);
  server.instead = (_, frame) => {
    if (frame.type !== "send" || !("text" in frame)) return false;
    server.store(MAYA, frame.text, frame.client_id);
    return true;
  };
  await app.start();
  await app.send("Hello!");
  await advance(60_000);

  assert.deepEqual(app.texts, ["Hello!"]);
});

test("an own message that an answer follows in the first list is shown before it", async () => {
  listLater(1);
  let lost = 1;
  server.instead = (_, frame) => {
    if (frame.type !== "send" || !("text" in frame) || lost-- <= 0) return false;
    server.store(MAYA, frame.text, frame.client_id);
    server.store(LEO, "Hi!");
    return true;
  };
  await app.start();
  await app.send("Hello!");
  await advance(60_000);

  assert.deepEqual(app.texts, ["Hello!", "Hi!"]);
});

test("a message that is refused does not hide the unread one", async () => {
  listLater(1);
  server.store(LEO, "Hi!");
  server.instead = (socket, frame) => {
    if (frame.type !== "send") return false;
    const error = { type: "error", request: "send", code: "not_found", match_id: MATCH } as const;
    setTimeout(() => socket.say(JSON.stringify({ ...error, client_id: frame.client_id })), 5000);
    return true;
  };
  await app.start();
  await app.send("Hello?");
  await advance(60_000);

  assert.deepEqual(app.texts, ["Hi!"]);
  assert.equal(app.failed.length, 1);
});

test("unsent messages of an earlier visit are sent over REST if no socket ever opens", async () => {
  app.storage.unsent = [{ match_id: MATCH, client_id: "c1", content: { text: "Hello!" } }];
  server.refusesSockets = true;
  await app.start();
  await advance(60_000);

  assert.deepEqual(app.texts, ["Hello!"]);
  assert.deepEqual(app.storage.unsent, []);
});

test("a client asks what its app has once more when the first list is there", async () => {
  let failures = 1;
  let loaded: number | undefined;
  server.insteadOf = ({ path }) =>
    path.startsWith("/api/conversations") && failures-- > 0 ? json(503, {}) : undefined;
  app = new App(server, app.storage, { lastSeq: () => loaded });
  await app.start();
  say(...numbered(3).slice(2));
  loaded = 0; // the app opened the conversation while it was empty
  await advance(10_000);

  assert.deepEqual(app.texts, ["1", "2", "3"]);
});

test("a lost frame is noticed at the next heartbeat, by the head", async () => {
  await app.start();
  server.store(LEO, "lost");
  await advance(1000);
  assert.deepEqual(app.texts, []);
  await advance(HEARTBEAT_S * 1000);

  assert.deepEqual(app.texts, ["lost"]);
});

test("a known head costs no further call", async () => {
  await app.start();
  const before = server.calls.length;
  await advance(10 * HEARTBEAT_S * 1000, 1000);

  assert.equal(server.calls.length, before);
});

test("a list that fails is asked for again", async () => {
  let failures = 3;
  server.insteadOf = ({ path }) =>
    path.startsWith("/api/conversations") && failures-- > 0 ? json(503, {}) : undefined;
  server.store(LEO, "Hello");
  await app.start();
  await advance(60_000);

  assert.deepEqual(app.texts, ["Hello"]);
});

test("a sync without an answer is repeated, and then asked for over REST", async () => {
  await app.start();
  server.instead = (_, frame) => frame.type === "sync";
  say(numbered(2)[1]!);
  await advance(60_000);

  assert.deepEqual(app.texts, ["1", "2"]);
  assert.equal(server.frames("sync").length, 3);
});

test("hidden messages are no gap", async () => {
  await app.start();
  server.firstSeq = 4;
  const messages = numbered(5);
  server.socket.say({ type: "hidden", match_id: MATCH, first_seq: 4 });
  say(messages[3]!, messages[4]!);
  await advance(60_000);

  assert.deepEqual(app.texts, ["4", "5"]);
  assert.deepEqual(server.frames("sync"), []);
});

test("messages hidden elsewhere are no gap, once a page says so", async () => {
  await app.start();
  server.firstSeq = 4;
  say(numbered(5)[4]!);
  await advance(60_000);

  assert.deepEqual(app.texts, ["4", "5"]);
  assert.equal(server.frames("sync").length, 1);
});

test("the end of a match ends the search for its messages", async () => {
  await app.start();
  server.instead = (socket, frame) => {
    if (frame.type !== "sync") return false;
    const error = { code: "not_found", detail: "", request: "sync", match_id: MATCH };
    socket.say({ type: "error", ...error });
    return true;
  };
  say(numbered(2)[1]!);
  await advance(60_000);

  assert.equal(server.frames("sync").length, 1);
});

// --- marks ----------------------------------------------------------------------------------

test("messages are received in the foreground only, and once a second", async () => {
  await app.start();
  say(...numbered(20));
  await advance(3000);
  assert.deepEqual(
    server.frames("received").map(({ seq }) => seq),
    [1, 20],
  );
  app.client.setVisible(false);
  say(server.store(LEO, "21"));
  await advance(3000);
  assert.equal(server.frames("received").length, 2);
  app.client.setVisible(true);
  assert.equal(server.frames("received").at(-1)!.seq, 21);
});

test("own messages are not received", async () => {
  await app.start();
  await app.send("Hello");
  await advance(3000);

  assert.deepEqual(server.frames("received"), []);
});

test("a read mark grows, once a second, and is repeated if the server does not know it", async () => {
  await app.start();
  say(...numbered(3));
  for (const seq of [1, 2, 3, 2]) app.client.read(MATCH, seq);
  await advance(2000);
  const seqs = () => server.frames("read").map(({ seq }) => seq);
  assert.deepEqual(seqs(), [1, 3]);

  server.readSeq = 1;
  await advance(HEARTBEAT_S * 1000);
  assert.deepEqual(seqs(), [1, 3, 3]);
});

test("a mark waits as long as the server says", async () => {
  await app.start();
  say(...numbered(1));
  app.client.read(MATCH, 1);
  const refusal = { code: "rate_limited", detail: "", request: "read", match_id: MATCH };
  server.socket.say({ type: "error", ...refusal, retry_after: 7 });
  await advance(6500);
  assert.equal(server.frames("read").length, 1);
  await advance(1000);
  assert.equal(server.frames("read").length, 2);
});

// --- sending --------------------------------------------------------------------------------

test("a message without an acknowledgement is sent again with its client_id", async () => {
  await app.start();
  let losses = 2;
  server.instead = (_, frame) => frame.type === "send" && losses-- > 0;
  const client_id = await app.send("Hello");
  await advance(60_000);

  const sent = server.frames("send").map((frame) => frame.client_id);
  assert.deepEqual(sent, [client_id, client_id, client_id]);
  assert.deepEqual(app.texts, ["Hello"]);
  assert.deepEqual(app.storage.unsent, []);
});

test("a message that was stored without an acknowledgement is shown once", async () => {
  await app.start();
  server.instead = (_, frame) => {
    if (frame.type === "send" && "text" in frame) server.store(MAYA, frame.text, frame.client_id);
    return frame.type === "send";
  };
  await app.send("Hello");
  await advance(1000);
  server.instead = () => false;
  await advance(60_000);

  assert.equal(server.stored.length, 1);
  assert.deepEqual(app.texts, ["Hello"]);
});

test("a message that a page contains is not sent again", async () => {
  await app.start();
  server.instead = (_, frame) => {
    if (frame.type === "send" && "text" in frame) server.store(MAYA, frame.text, frame.client_id);
    return frame.type === "send";
  };
  await app.send("mine");
  await advance(1000);
  say(server.store(LEO, "theirs"));
  await advance(60_000);

  assert.deepEqual(app.texts, ["mine", "theirs"]);
  assert.equal(server.frames("send").length, 1);
});

test("a message whose connection breaks goes over the next one, without a further wait", async () => {
  await app.start();
  server.instead = (_, frame) => frame.type === "send";
  await app.send("Hello");
  await advance(100);
  server.instead = () => false;
  server.socket.cut();
  await advance(1500);

  assert.deepEqual(app.texts, ["Hello"]);
});

test("after three failures a message goes over REST, with its client_id", async () => {
  await app.start();
  server.instead = (_, frame) => frame.type === "send";
  const client_id = await app.send("Hello");
  await advance(120_000);

  assert.equal(server.frames("send").length, 3);
  const posted = server.calls.filter(({ path }) => path.endsWith("/messages"));
  assert.deepEqual(
    posted.map(({ body }) => body),
    [{ client_id, text: "Hello" }],
  );
  assert.deepEqual(app.texts, ["Hello"]);
});

test("without any socket, messages go over REST", async () => {
  server.refusesSockets = true;
  await app.start();
  await app.send("one");
  await app.send("two");
  await advance(120_000);

  assert.deepEqual(
    server.stored.map(({ text }) => text),
    ["one", "two"],
  );
});

test("without any socket, messages are received over REST", async () => {
  server.refusesSockets = true;
  await app.start();
  server.store(LEO, "one");
  await advance(120_000);
  assert.deepEqual(app.texts, ["one"]);
  server.store(LEO, "two");
  server.store(LEO, "three");
  await advance(120_000);

  assert.deepEqual(app.texts, ["one", "two", "three"]);
});

test("the next message waits for the acknowledgement of the one before", async () => {
  await app.start();
  let losses = 1;
  server.instead = (_, frame) => frame.type === "send" && losses-- > 0;
  for (const text of ["one", "two", "three"]) await app.send(text);
  assert.equal(server.frames("send").length, 1);
  await advance(60_000);

  assert.deepEqual(app.texts, ["one", "two", "three"]);
});

test("a message over the limit waits as long as the server says", async () => {
  await app.start();
  let refusals = 5;
  server.instead = (socket, frame) => {
    if (frame.type !== "send" || refusals-- <= 0) return false;
    const { client_id, match_id } = frame;
    const code = refusals % 2 === 0 ? "message_limit" : "rate_limited";
    const error = { code, detail: "", request: "send", client_id, match_id };
    socket.say({ type: "error", ...error, retry_after: 9 });
    return true;
  };
  await app.send("Hello");
  await advance(8500);
  assert.equal(server.frames("send").length, 1);
  await advance(60_000);

  assert.deepEqual(app.texts, ["Hello"]);
  assert.deepEqual(
    server.calls.filter(({ method, path }) => method === "POST" && path.endsWith("/messages")),
    [],
  );
});

test("a final refusal is shown, and the next message is sent", async () => {
  await app.start();
  server.instead = (socket, frame) => {
    if (frame.type !== "send" || !("text" in frame) || frame.text !== "bad") return false;
    const { client_id, match_id } = frame;
    const error = { code: "invalid_request", detail: "", request: "send", client_id, match_id };
    socket.say({ type: "error", ...error });
    return true;
  };
  const client_id = await app.send("bad");
  await app.send("good");
  await advance(1000);

  const unsent = { match_id: MATCH, client_id, content: { text: "bad" } };
  assert.deepEqual(app.failed, [[unsent, "invalid_request"]]);
  assert.deepEqual(app.texts, ["good"]);
});

test("a refusal with which the connection ends is not final", async () => {
  await app.start();
  server.instead = (socket, frame) => {
    if (frame.type !== "send" || socket !== server.sockets[0]) return false;
    const { client_id, match_id } = frame;
    const error = { code: "token_expired", detail: "", request: "send", client_id, match_id };
    socket.say({ type: "error", ...error });
    socket.cut();
    return true;
  };
  await app.send("Hello");
  await advance(5000);

  assert.deepEqual(app.texts, ["Hello"]);
  assert.deepEqual(app.failed, []);
});

test("an echo before the acknowledgement is the same message", async () => {
  await app.start();
  server.instead = (socket, frame) => {
    if (frame.type !== "send" || !("text" in frame)) return false;
    const message = server.store(MAYA, frame.text, frame.client_id);
    socket.say({ type: "message", message });
    socket.say({ type: "ack", client_id: frame.client_id, message });
    return true;
  };
  await app.send("Hello");
  await advance(60_000);

  assert.deepEqual(app.texts, ["Hello"]);
  assert.equal(server.frames("send").length, 1);
});

test("two messages of the same text are told apart by their client_ids", async () => {
  await app.start();
  server.instead = (_, frame) => frame.type === "send"; // nothing is stored yet
  const mine = await app.send("Hello");
  say(server.store(LEO, "Hello"));
  assert.equal(app.storage.unsent[0]?.client_id, mine);
  server.instead = () => false;
  await app.send("Hello");
  await advance(60_000);

  assert.deepEqual(app.texts, ["Hello", "Hello", "Hello"]);
  assert.equal(app.shown[1]?.client_id, mine);
  assert.deepEqual(app.storage.unsent, []);
});

test("an acknowledgement above a gap settles its message, which is shown after the gap", async () => {
  await app.start();
  server.store(LEO, "before");
  await app.send("after");
  await advance(100);

  assert.deepEqual(app.texts, ["before", "after"]);
  assert.deepEqual(app.storage.unsent, []);
});

test("API Gateway's own error, which has no type, lets the client try again", async () => {
  await app.start();
  let errors = 1;
  server.instead = (socket, frame) => {
    if (frame.type !== "send" || errors-- <= 0) return false;
    const own = { message: "Internal server error", connectionId: "c1", requestId: "r1" };
    socket.say(JSON.stringify(own));
    return true;
  };
  await app.send("Hello");
  await advance(2000);

  assert.deepEqual(app.texts, ["Hello"]);
});

test("text that is no JSON is an error without a name, too", async () => {
  await app.start();
  server.socket.say("Traceback (most recent call last):", "null", "[]");
  assert.equal(server.open.length, 1);
});

test("unsent messages survive a reload, in order", async () => {
  server.instead = () => true;
  await app.start();
  const ids = [await app.send("one"), await app.send("two")];
  app.client.stop();
  server.instead = () => false;
  const reloaded = new App(server, app.storage);
  app = await reloaded.start();
  await advance(1000);

  assert.deepEqual(app.texts, ["one", "two"]);
  assert.deepEqual(
    server.stored.map(({ client_id }) => client_id),
    ids,
  );
  assert.deepEqual(app.storage.unsent, []);
});

test("a storage that fails does not keep a message from being sent", async () => {
  app.storage.save = () => Promise.reject(new Error("quota"));
  await app.start();
  await app.send("Hello");
  await advance(1000);

  assert.deepEqual(app.texts, ["Hello"]);
  assert.ok(app.heard.includes("notSaved"));
});
