import { parseFrame, type ClientFrame, type ServerFrame } from "./protocol.js";

const PATIENCE_MS = 10_000;

/** One WebSocket, with its heartbeat. */
export class Link {
  onFrame: (frame: ServerFrame) => void = () => {};
  readonly ended: Promise<void>;
  isOpen = false;
  #end!: () => void;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly heartbeatMs: number,
  ) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#expectAnswer(); // to the handshake
    socket.onopen = () => this.#begin();
    socket.onmessage = ({ data }) => this.#receive(parseFrame(data));
    socket.onclose = socket.onerror = () => this.close();
  }

  /** Return whether the socket took the frame; it may still not arrive. */
  send(frame: ClientFrame): boolean {
    if (this.isOpen) this.socket.send(JSON.stringify(frame));
    return this.isOpen;
  }

  /** Ask whether the other end is alive: after a sleep, a socket can be open but dead. */
  ping(): void {
    if (this.send({ type: "ping" })) this.#expectAnswer();
  }

  /** End at once: on a dead network, the closing handshake takes minutes. */
  close(): void {
    this.isOpen = false;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#patience);
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.onerror = () => {}; // closing before the handshake raises an error
    this.socket.close();
    this.#end();
  }

  #begin(): void {
    this.isOpen = true;
    this.ping();
    this.#heartbeat = setInterval(() => this.ping(), this.heartbeatMs);
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === "pong") {
      clearTimeout(this.#patience);
      this.#patience = undefined;
    }
    this.onFrame(frame);
  }

  #expectAnswer(): void {
    this.#patience ??= setTimeout(() => this.close(), PATIENCE_MS);
  }
}
