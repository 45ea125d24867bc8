/**
 * SIGN-OUT: the journey from a session to none. Owns the visitor's own sign-out and the messages of Single Logout. Refuses
 * to know how anybody signed in.
 */
import { Hono } from "hono/tiny";
import type { AppEnv } from "../context.ts";
import { logout } from "./logout.ts";
import { endSessions, SESSIONS_PATH, showSessions } from "./sessions.ts";
import { sloByPost, sloByRedirect } from "./slo.ts";

export const signOutRoutes = new Hono<AppEnv>()
  .on(["GET", "POST"], "/sso/logout", logout)
  .get(SESSIONS_PATH, showSessions)
  .post(SESSIONS_PATH, endSessions)
  .get("/sso/slo", sloByRedirect)
  .post("/sso/slo", sloByPost);
