/** Sessions at the edge: what a cookie proves and for how long, what D1 is asked, and that an end is an end everywhere. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import {
  clearSessionCookie,
  forgetSession,
  LOCAL_ISSUER,
  readSession,
  SESSION_COOKIE_BYTES_MAX,
  sessionCookie,
} from "../../src/session/index.ts";
import {
  checkSession,
  createGroup,
  endSession,
  findSession,
  findUser,
  StorageUnavailable,
  updateCompany,
  updateGroup,
  updateUser,
} from "../../src/store/index.ts";
import { auditRow, groupRow } from "../store/rows.ts";
import { laggingD1 } from "../support/lagging-d1.ts";
import { Clock, cookieOf, type Isolate, isolate, type Seeded, seedCompany, signIn, urlOf } from "./stage.ts";

let clock: Clock;
let here: Isolate;
let acme: Seeded;

beforeEach(async () => {
  clock = new Clock();
  here = isolate(clock);
  acme = await seedCompany(here);
});

/** Reads the session as a request with these cookies would; the tenant is resolved first, so that only the session's own round trips count. */
async function read(at: Isolate, of: Seeded, cookies: string | null) {
  const tenant = await at.tenant(of.company.slug);
  at.trips();
  const request = new Request(urlOf(of), { headers: cookies === null ? {} : { cookie: cookies } });
  return readSession(at.services, tenant, request);
}

const record = () => auditRow(acme.company.id);

async function disable(): Promise<void> {
  const { version } = (await findUser(here.services.database, acme.company.id, acme.user.id))!;
  const changes = { status: "disabled" } as const;
  await updateUser(here.services.database, acme.company.id, acme.user.id, version, changes, record());
}

describe("a cookie that isn't this company's", () => {
  it("is no session at another company", async () => {
    const other = await seedCompany(here);
    const { cookie } = await signIn(here, acme);
    expect(await read(here, other, cookie)).toBeNull();
    expect(here.trips()).toBe(0);
  });

  it("is no session when a single character of it was changed", async () => {
    const { cookie } = await signIn(here, acme);
    const at = cookie.length - 20;
    const changed = cookie.slice(0, at) + (cookie[at] === "A" ? "B" : "A") + cookie.slice(at + 1);
    expect(await read(here, acme, changed)).toBeNull();
    expect(here.trips()).toBe(0);
  });

  it.each([
    ["empty", "__Host-vestibule-session="],
    ["not base64url", "__Host-vestibule-session=%%%"],
    ["long and random", `__Host-vestibule-session=${"QUJD".repeat(2000)}`],
    ["quoted", '__Host-vestibule-session="QUJD"'],
  ])("is no session when it is %s", async (_shape, cookie) => {
    expect(await read(here, acme, cookie)).toBeNull();
    expect(here.trips()).toBe(0);
  });

  it("is no session when it was sealed for another purpose", async () => {
    const text = JSON.stringify([1, "id", clock.now, clock.now, clock.now, clock.now + 1e6, 60, null]);
    const value = await here.services.sealer.seal("request", acme.company.id, text);
    expect(await read(here, acme, `__Host-vestibule-session=${value}`)).toBeNull();
  });

  it("is no session when its layout is unknown", async () => {
    const text = JSON.stringify([2, "id", clock.now, clock.now, clock.now, clock.now + 1e6, 60, null]);
    const value = await here.services.sealer.seal("session", acme.company.id, text);
    expect(await read(here, acme, `__Host-vestibule-session=${value}`)).toBeNull();
  });
});

describe("cookies that somebody else put beside it", () => {
  it("make it count for nothing when they have its name and another value", async () => {
    const first = await signIn(here, acme);
    const second = await signIn(here, acme);
    expect(await read(here, acme, `${first.cookie}; ${second.cookie}`)).toBeNull();
    expect(await read(here, acme, `${first.cookie}; __Host-vestibule-session=`)).toBeNull();
  });

  it("change nothing when they are identical to it", async () => {
    const { cookie, session } = await signIn(here, acme);
    expect((await read(here, acme, `${cookie}; a=b; ${cookie}`))?.session.id).toBe(session.id);
  });

  it.each([
    ["another case", "__host-vestibule-session"],
    ["a no-break space before it", "\u00a0__Host-vestibule-session"],
    ["no prefix", "vestibule-session"],
    ["__Secure-", "__Secure-vestibule-session"],
  ])("are no session with the name in %s", async (_shape, name) => {
    const { cookie } = await signIn(here, acme);
    const value = cookie.slice(cookie.indexOf("=") + 1);
    expect(await read(here, acme, `${name}=${value}`)).toBeNull();
  });

  it("are no session without a name", async () => {
    const { cookie } = await signIn(here, acme);
    expect(await read(here, acme, `=${cookie}`)).toBeNull();
  });
});

describe("a fresh session", () => {
  it("is read without a query in any isolate", async () => {
    const { cookie } = await signIn(here, acme);
    const elsewhere = isolate(clock);
    clock.advance(39);
    const current = await read(elsewhere, acme, cookie);
    expect(current).toMatchObject({
      setCookie: null,
      session: {
        userId: acme.user.id,
        email: acme.user.email,
        firstName: "Britta",
        lastName: "Simon",
        userCompany: "Contoso",
        group: { id: acme.group.id, title: "Photographers", type: "member" },
        nameId: acme.user.email,
        signedInAt: clock.now - 39_000,
      },
    });
    expect(elsewhere.trips()).toBe(0);
  });

  it("goes on while D1 gives no answer", async () => {
    const { cookie } = await signIn(here, acme);
    let down = false;
    const elsewhere = isolate(clock, {
      onTrip() {
        if (down) throw new Error("D1 is down");
      },
    });
    await elsewhere.tenant(acme.company.slug);
    down = true;
    clock.advance(39);
    expect((await read(elsewhere, acme, cookie))?.session.userId).toBe(acme.user.id);
  });
});

describe("a session that is due", () => {
  it("costs one round trip and renews its cookie", async () => {
    const { cookie } = await signIn(here, acme);
    clock.advance(46);
    const current = await read(here, acme, cookie);
    expect(here.trips()).toBe(1);
    expect(current?.setCookie).toMatch(
      /^__Host-vestibule-session=[\w-]+; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Lax$/,
    );

    const elsewhere = isolate(clock);
    clock.advance(39);
    expect(await read(elsewhere, acme, cookieOf(current!.setCookie!))).toMatchObject({ setCookie: null });
    expect(elsewhere.trips()).toBe(0);
  });

  it("is asked about once by all the requests of a page", async () => {
    const { cookie } = await signIn(here, acme);
    clock.advance(41);
    const tenant = await here.tenant(acme.company.slug);
    here.trips();
    const request = () => new Request(urlOf(acme), { headers: { cookie } });
    const all = await Promise.all(Array.from({ length: 40 }, () => readSession(here.services, tenant, request())));
    expect(all.every((current) => current?.session.userId === acme.user.id)).toBe(true);
    expect(here.trips()).toBe(1);
    expect(all.filter((current) => current?.setCookie != null)).toHaveLength(1);
  });

  it("is answered by the isolate's memory when it comes with the old cookie again, and gets the new one", async () => {
    const { cookie } = await signIn(here, acme);
    clock.advance(46);
    const first = await read(here, acme, cookie);
    clock.advance(10);
    const second = await read(here, acme, cookie);
    expect(here.trips()).toBe(0);
    expect(second?.setCookie).toBe(first?.setCookie);
  });

  it("is refused with StorageUnavailable when D1 gives no answer, and again at the next request", async () => {
    let down = false;
    const failing = isolate(clock, {
      onTrip() {
        if (down) throw new Error("D1 is down");
      },
    });
    const { cookie } = await signIn(failing, acme);
    clock.advance(46);
    await failing.tenant(acme.company.slug);
    down = true;
    await expect(read(failing, acme, cookie)).rejects.toThrow(StorageUnavailable);
    await expect(read(failing, acme, cookie)).rejects.toThrow(StorageUnavailable);
    down = false;
    expect((await read(failing, acme, cookie))?.session.userId).toBe(acme.user.id);
  });

  it("does not outlast 45 seconds on the word that somebody else is asking", async () => {
    const never = isolate(clock, { onTrip: () => (hang ? new Promise<void>(() => {}) : undefined) });
    let hang = false;
    const { cookie } = await signIn(never, acme);
    await never.tenant(acme.company.slug);
    clock.advance(41);
    await never.tenant(acme.company.slug);
    hang = true;
    void read(never, acme, cookie).catch(() => undefined);
    await Promise.resolve();
    expect((await read(never, acme, cookie))?.setCookie).toBeNull();
    hang = false;
    clock.advance(4);
    const asked = await read(never, acme, cookie);
    expect(asked?.setCookie).not.toBeNull();
  });

  it("goes on being asked when its visitor has left", async () => {
    const { cookie } = await signIn(here, acme);
    clock.advance(46);
    const tenant = await here.tenant(acme.company.slug);
    const kept: Promise<unknown>[] = [];
    const request = new Request(urlOf(acme), { headers: { cookie } });
    await readSession(here.services, tenant, request, (promise) => kept.push(promise));
    expect(kept).toHaveLength(1);
  });
});

describe("an end that is in force within 60 seconds at an isolate that heard nothing", () => {
  /** Uses the session all the time, lets it end right after a check, when its proof is youngest, and gives the seconds until it was refused. */
  async function secondsUntilRefused(end: () => Promise<unknown>, there = isolate(clock)): Promise<number> {
    let { cookie } = await signIn(there, acme);
    let renewals = 0;
    const use = async () => {
      const current = await read(there, acme, cookie);
      if (current?.setCookie) {
        cookie = cookieOf(current.setCookie);
        renewals++;
      }
      return current !== null;
    };
    while (renewals < 2) {
      clock.advance(10);
      expect(await use()).toBe(true);
    }
    await end();
    for (let seconds = 0; seconds <= 120; seconds++) {
      if (!(await use())) return seconds;
      clock.advance(1);
    }
    return Number.POSITIVE_INFINITY;
  }

  it("holds for a session that was ended", async () => {
    const seconds = await secondsUntilRefused(() => env.DB.prepare("delete from sessions").run());
    expect(seconds).toBeLessThanOrEqual(60);
    // No sooner than the proof was due: it is the check that found it out.
    expect(seconds).toBeGreaterThanOrEqual(40);
  });

  it("holds though the nearest replica is 15 seconds behind, twice what was measured of the slowest", async () => {
    const { d1, fallBehind } = laggingD1(env.DB, () => clock.now);
    const there = isolate(clock, { bindings: { DB: d1 } });
    let { cookie } = await signIn(there, acme);
    const use = async () => {
      const current = await read(there, acme, cookie);
      if (current?.setCookie) cookie = cookieOf(current.setCookie);
      return current;
    };
    clock.advance(41);
    expect((await use())?.setCookie).not.toBeNull();
    clock.advance(26);
    fallBehind(15);
    await env.DB.prepare("delete from sessions").run();
    // Asked just before it hears of it, the replica gives a proof of what is no more.
    clock.advance(14.5);
    expect((await use())?.setCookie).not.toBeNull();
    let seconds = 14.5;
    for (; seconds < 120 && (await use()) !== null; seconds += 0.5) clock.advance(0.5);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it("holds for a user who was disabled", async () => {
    expect(await secondsUntilRefused(disable)).toBeLessThanOrEqual(60);
  });

  it("holds for a company that was suspended", async () => {
    const suspend = () => updateCompany(here.services.database, acme.company.id, 1, { status: "suspended" }, record());
    expect(await secondsUntilRefused(suspend)).toBeLessThanOrEqual(60);
  });

  it("holds for a policy that became stricter", async () => {
    const sessionPolicy = { absoluteHours: 1, idleMinutes: 60 };
    const { cookie } = await signIn(here, acme);
    clock.advance(3_700);
    const there = isolate(clock);
    await there.tenant(acme.company.slug);
    await updateCompany(here.services.database, acme.company.id, 1, { sessionPolicy }, record());
    clock.advance(60);
    expect(await read(there, acme, cookie)).toBeNull();
  });

  it("holds for a move to another group, which the session then shows", async () => {
    const editors = groupRow("Editors");
    await createGroup(here.services.database, acme.company.id, editors, record());
    const { cookie } = await signIn(here, acme);
    const there = isolate(clock);
    const { version } = (await findUser(here.services.database, acme.company.id, acme.user.id))!;
    const changes = { groupId: editors.id };
    await updateUser(here.services.database, acme.company.id, acme.user.id, version, changes, record());
    clock.advance(46);
    expect((await read(there, acme, cookie))?.session.group.title).toBe("Editors");
  });

  it("holds for a group that no longer allows passwords, and only for the sessions that a password began", async () => {
    const local = await signIn(here, acme, { issuer: LOCAL_ISSUER });
    const federated = await signIn(here, acme);
    await updateGroup(here.services.database, acme.company.id, acme.group.id, 1, { ssoOnly: true }, record());
    clock.advance(46);
    expect(await read(here, acme, local.cookie)).toBeNull();
    expect(await read(here, acme, federated.cookie)).not.toBeNull();
  });

  it("stays in force for a cookie that is sent again and again, at one round trip in 40 seconds", async () => {
    const { cookie, session } = await signIn(here, acme);
    await endSession(here.services.database, acme.company.id, session.id);
    clock.advance(46);
    expect(await read(here, acme, cookie)).toBeNull();
    expect(here.trips()).toBe(1);
    clock.advance(39);
    expect(await read(here, acme, cookie)).toBeNull();
    expect(here.trips()).toBe(0);
    clock.advance(10);
    expect(await read(here, acme, cookie)).toBeNull();
    expect(here.trips()).toBe(1);
  });

  it("is in force at once in the isolate that ended it, for a copy of the cookie too", async () => {
    const { cookie, session } = await signIn(here, acme);
    clock.advance(5);
    await endSession(here.services.database, acme.company.id, session.id);
    forgetSession(here.services, session.id);
    expect(await read(here, acme, cookie)).toBeNull();
    clock.advance(39);
    expect(await read(here, acme, cookie)).toBeNull();
  });
});

describe("the limits of a session", () => {
  it("end it at the absolute one, however busy it is, without a query", async () => {
    let { cookie } = await signIn(here, acme);
    for (let minutes = 0; minutes < 12 * 60 - 1; minutes += 30) {
      const current = await read(here, acme, cookie);
      expect(current).not.toBeNull();
      if (current?.setCookie) cookie = cookieOf(current.setCookie);
      clock.advance(30 * 60);
    }
    here.trips();
    expect(await read(here, acme, cookie)).toBeNull();
    expect(here.trips()).toBe(0);
  });

  it("end it at the idle one, and looking at it does not revive it", async () => {
    const { cookie, session } = await signIn(here, acme);
    clock.advance(60 * 60);
    expect(await read(here, acme, cookie)).toBeNull();
    expect((await findSession(here.services.database, acme.company.id, session.id))?.lastSeenAt).toBe(
      session.signedInAt,
    );
    clock.advance(50);
    expect(await read(isolate(clock), acme, cookie)).toBeNull();
  });

  it("do not end it a minute before the idle one", async () => {
    const { cookie } = await signIn(here, acme);
    clock.advance(59 * 60);
    expect(await read(here, acme, cookie)).not.toBeNull();
  });

  it("follow an idle limit of one minute as closely", async () => {
    const brisk = await seedCompany(here, { sessionPolicy: { absoluteHours: 1, idleMinutes: 1 } });
    let { cookie } = await signIn(here, brisk);
    for (let uses = 0; uses < 8; uses++) {
      clock.advance(40);
      const current = await read(here, brisk, cookie);
      expect(current).not.toBeNull();
      if (current?.setCookie) cookie = cookieOf(current.setCookie);
    }
    clock.advance(60);
    expect(await read(here, brisk, cookie)).toBeNull();
  });

  it("end it when the identity provider's SessionNotOnOrAfter comes first", async () => {
    const { cookie, session } = await signIn(here, acme, { sessionNotOnOrAfter: clock.now + 600_000 });
    expect(session.expiresAt).toBe(clock.now + 600_000);
    clock.advance(599);
    expect(await read(here, acme, cookie)).not.toBeNull();
    clock.advance(1);
    expect(await read(here, acme, cookie)).toBeNull();
  });

  it("let the browser keep the cookie half a day longer than the session, which it is no more then", async () => {
    const { setCookie } = await signIn(here, acme);
    expect(setCookie).toContain(`; Max-Age=${60 * 60 + 12 * 3600};`);
    const short = await signIn(here, acme, { sessionNotOnOrAfter: clock.now + 90_000 });
    expect(short.setCookie).toContain(`; Max-Age=${90 + 12 * 3600};`);
    expect(clearSessionCookie()).toBe("__Host-vestibule-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
  });
});

describe("the last use", () => {
  it("is written at most every five minutes, in the round trip that checks", async () => {
    let { cookie, session } = await signIn(here, acme);
    const seen: number[] = [];
    let trips = 0;
    for (let minutes = 0; minutes < 12; minutes++) {
      clock.advance(60);
      const current = await read(here, acme, cookie);
      trips += here.trips();
      cookie = cookieOf(current!.setCookie!);
      const row = await findSession(here.services.database, acme.company.id, session.id);
      seen.push((row!.lastSeenAt - session.signedInAt) / 60_000);
    }
    expect(trips).toBe(12);
    expect([...new Set(seen)]).toEqual([0, 5, 10]);
  });

  it("never moves backwards", async () => {
    const { session } = await signIn(here, acme);
    const { database } = here.services;
    await checkSession(database, acme.company.id, session.id, { lastSeenAt: clock.now + 60_000 });
    await checkSession(database, acme.company.id, session.id, { lastSeenAt: clock.now });
    const row = await findSession(database, acme.company.id, session.id);
    expect(row?.lastSeenAt).toBe(clock.now + 60_000);
  });
});

describe("a clock that jumps", () => {
  it("back: a cookie from the future is not fresh but checked, and renewed with the time of now", async () => {
    const { cookie } = await signIn(here, acme);
    clock.advance(-600);
    const current = await read(here, acme, cookie);
    expect(here.trips()).toBe(1);
    expect(current?.session.checkedAt).toBe(clock.now);
    expect((await read(here, acme, cookieOf(current!.setCookie!)))?.session.userId).toBe(acme.user.id);
    expect(here.trips()).toBe(0);
  });

  it("back: what the isolate remembers from the future is replaced", async () => {
    const { cookie } = await signIn(here, acme);
    clock.advance(3_000);
    expect(await read(here, acme, cookie)).not.toBeNull();
    clock.advance(-2_000);
    expect((await read(here, acme, cookie))?.session.checkedAt).toBe(clock.now);
    expect(await read(here, acme, cookie)).not.toBeNull();
    expect(here.trips()).toBe(0);
  });

  it("back: an ended session stays ended", async () => {
    const { cookie, session } = await signIn(here, acme);
    await endSession(here.services.database, acme.company.id, session.id);
    clock.advance(-10);
    expect(await read(here, acme, cookie)).toBeNull();
  });
});

describe("a secret that is being rotated", () => {
  const OLD = "dGVzdC1nYXRld2F5LXNlY3JldC0zMi1ieXRlcy1sb25n";
  const NEW = "bmV3LS1nYXRld2F5LXNlY3JldC0zMi1ieXRlcy1sb25n";

  it("keeps sessions of the previous one, and renews their cookies under the new one", async () => {
    const { cookie } = await signIn(here, acme);
    const rotating = isolate(clock, { secrets: [NEW, OLD] });
    expect(await read(rotating, acme, cookie)).not.toBeNull();
    clock.advance(46);
    const renewed = await read(rotating, acme, cookie);
    const done = isolate(clock, { secrets: [NEW] });
    expect(await read(done, acme, cookieOf(renewed!.setCookie!))).not.toBeNull();
    expect(await read(done, acme, cookie)).toBeNull();
  });
});

describe("the size of the cookie", () => {
  it("is about 600 bytes for ordinary names", async () => {
    const { setCookie } = await signIn(here, acme);
    expect(setCookie.length).toBeLessThan(800);
  });

  it("stays within the limit with the longest names, of which none is cut: D1 then answers instead of the cookie", async () => {
    const long = { firstName: "Ⰰ".repeat(400), lastName: "漢".repeat(400), company: "𝔘".repeat(400) };
    const { version } = (await findUser(here.services.database, acme.company.id, acme.user.id))!;
    await updateUser(here.services.database, acme.company.id, acme.user.id, version, long, record());
    const { setCookie, cookie } = await signIn(here, { ...acme, user: { ...acme.user, ...long } });
    expect(setCookie.length).toBeLessThan(SESSION_COOKIE_BYTES_MAX);

    const elsewhere = isolate(clock);
    const current = await read(elsewhere, acme, cookie);
    expect(elsewhere.trips()).toBe(1);
    expect(current?.session).toMatchObject({ firstName: long.firstName, lastName: long.lastName });
    clock.advance(30);
    expect((await read(elsewhere, acme, cookie))?.session.userCompany).toBe(long.company);
    expect(elsewhere.trips()).toBe(0);
  });

  it("holds for what a session then carries too", async () => {
    const tenant = await here.tenant(acme.company.slug);
    const { session } = await signIn(here, acme);
    const cookie = await sessionCookie(here.services, tenant, { ...session, firstName: "x".repeat(50_000) });
    expect(cookie.length).toBeLessThan(SESSION_COOKIE_BYTES_MAX);
  });
});

describe("a replica of D1 that is behind", () => {
  it("does not end a session that has just begun, where the cookie can't carry who it is", async () => {
    const behind = {
      prepare: env.DB.prepare.bind(env.DB),
      batch: async (all: unknown[]) => all.map(() => ({ results: [] })),
    };
    const DB = new Proxy(env.DB, {
      get: (target, name) => {
        if (name === "withSession") return () => behind;
        const member: unknown = Reflect.get(target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    const stale = isolate(clock, { bindings: { DB } });
    const company = await seedCompany(stale);
    const nameID = { value: "n".repeat(3_000), format: null, nameQualifier: null, spNameQualifier: null };
    const { cookie } = await signIn(stale, company, { nameID });
    expect((await read(stale, company, cookie))?.session.userId).toBe(company.user.id);
  });
});
