/**
 * CONSOLE: the company's own administrators at `/sso/admin` on the company's host. Pages made on the server over the very functions
 * and validation of REST; every change goes by form, is proven ours, and leaves its audit record under the person's name. Works
 * without client script. Refuses to know rows, SQL and how anybody signs in.
 */
import { Hono } from "hono/tiny";
import { checkChain, exportChain, listAuditPage } from "./audit.tsx";
import { saveBranding, showBranding } from "./branding.tsx";
import { CONSOLE_PATH, type ConsoleEnv } from "./console.ts";
import { doorPage } from "./door-pages.tsx";
import { applyDraftNow, discard, showDraft, startTest } from "./draft.tsx";
import { showTest } from "./draft-test.tsx";
import { explain, showExplain } from "./explain.tsx";
import { administratorsOnly, ownFormsOnly } from "./gate.ts";
import { createGroup, listGroupsPage, removeGroup, saveGroup, showGroup, showNewGroup } from "./groups.tsx";
import { invite, listInvitationsPage, revokeInvitation } from "./invitations.tsx";
import { changeFollowing, showMetadata, takeMetadata } from "./metadata.tsx";
import { checkNow, showOrigin } from "./origin-check.tsx";
import { showOverview } from "./overview.tsx";
import { removePasskey } from "./passkeys.tsx";
import { addPathRule, changeCache, changePathRule, showPaths } from "./path-rules.tsx";
import { endAllSessions, saveSessions, showSessions } from "./sessions.tsx";
import { saveSettings, showSettings } from "./settings.ts";
import { showSetup } from "./setup.tsx";
import { changeKept, listSignInsPage, showSignIn, showWholeMessage } from "./sign-ins.tsx";
import { activateKey, publishKey, retireKey, showKeys } from "./sp-keys.tsx";
import { createToken, removeToken, showTokens } from "./tokens.tsx";
import {
  createUser,
  endSession,
  removeUser,
  saveUser,
  setStatus,
  showNewUser,
  showUser,
  signOutEverywhere,
} from "./user-forms.ts";
import { exportFile, showImport, takeImport } from "./user-import.tsx";
import { listUsersPage } from "./users.tsx";
import { goBackTo, listVersionsPage, showVersion } from "./versions.tsx";

export const consoleRoutes = new Hono<ConsoleEnv>()
  .use(administratorsOnly, ownFormsOnly)
  .get("/", showOverview)
  .get("/setup", showSetup)
  .get("/settings", showSettings)
  .post("/settings", saveSettings)
  .get("/draft", showDraft)
  .post("/draft/apply", applyDraftNow)
  .post("/draft/discard", discard)
  .get("/draft/test", showTest)
  .post("/draft/test", startTest)
  .get("/versions", listVersionsPage)
  .get("/versions/:id", showVersion)
  .post("/versions/:id/restore", goBackTo)
  .get("/metadata", showMetadata)
  .post("/metadata", takeMetadata)
  .post("/metadata/:step{follow|stop|read|trust|dismiss}", changeFollowing)
  .get("/keys", showKeys)
  .post("/keys", publishKey)
  .post("/keys/:id/activate", activateKey)
  .post("/keys/:id/retire", retireKey)
  .get("/groups", listGroupsPage)
  .get("/groups/new", showNewGroup)
  .post("/groups/new", createGroup)
  .get("/groups/:id", showGroup)
  .post("/groups/:id", saveGroup)
  .post("/groups/:id/delete", removeGroup)
  .get("/users", listUsersPage)
  .get("/users/new", showNewUser)
  .post("/users/new", createUser)
  .get("/users/export", exportFile)
  .get("/users/import", showImport)
  .post("/users/import", takeImport)
  .get("/invitations", listInvitationsPage)
  .post("/invitations/:id/revoke", revokeInvitation)
  .post("/users/:id/invite", invite)
  .get("/users/:id", showUser)
  .post("/users/:id", saveUser)
  .post("/users/:id/disable", setStatus("disabled"))
  .post("/users/:id/enable", setStatus("active"))
  .post("/users/:id/delete", removeUser)
  .post("/users/:id/sign-out", signOutEverywhere)
  .post("/users/:id/sessions/:session/end", endSession)
  .post("/users/:id/passkeys/:passkey/remove", removePasskey)
  .get("/sessions", showSessions)
  .post("/sessions", saveSessions)
  .post("/sessions/end", endAllSessions)
  .get("/sign-ins", listSignInsPage)
  .post("/sign-ins/kept", changeKept)
  .get("/sign-ins/:id", showSignIn)
  .post("/sign-ins/:id/message", showWholeMessage)
  .get("/explain", showExplain)
  .post("/explain", explain)
  .get("/audit", listAuditPage)
  .post("/audit", checkChain)
  .get("/audit/export", exportChain)
  .get("/paths", showPaths)
  .post("/paths", addPathRule)
  .post("/paths/cache", changeCache)
  .post("/paths/:index", changePathRule)
  .get("/origin", showOrigin)
  .post("/origin", checkNow)
  .get("/branding", showBranding)
  .post("/branding", saveBranding)
  .get("/tokens", showTokens)
  .post("/tokens", createToken)
  .post("/tokens/:id/delete", removeToken)
  .all("*", (c) =>
    doorPage(c.get("tenant").company.name, {
      status: 404,
      title: "There is no such page",
      sentence: "The console has nothing at this address.",
      links: [{ href: CONSOLE_PATH, label: "Back to the console" }],
    }),
  );
