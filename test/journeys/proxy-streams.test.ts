/** Bodies that are large, slow or without end: streamed both ways, and cut off with the session where they could outlive it. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isEventStream, LIVENESS_INTERVAL_MS } from "../../src/origin/long-lived.ts";
import { endSession, updateCompany } from "../../src/store/index.ts";
import {
  aMoment,
  Clock,
  heldTime,
  type Isolate,
  isolate,
  navigation,
  nextCookie,
  type Seeded,
  seedCompany,
  signIn,
  urlOf,
} from "../session/stage.ts";
import { auditRow } from "../store/rows.ts";
import { laggingD1 } from "../support/lagging-d1.ts";

let clock: Clock;
let here: Isolate;
let acme: Seeded;
let cookie: string;

beforeEach(async () => {
  clock = new Clock();
  here = isolate(clock);
  acme = await seedCompany(here);
  ({ cookie } = await signIn(here, acme));
});

afterEach(() => {
  vi.restoreAllMocks();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  here.fetch(navigation(urlOf(acme, path), cookie, headers));
const send = (path: string, init: RequestInit) =>
  here.fetch(new Request(urlOf(acme, path), { ...init, headers: { cookie, ...(init.headers as object) } }));

describe("bodies", () => {
  const MEGABYTE = 1024 * 1024;

  it("come down as a stream: the first of 64 MB is here before the last was made", async () => {
    const response = await get(`/stream/${64 * MEGABYTE}`);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let bytes = 0;
    let atFirst = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      atFirst ||= bytes;
    }
    expect(bytes).toBe(64 * MEGABYTE);
    expect(atFirst).toBeLessThan(MEGABYTE);
  });

  it("go up as a stream: 64 MB in many pieces, with the length that was announced", async () => {
    let left = 64;
    const chunk = new Uint8Array(MEGABYTE);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(chunk.slice());
        else controller.close();
      },
    });
    const response = await send("/upload", {
      method: "POST",
      body,
      headers: { "content-length": String(64 * MEGABYTE) },
    });
    const { bytes, chunks, announced } = (await response.json()) as Record<string, number>;
    expect(bytes).toBe(64 * MEGABYTE);
    expect(chunks).toBeGreaterThan(64);
    expect(Number(announced)).toBe(64 * MEGABYTE);
  });
});

/** The proxy's next look at a session; others wait as well, for the origin and for D1. */
const nextLook = (waits: ReturnType<typeof heldTime>) =>
  vi.waitFor(() => {
    const look = waits.find(({ ms }) => ms === LIVENESS_INTERVAL_MS);
    if (!look) throw new Error("nobody looks");
    return look;
  });

describe("a WebSocket", () => {
  async function open() {
    const response = await get("/socket", {
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-fetch-mode": "websocket",
      "x-forwarded-user": "forged",
    });
    expect(response.status).toBe(101);
    const socket = response.webSocket!;
    const messages: unknown[] = [];
    const closed = new Promise<{ code: number; reason: string }>((resolve) =>
      socket.addEventListener("close", resolve),
    );
    socket.addEventListener("message", ({ data }) => messages.push(data));
    socket.accept();
    const received = (count: number) => vi.waitFor(() => expect(messages.length).toBeGreaterThanOrEqual(count));
    return { response, socket, messages, closed, received };
  }

  it("passes with our headers and without our cookie, in both directions", async () => {
    const { socket, messages, received } = await open();
    socket.send("hello");
    await received(2);
    const headers = new Headers(JSON.parse(String(messages[0])) as [string, string][]);
    expect(headers.get("x-forwarded-user")).toBe(acme.user.id);
    expect(headers.get("cookie")).toBeNull();
    expect(messages[1]).toBe("echo hello");
    socket.close(1000);
  });

  it("keeps the order and the bytes of what is sent", async () => {
    const { socket, messages, received } = await open();
    const sent = Array.from({ length: 200 }, (_, n) => `message ${n} ✓`);
    for (const text of sent) socket.send(text);
    await received(201);
    expect(messages.slice(1)).toEqual(sent.map((text) => `echo ${text}`));
    socket.close(1000);
  });

  it("ends with the code of whoever ends it", async () => {
    const { socket, closed } = await open();
    socket.send("close 4321 enough");
    expect(await closed).toMatchObject({ code: 4321, reason: "enough" });
  });

  it.each([0, 14])(
    "is closed within 60 seconds of the end of its session, and not before, by a replica %i seconds behind",
    async (behind) => {
      const { d1, fallBehind } = laggingD1(env.DB, () => clock.now);
      here = isolate(clock, { bindings: { DB: d1 } });
      const waits = heldTime();
      const { session, cookie: own } = await signIn(here, acme);
      cookie = own;
      const { closed } = await open();
      let seconds = 0;
      const pass = async () => {
        const wait = await nextLook(waits);
        waits.length = 0;
        seconds += wait.ms / 1000;
        clock.advance(wait.ms / 1000);
        wait.pass();
        return Promise.race([closed, aMoment()]);
      };
      // Its proof is then to be renewed when the replica has not heard yet.
      const before = 80_000 / LIVENESS_INTERVAL_MS - Math.floor((behind * 1000) / LIVENESS_INTERVAL_MS);
      for (let times = 0; times < before; times++) expect(await pass()).toBeUndefined();
      fallBehind(behind);
      await endSession(here.services.database, acme.company.id, session.id);
      const endedAt = seconds;
      let end: Awaited<ReturnType<typeof pass>>;
      do end = await pass();
      while (end === undefined && seconds < endedAt + 200);
      expect(end).toMatchObject({ code: 1008, reason: "session ended" });
      expect(seconds - endedAt).toBeLessThanOrEqual(60);
    },
  );
});

it("a WebSocket is closed within 60 seconds of a policy by which its session is over", async () => {
  clock.advance(1_800);
  cookie = nextCookie(await get("/"), cookie);
  clock.advance(1_900);
  const waits = heldTime();
  const response = await get("/socket", { upgrade: "websocket", "sec-fetch-mode": "websocket" });
  const socket = response.webSocket!;
  const closed = new Promise<{ code: number }>((resolve) => socket.addEventListener("close", resolve));
  socket.accept();
  const changes = { sessionPolicy: { absoluteHours: 1, idleMinutes: 60 } };
  await updateCompany(here.services.database, acme.company.id, 1, changes, auditRow(acme.company.id));
  let end: { code: number } | undefined;
  for (let seconds = 0; end === undefined && seconds <= 60; seconds += LIVENESS_INTERVAL_MS / 1000) {
    const wait = await nextLook(waits);
    waits.length = 0;
    clock.advance(wait.ms / 1000);
    wait.pass();
    end = (await Promise.race([closed, aMoment()])) as typeof end;
  }
  expect(end).toMatchObject({ code: 1008 });
});

describe("an event stream", () => {
  it("ends within 60 seconds of the end of its session, as if the origin had ended it", async () => {
    const waits = heldTime();
    const { session, cookie: own } = await signIn(here, acme);
    cookie = own;
    const response = await get("/ticks");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let done = false;
    const reading = (async () => {
      while (!done) ({ done } = await reader.read());
    })();
    await endSession(here.services.database, acme.company.id, session.id);
    let seconds = 0;
    while (!done && seconds < 200) {
      const wait = await nextLook(waits);
      waits.length = 0;
      seconds += wait.ms / 1000;
      clock.advance(wait.ms / 1000);
      wait.pass();
      await aMoment();
    }
    await reading;
    expect(seconds).toBeGreaterThanOrEqual(40);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it.each([
    ["text/event-stream", true],
    ["Text/Event-Stream ; charset=utf-8", true],
    ["text/html, text/event-stream", true],
    ["text/event-stream,text/event-stream;charset=utf-8", true],
    ["text/event-stream, text/html", true],
    ["text/event-streams", false],
    ["application/x-text/event-stream", false],
    ["", false],
  ])("is known by its type, sent once or twice: %s", (contentType, known) => {
    expect(isEventStream(contentType)).toBe(known);
  });

  it("arrives event by event", async () => {
    const response = await get("/events");
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const arrivals: string[] = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      arrivals.push(new TextDecoder().decode(value));
    }
    expect(arrivals).toEqual(["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]);
  });
});
